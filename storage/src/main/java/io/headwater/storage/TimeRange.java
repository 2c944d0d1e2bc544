package io.headwater.storage;

/** Times in milliseconds, half-open: {@code fromMs <= t < untilMs}. */
public record TimeRange(long fromMs, long untilMs) {
    public TimeRange {
        if (fromMs > untilMs) {
            throw new IllegalArgumentException("untilMs: " + untilMs + " (expected: at least fromMs " + fromMs + ")");
        }
    }

    /** Whether anything between two times, both inclusive, can lie in this range. */
    boolean overlaps(long minMs, long maxMs) {
        return maxMs >= fromMs && minMs < untilMs;
    }
}
