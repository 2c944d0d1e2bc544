package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.load.LoadResult;
import io.headwater.benchmarks.load.LoadTarget;
import io.headwater.benchmarks.load.ProduceLoad;
import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Ours alone: what 1,000 partitions of three copies, each with a record, cost each node while nothing happens. */
final class ClusterIdleScenario implements Scenario {
    private static final int PARTITIONS = 1000;
    private static final long SETTLE_SECONDS = 60;
    /** Brokers run for months; in their first minutes the compiler takes more than they do. */
    private static final long COMPILE_SECONDS = 300;

    private static final long WATCH_SECONDS = 20;

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerCluster ours = BrokerCluster.start(HEADWATER, bench, name())) {
            IdleScenario.rest(SETTLE_SECONDS);
            watch(bench, ours, "empty", samples);
            fill(ours);
            IdleScenario.rest(COMPILE_SECONDS);
            watch(bench, ours, "3,000 replicas", samples);
        }
        double[] before = samples.of("empty", "rssAnon");
        double[] growth = samples.of("3,000 replicas", "rssAnon");
        for (int node = 0; node < growth.length; node++) {
            growth[node] -= before[node];
        }
        return List.of(
                Figure.plain(
                        "3,000 idle replicas, CPU of a node",
                        "% of a core",
                        samples.of("3,000 replicas", "percent"),
                        Bound.AT_MOST,
                        1),
                Figure.plain("3,000 idle replicas, RssAnon growth of a node", "MiB", growth, Bound.AT_MOST, 100));
    }

    private static void watch(Workbench bench, BrokerCluster ours, String who, Samples samples) throws IOException {
        long watched = bench.scaled(WATCH_SECONDS);
        double[] before = new double[BrokerCluster.NODES];
        for (int node = 0; node < before.length; node++) {
            before[node] = ProcFigures.cpuSeconds(ours.members().get(node).pid());
        }
        IdleScenario.rest(watched);
        for (int node = 0; node < before.length; node++) {
            long pid = ours.members().get(node).pid();
            double percent = (ProcFigures.cpuSeconds(pid) - before[node]) * 100 / watched;
            double rssAnon = ProcFigures.rssAnonMebibytes(pid);
            samples.add(who, "percent", percent);
            samples.add(who, "rssAnon", rssAnon);
            bench.say(String.format(
                    "  idle: node %d, %s: RssAnon %s MiB, CPU %s %% of a core",
                    node + 1, who, Figure.number(rssAnon), Figure.number(percent)));
        }
    }

    private static void fill(BrokerCluster ours) {
        int port = ours.first().port();
        try (LoadTarget target = HEADWATER.connect(port)) {
            LoadResult filled = ProduceLoad.of("127.0.0.1:" + port, "idle")
                    .withPartitions(PARTITIONS)
                    .withRecords(PARTITIONS)
                    .withRecordBytes(100)
                    .withTimeLimit(Duration.ofMinutes(1))
                    .run(target, progress -> {});
            if (filled.failed() > 0 || filled.records() < PARTITIONS) {
                throw new IllegalStateException("idle: " + filled.firstFailure());
            }
        }
    }
}
