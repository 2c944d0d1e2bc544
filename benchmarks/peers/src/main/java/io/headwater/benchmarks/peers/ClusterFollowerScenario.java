package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.peers.Figure.Bound;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.Partition;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Ours alone: what a follower that hangs (SIGSTOP) costs the others at 60 % of what goes. It does not lead, and does not
 * decide for the cluster; the rate comes from an uncounted run as fast as it goes.
 */
final class ClusterFollowerScenario implements Scenario {
    private static final double SHARE = 0.6;
    private static final double TARGET = 1.1;
    private static final long CAPACITY_RECORDS = 600_000;
    private static final int DEFAULT_LINGER = -1;

    @Override
    public String name() {
        return "follower";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerCluster ours = BrokerCluster.start(HEADWATER, bench, name())) {
            long rate = Math.round(capacity(bench, ours) * SHARE);
            bench.say(String.format("  follower: at %,d records/s", rate));
            for (int round = 0; round <= bench.pairs(); round++) {
                for (boolean hangs : round % 2 == 0 ? new boolean[] {false, true} : new boolean[] {true, false}) {
                    measure(bench, ours, rate, round, hangs, samples);
                }
            }
        }
        return List.of(Figure.ratio(
                "p99 acknowledged with a follower that hangs, to without",
                "µs",
                samples.of("hangs", "latency.acknowledged.p99Us"),
                samples.of("well", "latency.acknowledged.p99Us"),
                Bound.AT_MOST,
                TARGET));
    }

    private static double capacity(Workbench bench, BrokerCluster ours) throws IOException, InterruptedException {
        Map<String, String> options = ThroughputScenario.work("capacity", 1024, 1, false);
        options.put("records", Long.toString(bench.scaled(CAPACITY_RECORDS)));
        options.put("warmup", Long.toString(bench.scaled(CAPACITY_RECORDS)));
        options.put("consume", "0");
        return DriverProcess.figure(DriverProcess.run(ours.first(), options), "produce.recordsPerSecond");
    }

    private static void measure(
            Workbench bench, BrokerCluster ours, long rate, int round, boolean hangs, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        String title = hangs ? "hangs" : "well";
        String topic = "follower-" + round + "-" + title;
        BrokerProcess follower = bystander(ours, topic);
        if (hangs) {
            signal(follower, "STOP");
        }
        Map<String, Double> figures;
        try {
            figures = DriverProcess.run(
                    ours.first(), LatencyScenario.work(bench, topic, rate, DEFAULT_LINGER, round > 0));
        } finally {
            if (hangs) {
                signal(follower, "CONT");
            }
        }
        ours.awaitWhole();
        if (round > 0) {
            samples.addAll(title, figures);
            bench.say(String.format(
                    "  follower %d: %-5s acknowledged p50 %s, p99 %s ms",
                    round,
                    title,
                    Figure.number(DriverProcess.figure(figures, "latency.acknowledged.p50Us") / 1000),
                    Figure.number(DriverProcess.figure(figures, "latency.acknowledged.p99Us") / 1000)));
        }
    }

    /** Makes the topic; returns a node that neither leads it nor decides for the cluster, nor is the clients' address. */
    private static BrokerProcess bystander(BrokerCluster ours, String topic) {
        try (HeadwaterClient client = ours.client()) {
            Partition partition = client.admin()
                    .createTopic(topic, TopicSettings.defaults().withPartitions(1))
                    .getPartitions(0);
            ClusterDescription cluster = client.admin().cluster();
            int leader = partition.getVoters(0);
            return cluster.getNodesList().stream()
                    .filter(node -> node.getNodeId() != leader && node.getNodeId() != cluster.getController())
                    .map(node -> ours.at(node.getClientEndpoint()))
                    .filter(broker -> broker != ours.first())
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void signal(BrokerProcess broker, String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(broker.pid()))
                .inheritIO()
                .start();
        if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
            throw new IllegalStateException("kill -" + name + " " + broker.pid());
        }
    }
}
