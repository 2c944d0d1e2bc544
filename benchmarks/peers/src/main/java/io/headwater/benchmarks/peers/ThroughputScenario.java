package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.FLOOR;
import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One producer, one partition, as fast as it goes; then the same records read back; then the floor. Kafka batches as
 * the issue says (linger.ms=5, batch.size=262144, acks=all), ours as it does by default.
 *
 * @param produceTarget ours to theirs, at least
 */
record ThroughputScenario(String name, int recordBytes, long records, long warmup, double produceTarget)
        implements Scenario {
    private static final double CONSUME_TARGET = 1.5;
    private static final double CPU_TARGET = 0.6;
    private static final int KAFKA_BATCH_BYTES = 262_144;
    private static final int KAFKA_LINGER_MS = 5;

    /** Not counted: brokers run for months. In the first seconds they compile, and their page cache has to fill. */
    private static final int WARM_ROUNDS = 3;

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerProcess ours = BrokerProcess.startInMemoryGroup(HEADWATER, bench, bench.newDirectory(name));
                BrokerProcess theirs = BrokerProcess.startInMemoryGroup(KAFKA, bench, bench.newDirectory(name));
                BrokerProcess floor = BrokerProcess.startInMemoryGroup(FLOOR, bench, bench.newDirectory(name))) {
            List<BrokerProcess> all = List.of(ours.awaitPort(), theirs.awaitPort(), floor.awaitPort());
            for (int round = 1 - WARM_ROUNDS; round <= bench.pairs(); round++) {
                for (int i = 0; i < all.size(); i++) {
                    // Whoever goes first finds the machine as the last one left it: so they take turns.
                    BrokerProcess broker = all.get(Math.floorMod(i + round, all.size()));
                    List<BrokerProcess> waiting =
                            all.stream().filter(each -> each != broker).toList();
                    measure(bench, broker, waiting, round, samples);
                }
            }
        }
        return figures(samples);
    }

    private void measure(Workbench bench, BrokerProcess broker, List<BrokerProcess> waiting, int round, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        Map<String, String> options = work("throughput-" + round, recordBytes, 1, broker.system() == KAFKA);
        options.put("records", Long.toString(bench.scaled(records)));
        options.put("warmup", Long.toString(bench.scaled(warmup)));
        options.put("consume", "1");
        Map<String, Double> figures = DriverProcess.run(broker, waiting, options);
        if (round > 0) {
            samples.addAll(broker.system().title(), figures);
        }
        bench.say(String.format(
                "  %s %s: %-9s %s",
                name, round > 0 ? round : "warm", broker.system().title(), throughputText(figures)));
    }

    /** @param gathers whether the producer waits for full batches, as a client does that lives from them; or its defaults */
    static Map<String, String> work(String topic, int recordBytes, int partitions, boolean gathers) {
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.THROUGHPUT);
        options.put("topic", topic);
        // Deleting it would give memory back that is new again when the next round needs it.
        options.put("keepTopic", "1");
        options.put("recordBytes", Integer.toString(recordBytes));
        options.put("partitions", Integer.toString(partitions));
        options.put("batchBytes", Integer.toString(gathers ? KAFKA_BATCH_BYTES : 0));
        options.put("lingerMs", Integer.toString(gathers ? KAFKA_LINGER_MS : -1));
        options.put("limitSeconds", "30");
        return options;
    }

    private static String throughputText(Map<String, Double> figures) {
        StringBuilder text = new StringBuilder();
        for (String phase : List.of("produce", "consume")) {
            Double rate = figures.get(phase + ".recordsPerSecond");
            if (rate != null) {
                text.append(phase).append(' ').append(Figure.number(rate)).append("/s, CPU ");
                text.append(Figure.number(figures.getOrDefault(phase + ".cpuSecondsPerMillion", Double.NaN)));
                text.append(" s/M   ");
            }
        }
        return text.toString();
    }

    private List<Figure> figures(Samples samples) {
        List<Figure> figures = new ArrayList<>();
        for (String phase : List.of("produce", "consume")) {
            String rate = phase + ".recordsPerSecond";
            double target = phase.equals("produce") ? produceTarget : CONSUME_TARGET;
            figures.add(Figure.ratio(
                    phase + " " + recordBytes + " B",
                    "records/s",
                    samples.of("Headwater", rate),
                    samples.of("Kafka", rate),
                    Bound.AT_LEAST,
                    target));
            String cpu = phase + ".cpuSecondsPerMillion";
            figures.add(Figure.ratio(
                    phase + " " + recordBytes + " B, CPU without driver",
                    "s/M records",
                    samples.of("Headwater", cpu),
                    samples.of("Kafka", cpu),
                    Bound.AT_MOST,
                    CPU_TARGET));
        }
        figures.add(toFloor(samples, "produce.recordsPerSecond", "produce %d B, ours to the floor", "records/s"));
        figures.add(toFloor(
                samples, "produce.cpuSecondsPerMillion", "produce %d B, CPU, ours to the floor", "s/M records"));
        return figures;
    }

    private Figure toFloor(Samples samples, String figure, String title, String unit) {
        return Figure.ratio(
                String.format(title, recordBytes),
                unit,
                samples.of("Headwater", figure),
                samples.of("Floor", figure),
                Bound.NONE,
                Double.NaN);
    }
}
