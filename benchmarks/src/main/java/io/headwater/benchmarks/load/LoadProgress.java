package io.headwater.benchmarks.load;

import java.time.Duration;

/**
 * How far a load is; told about twice a second, from the thread that runs the load.
 *
 * @param done records so far
 * @param planned records in all
 */
public record LoadProgress(long done, long planned, Duration elapsed) {
    /** Since the start. */
    public double recordsPerSecond() {
        return elapsed.isZero() ? 0 : done * 1e9 / elapsed.toNanos();
    }
}
