package io.headwater.broker.metadata;

/** The levels of one feature that a node's version can do, both included. */
public record FeatureRange(int min, int max) {
    public FeatureRange {
        if (min < 1 || max < min) {
            throw new IllegalArgumentException("feature range: " + min + " to " + max + " (expected: from 1 up)");
        }
    }

    public boolean includes(int level) {
        return level >= min && level <= max;
    }
}
