package io.headwater.benchmarks.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Figures of repeated runs: by who was measured and by name, in the order of the runs. */
final class Samples {
    private final Map<String, List<Double>> values = new HashMap<>();

    void add(String who, String name, double value) {
        values.computeIfAbsent(who + '/' + name, key -> new ArrayList<>()).add(value);
    }

    void addAll(String who, Map<String, Double> figures) {
        figures.forEach((name, value) -> add(who, name, value));
    }

    double[] of(String who, String name) {
        List<Double> found = values.get(who + '/' + name);
        if (found == null) {
            throw new IllegalStateException(who + " has no figure " + name);
        }
        return found.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
