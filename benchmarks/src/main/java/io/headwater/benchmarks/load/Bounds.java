package io.headwater.benchmarks.load;

import java.util.Locale;

/** Refuses what no load can mean. */
final class Bounds {
    private Bounds() {}

    static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ")");
        }
    }

    static void atMost(String name, double value, double most) {
        if (!(value <= most)) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "%s: %.0f (expected: <= %.0f)", name, value, most));
        }
    }

    static void atLeast(String name, double value, double least) {
        if (!(value >= least)) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ")");
        }
    }
}
