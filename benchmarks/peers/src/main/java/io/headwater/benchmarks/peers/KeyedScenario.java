package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether keys that are slow or fail disturb the others: {@link KeyedWork} at 60 % of what goes, with and without them in
 * turn. Ours only: nobody else here keeps the order per key. The same while a million other keys have something waiting.
 */
final class KeyedScenario implements Scenario {
    private static final int KEYS = 100_000;
    private static final int OUTSTANDING = 1_000_000;
    private static final double SHARE = 0.6;
    private static final int WARMUP_SECONDS = 4;
    private static final int SECONDS = 20;

    @Override
    public String name() {
        return "keyed";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        List<Figure> figures = new ArrayList<>();
        try (BrokerProcess broker = BrokerProcess.start(HEADWATER, bench, bench.newDirectory(name()))
                .awaitPort()) {
            double most = 0;
            for (int round = 0; round < 3; round++) {
                most = DriverProcess.figure(
                        measure(bench, broker, "most" + round, 0, 0, false), "keyed.recordsPerSecond");
                bench.say(String.format("  keyed: at most %s/s", Figure.number(most)));
            }
            samples.add("most", "rate", most);
            for (int outstanding : new int[] {0, OUTSTANDING}) {
                String with = outstanding == 0 ? "" : " with others waiting";
                for (int round = 1; round <= bench.pairs(); round++) {
                    for (boolean disturbed :
                            round % 2 == 0 ? new boolean[] {false, true} : new boolean[] {true, false}) {
                        Map<String, Double> found = measure(
                                bench,
                                broker,
                                outstanding + "-" + round + disturbed,
                                SHARE * most,
                                outstanding,
                                disturbed);
                        samples.addAll((disturbed ? "disturbed" : "clean") + with, found);
                        bench.say(String.format(
                                "  keyed%s %d: %-9s %s/s by healthy keys, p50 %s, p99 %s ms; %s %% of the records by others",
                                with,
                                round,
                                disturbed ? "disturbed" : "clean",
                                Figure.number(DriverProcess.figure(found, "keyed.healthyPerSecond")),
                                Figure.number(DriverProcess.figure(found, "keyed.p50Us") / 1000),
                                Figure.number(DriverProcess.figure(found, "keyed.p99Us") / 1000),
                                Figure.number(DriverProcess.figure(found, "keyed.sickPercent"))));
                    }
                }
                figures.add(ratio(samples, with, "keyed.healthyPerSecond", "records/s due and done", Bound.NONE));
                figures.add(ratio(samples, with, "keyed.p99Us", "p99, µs", Bound.AT_MOST));
            }
        }
        figures.add(Figure.plain(
                "keyed, 100,000 keys (zipf), as fast as it goes",
                "records/s",
                samples.of("most", "rate"),
                Bound.NONE,
                Double.NaN));
        return figures;
    }

    private static Figure ratio(Samples samples, String with, String figure, String what, Bound bound) {
        return Figure.ratio(
                "healthy keys" + with + ", disturbed to clean",
                what,
                samples.of("disturbed" + with, figure),
                samples.of("clean" + with, figure),
                bound,
                bound == Bound.NONE ? Double.NaN : 1.05);
    }

    private static Map<String, Double> measure(
            Workbench bench, BrokerProcess broker, String name, double rate, int outstanding, boolean disturbed)
            throws IOException, InterruptedException {
        bench.settleDisk();
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.KEYED);
        options.put("topic", "keyed-" + name);
        options.put("keys", Integer.toString(KEYS));
        options.put("outstanding", Integer.toString(outstanding));
        options.put("rate", Long.toString(Math.round(rate)));
        options.put("warmup", Long.toString(rate == 0 ? 20_000 : Math.round(rate * bench.scaled(WARMUP_SECONDS))));
        options.put("records", Long.toString(rate == 0 ? 150_000 : Math.round(rate * bench.scaled(SECONDS))));
        options.put("disturbed", disturbed ? "1" : "0");
        return DriverProcess.run(broker, options);
    }
}
