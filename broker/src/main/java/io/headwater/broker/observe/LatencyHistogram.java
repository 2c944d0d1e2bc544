package io.headwater.broker.observe;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongUnaryOperator;

/**
 * Counts durations in fixed buckets, each a bit more than double the one before, from 25 µs to 26 s. One thread writes,
 * any may read: a recording is two ordered stores and never allocates.
 */
public final class LatencyHistogram {
    private static final int BUCKETS = 21;
    private static final long FIRST_UPPER_NS = 25_000;

    /** One count per bucket, then one for all above, then the sum in nanoseconds. */
    private final AtomicLongArray cells = new AtomicLongArray(BUCKETS + 2);

    /** By the one thread that writes. */
    public void recordNs(long durationNs) {
        long ns = Math.max(0, durationNs);
        int bucket = 0;
        while (bucket < BUCKETS && ns > upperNs(bucket)) {
            bucket++;
        }
        cells.lazySet(bucket, cells.getPlain(bucket) + 1);
        cells.lazySet(BUCKETS + 1, cells.getPlain(BUCKETS + 1) + ns);
    }

    static long upperNs(int bucket) {
        return FIRST_UPPER_NS << bucket;
    }

    /** What was counted so far; buckets may be one recording apart from each other. */
    public Snapshot snapshot() {
        long[] counts = new long[BUCKETS + 1];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = cells.get(i);
        }
        return new Snapshot(counts, cells.get(BUCKETS + 1));
    }

    /** Counts at one moment; adds up over owners. */
    public static final class Snapshot {
        private final long[] counts;
        private final long sumNs;

        private Snapshot(long[] counts, long sumNs) {
            this.counts = counts;
            this.sumNs = sumNs;
        }

        public static Snapshot empty() {
            return new Snapshot(new long[BUCKETS + 1], 0);
        }

        /** From another histogram, which knows how many durations were at most so long. */
        public static Snapshot of(LongUnaryOperator countUpToNs, long sumNs) {
            long[] counts = new long[BUCKETS + 1];
            long below = 0;
            for (int i = 0; i < BUCKETS; i++) {
                long upTo = countUpToNs.applyAsLong(upperNs(i));
                counts[i] = Math.max(0, upTo - below);
                below = Math.max(below, upTo);
            }
            counts[BUCKETS] = Math.max(0, countUpToNs.applyAsLong(Long.MAX_VALUE) - below);
            return new Snapshot(counts, sumNs);
        }

        public Snapshot plus(Snapshot other) {
            long[] sum = counts.clone();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += other.counts[i];
            }
            return new Snapshot(sum, sumNs + other.sumNs);
        }

        public long count() {
            long all = 0;
            for (long count : counts) {
                all += count;
            }
            return all;
        }

        double sumSeconds() {
            return sumNs / 1e9;
        }

        long[] counts() {
            return counts.clone();
        }

        static double[] upperSeconds() {
            double[] bounds = new double[BUCKETS + 1];
            for (int i = 0; i < BUCKETS; i++) {
                bounds[i] = upperNs(i) / 1e9;
            }
            bounds[BUCKETS] = Double.POSITIVE_INFINITY;
            return bounds;
        }

        /** Upper end of the bucket below which this share of all durations lies; 0: nothing was counted. */
        public long percentileNs(double share) {
            long all = count();
            long wanted = (long) Math.ceil(all * share);
            long seen = 0;
            for (int i = 0; i < counts.length && all > 0; i++) {
                seen += counts[i];
                if (seen >= wanted) {
                    return upperNs(Math.min(i, BUCKETS - 1));
                }
            }
            return 0;
        }
    }
}
