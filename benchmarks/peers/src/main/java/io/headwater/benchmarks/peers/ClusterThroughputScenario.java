package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One producer as fast as it goes, 1 KiB, three copies of three partitions on three brokers: both at their default producer
 * settings, and Kafka with large batches as well.
 */
final class ClusterThroughputScenario implements Scenario {
    private static final int RECORD_BYTES = 1024;
    private static final int PARTITIONS = 3;
    private static final long RECORDS = 600_000;
    private static final long WARMUP = 300_000;
    private static final int WARM_ROUNDS = 2;
    private static final String RATE = "produce.recordsPerSecond";

    private record Contender(String title, BrokerCluster cluster, boolean gathers) {}

    @Override
    public String name() {
        return "throughput";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerCluster ours = BrokerCluster.start(HEADWATER, bench, name());
                BrokerCluster theirs = BrokerCluster.start(KAFKA, bench, name())) {
            List<Contender> all = List.of(
                    new Contender("Headwater", ours, false),
                    new Contender("Kafka", theirs, false),
                    new Contender("Kafka, large batches", theirs, true));
            for (int round = 1 - WARM_ROUNDS; round <= bench.pairs(); round++) {
                for (int i = 0; i < all.size(); i++) {
                    measure(bench, all.get(Math.floorMod(i + round, all.size())), round, samples);
                }
            }
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(against(samples, "Kafka", RATE, "records/s", Bound.AT_LEAST, 1));
        figures.add(against(samples, "Kafka, large batches", RATE, "records/s", Bound.NONE, Double.NaN));
        figures.add(against(
                samples,
                "Kafka",
                "produce.cpuSecondsPerMillion",
                "CPU without driver, s/M records",
                Bound.NONE,
                Double.NaN));
        return figures;
    }

    private void measure(Workbench bench, Contender contender, int round, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        Map<String, String> options = ThroughputScenario.work(
                "throughput-" + round + (contender.gathers() ? "-large" : ""),
                RECORD_BYTES,
                PARTITIONS,
                contender.gathers());
        options.put("records", Long.toString(bench.scaled(RECORDS)));
        options.put("warmup", Long.toString(bench.scaled(WARMUP)));
        options.put("consume", "0");
        options.put("keepTopic", "0");
        Map<String, Double> figures = DriverProcess.run(contender.cluster().first(), options);
        if (round > 0) {
            samples.addAll(contender.title(), figures);
        }
        bench.say(String.format(
                "  throughput %s: %-20s %s/s, CPU %s s/M",
                round > 0 ? round : "warm",
                contender.title(),
                Figure.number(DriverProcess.figure(figures, RATE)),
                Figure.number(figures.getOrDefault("produce.cpuSecondsPerMillion", Double.NaN))));
    }

    private static Figure against(
            Samples samples, String other, String figure, String unit, Bound bound, double target) {
        return Figure.ratio(
                "three copies, produce " + RECORD_BYTES + " B, to " + other,
                unit,
                samples.of("Headwater", figure),
                samples.of(other, figure),
                bound,
                target);
    }
}
