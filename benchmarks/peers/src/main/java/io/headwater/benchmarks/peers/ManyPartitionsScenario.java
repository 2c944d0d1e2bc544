package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.load.LoadResult;
import io.headwater.benchmarks.load.LoadTarget;
import io.headwater.benchmarks.load.ProduceLoad;
import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Ours alone: 10,000 partitions, first as they were made, then with a record in each. How long a restart takes until a
 * record is acknowledged, and what the partitions add to an idle broker's memory.
 */
final class ManyPartitionsScenario implements Scenario {
    private static final int TOPICS = 10;
    private static final int PARTITIONS_EACH = 1000;
    private static final double RESTART_TARGET_SECONDS = 5;
    private static final double GROWTH_TARGET_MEBIBYTES = 200;
    private static final long SETTLE_SECONDS = 5;

    @Override
    public String name() {
        return "many";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Path data = bench.newDirectory(name());
        double baseline;
        try (BrokerProcess broker = restart(bench, data).broker()) {
            IdleScenario.rest(SETTLE_SECONDS);
            baseline = ProcFigures.rssAnonMebibytes(broker.pid());
            try (LoadTarget target = HEADWATER.connect(broker.port())) {
                for (int t = 0; t < TOPICS; t++) {
                    target.ensureTopic("many-" + t, PARTITIONS_EACH);
                }
            }
        }
        List<Figure> figures = new ArrayList<>(measure(bench, data, baseline, "10,000 partitions", true));
        figures.addAll(measure(bench, data, baseline, "10,000 partitions with a record each", false));
        return figures;
    }

    private static FirstRecord.Started restart(Workbench bench, Path data) throws IOException, InterruptedException {
        return FirstRecord.timed(() -> BrokerProcess.start(HEADWATER, bench, data), "first", 1);
    }

    private static List<Figure> measure(Workbench bench, Path data, double baseline, String title, boolean thenFill)
            throws IOException, InterruptedException {
        FirstRecord.Started started = restart(bench, data);
        try (BrokerProcess broker = started.broker()) {
            IdleScenario.rest(SETTLE_SECONDS);
            double growth = ProcFigures.rssAnonMebibytes(broker.pid()) - baseline;
            bench.say(String.format(
                    "  %s: restart %s s, growth %s MiB",
                    title, Figure.number(started.seconds()), Figure.number(growth)));
            if (thenFill) {
                fill(broker);
            }
            return List.of(
                    Figure.plain(
                            title + ", restart",
                            "s",
                            new double[] {started.seconds()},
                            Bound.AT_MOST,
                            RESTART_TARGET_SECONDS),
                    Figure.plain(
                            title + ", RssAnon growth",
                            "MiB",
                            new double[] {growth},
                            Bound.AT_MOST,
                            GROWTH_TARGET_MEBIBYTES));
        }
    }

    private static void fill(BrokerProcess broker) {
        try (LoadTarget target = HEADWATER.connect(broker.port())) {
            for (int t = 0; t < TOPICS; t++) {
                LoadResult filled = ProduceLoad.of("127.0.0.1:" + broker.port(), "many-" + t)
                        .withRecords(PARTITIONS_EACH)
                        .withRecordBytes(100)
                        .withTimeLimit(Duration.ofMinutes(1))
                        .run(target, progress -> {});
                if (filled.failed() > 0 || filled.records() < PARTITIONS_EACH) {
                    throw new IllegalStateException("many-" + t + ": " + filled.firstFailure());
                }
            }
        }
    }
}
