package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Ours alone, records of 1 KiB, the sync on: 100 active partitions with batches of 16 KiB, against one with its default
 * batches (what the target means), and against one that has batches of 16 KiB as well (for information: with five of
 * them in flight one partition waits for the sync most of the time).
 */
final class PartitionsScenario implements Scenario {
    private static final long RECORDS = 600_000;
    private static final long WARMUP = 300_000;
    private static final int SMALL_BATCH_BYTES = 16 << 10;
    private static final List<Setting> SETTINGS = List.of(
            new Setting("100", 100, SMALL_BATCH_BYTES),
            new Setting("1", 1, 0),
            new Setting("1 small", 1, SMALL_BATCH_BYTES));

    /** @param batchBytes 0: the client's default */
    private record Setting(String name, int partitions, int batchBytes) {}

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
                for (int i = 0; i < SETTINGS.size(); i++) {
                    measure(bench, ours, SETTINGS.get((i + pair) % SETTINGS.size()), pair, samples);
                }
            }
        }
        String rate = "produce.recordsPerSecond";
        return List.of(
                Figure.ratio(
                        "100 partitions with 16 KiB batches, to one with its default",
                        "records/s",
                        samples.of("100", rate),
                        samples.of("1", rate),
                        Bound.AT_LEAST,
                        0.7),
                Figure.ratio(
                        "100 partitions with 16 KiB batches, to one with the same",
                        "records/s",
                        samples.of("100", rate),
                        samples.of("1 small", rate),
                        Bound.NONE,
                        Double.NaN));
    }

    private static void measure(Workbench bench, BrokerProcess ours, Setting setting, int pair, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.THROUGHPUT);
        options.put("topic", "partitions-" + setting.name().replace(' ', '-') + "-" + pair);
        options.put("keepTopic", "0");
        options.put("recordBytes", "1024");
        options.put("records", Long.toString(bench.scaled(RECORDS)));
        options.put("warmup", Long.toString(bench.scaled(WARMUP)));
        options.put("partitions", Integer.toString(setting.partitions()));
        options.put("batchBytes", Integer.toString(setting.batchBytes()));
        options.put("lingerMs", "-1");
        options.put("limitSeconds", "30");
        options.put("consume", "0");
        Map<String, Double> figures = DriverProcess.run(ours, options);
        samples.addAll(setting.name(), figures);
        bench.say(String.format(
                "  partitions %d: %-7s %s records/s",
                pair + 1, setting.name(), Figure.number(figures.getOrDefault("produce.recordsPerSecond", Double.NaN))));
    }
}
