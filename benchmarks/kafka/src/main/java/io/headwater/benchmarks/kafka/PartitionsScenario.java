package io.headwater.benchmarks.kafka;

import io.headwater.benchmarks.kafka.Figure.Bound;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Ours alone: 100 active partitions against one, with 16 KiB batches and the sync on, records of 1 KiB. */
final class PartitionsScenario implements Scenario {
    private static final long RECORDS = 600_000;
    private static final long WARMUP = 300_000;

    @Override
    public String name() {
        return "partitions";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerProcess ours = BrokerProcess.start(SystemUnderLoad.HEADWATER, bench, bench.newDirectory(name()))
                .awaitPort()) {
            for (int pair = 0; pair < bench.pairs(); pair++) {
                for (int i = 0; i < 2; i++) {
                    measure(bench, ours, (i + pair) % 2 == 0 ? 100 : 1, pair, samples);
                }
            }
        }
        String rate = "produce.recordsPerSecond";
        return List.of(Figure.ratio(
                "100 partitions to one, 16 KiB batches",
                "records/s",
                samples.of("100", rate),
                samples.of("1", rate),
                Bound.AT_LEAST,
                0.7));
    }

    private static void measure(Workbench bench, BrokerProcess ours, int partitions, int pair, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.THROUGHPUT);
        options.put("topic", "partitions-" + partitions + "-" + pair);
        options.put("recordBytes", "1024");
        options.put("records", Long.toString(bench.scaled(RECORDS)));
        options.put("warmup", Long.toString(bench.scaled(WARMUP)));
        options.put("partitions", Integer.toString(partitions));
        options.put("batchBytes", "16384");
        options.put("lingerMs", "-1");
        options.put("limitSeconds", "30");
        options.put("consume", "0");
        Map<String, Double> figures = DriverProcess.run(ours, options);
        samples.addAll(Integer.toString(partitions), figures);
        bench.say(String.format(
                "  partitions %d: %3d partitions, %s records/s",
                pair + 1, partitions, Figure.number(figures.getOrDefault("produce.recordsPerSecond", Double.NaN))));
    }
}
