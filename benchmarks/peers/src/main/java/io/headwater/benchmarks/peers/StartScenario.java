package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** From the start of the process on an empty directory until a record of a new topic is acknowledged. */
final class StartScenario implements Scenario {
    private static final double TARGET_SECONDS = 1.5;

    @Override
    public String name() {
        return "start";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        // The first round loads the classes of both clients and is not counted.
        for (int round = 0; round <= bench.pairs(); round++) {
            for (SystemUnderLoad system : List.of(HEADWATER, KAFKA)) {
                Path data = bench.newDirectory(name());
                if (system == KAFKA) {
                    BrokerProcess.formatKafka(bench, data);
                }
                FirstRecord.Started started =
                        FirstRecord.timed(() -> BrokerProcess.start(system, bench, data), "first", 1);
                started.broker().close();
                if (round > 0) {
                    samples.add(system.title(), "seconds", started.seconds());
                    bench.say(String.format(
                            "  start %d: %-9s %s s", round, system.title(), Figure.number(started.seconds())));
                }
            }
        }
        double[] ours = samples.of("Headwater", "seconds");
        return List.of(
                Figure.plain("start to first acknowledged record", "s", ours, Bound.AT_MOST, TARGET_SECONDS),
                Figure.ratio(
                        "start to first acknowledged record",
                        "s",
                        ours,
                        samples.of("Kafka", "seconds"),
                        Bound.NONE,
                        Double.NaN));
    }
}
