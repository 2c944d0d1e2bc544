package io.headwater.benchmarks.load;

import org.HdrHistogram.Histogram;

/** What a histogram of nanoseconds says, in microseconds. */
public record LatencySummary(
        long count, double meanUs, double p50Us, double p90Us, double p99Us, double p999Us, double maxUs) {

    static LatencySummary of(Histogram nanos) {
        if (nanos.getTotalCount() == 0) {
            return new LatencySummary(0, 0, 0, 0, 0, 0, 0);
        }
        return new LatencySummary(
                nanos.getTotalCount(),
                nanos.getMean() / 1e3,
                nanos.getValueAtPercentile(50) / 1e3,
                nanos.getValueAtPercentile(90) / 1e3,
                nanos.getValueAtPercentile(99) / 1e3,
                nanos.getValueAtPercentile(99.9) / 1e3,
                nanos.getMaxValue() / 1e3);
    }
}
