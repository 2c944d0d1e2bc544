package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.SystemNanoClock;

/** What a broker costs that has acknowledged one record and then has nothing to do. */
final class IdleScenario implements Scenario {
    private static final long SETTLE_SECONDS = 5;
    private static final long WATCH_SECONDS = 15;

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        for (SystemUnderLoad system : List.of(HEADWATER, KAFKA)) {
            FirstRecord.Started started =
                    FirstRecord.timed(() -> BrokerProcess.start(system, bench, bench.newDirectory(name())), "first", 1);
            try (BrokerProcess broker = started.broker()) {
                rest(SETTLE_SECONDS);
                double before = ProcFigures.cpuSeconds(broker.pid());
                long watched = bench.scaled(WATCH_SECONDS);
                rest(watched);
                double percent = (ProcFigures.cpuSeconds(broker.pid()) - before) * 100 / watched;
                double rssAnon = ProcFigures.rssAnonMebibytes(broker.pid());
                samples.add(system.title(), "percent", percent);
                samples.add(system.title(), "rssAnon", rssAnon);
                bench.say(String.format(
                        "  idle: %-9s RssAnon %s MiB, CPU %s %% of a core",
                        system.title(), Figure.number(rssAnon), Figure.number(percent)));
            }
        }
        double[] rssAnon = samples.of("Headwater", "rssAnon");
        double[] percent = samples.of("Headwater", "percent");
        return List.of(
                Figure.plain("idle RssAnon", "MiB", rssAnon, Bound.AT_MOST, 200),
                Figure.ratio("idle RssAnon", "MiB", rssAnon, samples.of("Kafka", "rssAnon"), Bound.NONE, Double.NaN),
                Figure.plain("idle CPU", "% of a core", percent, Bound.AT_MOST, 1),
                Figure.ratio(
                        "idle CPU", "% of a core", percent, samples.of("Kafka", "percent"), Bound.NONE, Double.NaN));
    }

    static void rest(long seconds) {
        long untilNs = SystemNanoClock.INSTANCE.nanoTime() + seconds * 1_000_000_000L;
        for (long left = untilNs - SystemNanoClock.INSTANCE.nanoTime();
                left > 0;
                left = untilNs - SystemNanoClock.INSTANCE.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
