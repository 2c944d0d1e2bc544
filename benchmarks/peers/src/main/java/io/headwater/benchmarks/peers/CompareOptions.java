package io.headwater.benchmarks.peers;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** What scripts/compare-kafka was asked for. */
record CompareOptions(
        List<Scenario> scenarios, int pairs, double scale, boolean memoryLimit, Path directory, boolean json) {
    private static final int FULL_PAIRS = 5;
    private static final int QUICK_PAIRS = 3;
    private static final double QUICK_SCALE = 0.3;

    static CompareOptions parse(List<String> args, List<Scenario> all) {
        List<Scenario> chosen = all;
        int pairs = FULL_PAIRS;
        double scale = 1;
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        boolean json = false;
        boolean memoryLimit = true;
        Iterator<String> rest = args.iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--quick" -> {
                    pairs = QUICK_PAIRS;
                    scale = QUICK_SCALE;
                }
                case "--pairs" -> pairs = Integer.parseInt(rest.next());
                case "--dir" -> directory = Path.of(rest.next());
                case "--json" -> json = true;
                case "--no-memory-limit" -> memoryLimit = false;
                case "--only" -> {
                    List<String> names = List.of(rest.next().split(","));
                    chosen = all.stream()
                            .filter(scenario -> names.contains(scenario.name()))
                            .toList();
                    if (chosen.size() != names.size()) {
                        throw new IllegalArgumentException("--only: " + names + " (expected: some of "
                                + all.stream().map(Scenario::name).toList() + ")");
                    }
                }
                default -> throw new IllegalArgumentException("option: " + option + " (expected: see --help)");
            }
        }
        return new CompareOptions(chosen, pairs, scale, memoryLimit, directory, json);
    }
}
