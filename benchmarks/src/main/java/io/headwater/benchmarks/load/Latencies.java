package io.headwater.benchmarks.load;

import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** A histogram that several threads write: 1 µs to 10 minutes, three digits. What lies beyond counts as the bound. */
final class Latencies {
    private static final long HIGHEST_NS = 600_000_000_000L;
    private final Histogram nanos = new ConcurrentHistogram(1_000, HIGHEST_NS, 3);

    void record(long latencyNs) {
        nanos.recordValue(Math.max(0, Math.min(HIGHEST_NS, latencyNs)));
    }

    LatencySummary summary() {
        return LatencySummary.of(nanos);
    }
}
