package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * 5,000 records of 1 KiB a second, from when each was due until the consumer has it: ours (synced) and Kafka at their
 * default producer settings, and Kafka at linger.ms=0.
 */
final class LatencyScenario implements Scenario {
    private static final long RATE = 5000;
    private static final long WARMUP_SECONDS = 15;
    private static final long COUNTED_SECONDS = 10;

    @Override
    public String name() {
        return "latency";
    }

    private record Contender(String title, BrokerProcess broker, int lingerMs) {}

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerProcess ours = BrokerProcess.start(HEADWATER, bench, bench.newDirectory(name()));
                BrokerProcess theirs = BrokerProcess.start(KAFKA, bench, bench.newDirectory(name()))) {
            List<Contender> all = List.of(
                    new Contender("Headwater", ours.awaitPort(), -1),
                    new Contender("Kafka", theirs.awaitPort(), -1),
                    new Contender("Kafka linger.ms=0", theirs, 0));
            // One round to compile both brokers' paths, not counted.
            for (int round = 0; round <= bench.pairs(); round++) {
                for (int i = 0; i < all.size(); i++) {
                    measure(bench, all.get((i + round) % all.size()), round, samples);
                }
            }
        }
        List<Figure> figures = new ArrayList<>();
        figures.addAll(against(samples, RATE, "Kafka", 0.5));
        figures.addAll(against(samples, RATE, "Kafka linger.ms=0", 1));
        return figures;
    }

    private void measure(Workbench bench, Contender contender, int round, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        Map<String, String> options =
                work(bench, "latency-" + round + "-" + contender.lingerMs(), RATE, contender.lingerMs(), round > 0);
        Map<String, Double> figures = DriverProcess.run(contender.broker(), options);
        if (round > 0) {
            samples.addAll(contender.title(), figures);
            bench.say(String.format("  latency %d: %-17s %s", round, contender.title(), text(figures)));
        }
    }

    /** Records of 1 KiB, on one partition. */
    static Map<String, String> work(Workbench bench, String topic, long rate, int lingerMs, boolean counts) {
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.LATENCY);
        options.put("topic", topic);
        options.put("rate", Long.toString(rate));
        options.put("recordBytes", "1024");
        options.put("lingerMs", Integer.toString(lingerMs));
        options.put("warmupSeconds", Long.toString(bench.scaled(WARMUP_SECONDS)));
        options.put("seconds", Long.toString(counts ? bench.scaled(COUNTED_SECONDS) : 1));
        return options;
    }

    static String text(Map<String, Double> figures) {
        return String.format(
                "delivered p50 %s, p99 %s, p99.9 %s ms; CPU %s s/M",
                milliseconds(figures, "latency.delivered.p50Us"),
                milliseconds(figures, "latency.delivered.p99Us"),
                milliseconds(figures, "latency.delivered.p999Us"),
                Figure.number(figures.getOrDefault("latency.cpuSecondsPerMillion", Double.NaN)));
    }

    private static String milliseconds(Map<String, Double> figures, String name) {
        return Figure.number(figures.getOrDefault(name, Double.NaN) / 1000);
    }

    static List<Figure> against(Samples samples, long rate, String other, double p99Target) {
        List<Figure> figures = new ArrayList<>();
        for (String percentile : List.of("p50", "p99", "p999")) {
            String name = "latency.delivered." + percentile + "Us";
            boolean aimed = percentile.equals("p99");
            figures.add(Figure.ratio(
                    String.format("end to end at %,d/s, %s, to %s", rate, percentile.replace("p999", "p99.9"), other),
                    "µs",
                    samples.of("Headwater", name),
                    samples.of(other, name),
                    aimed ? Bound.AT_MOST : Bound.NONE,
                    aimed ? p99Target : Double.NaN));
        }
        return figures;
    }
}
