package io.headwater.broker.partition;

import org.jspecify.annotations.Nullable;

/**
 * Counts delays in milliseconds, from 0 to years, in buckets that are at most a thirty-second wide. A percentile is the
 * middle of its bucket, and never outside what was recorded. Costs nothing until the first one is recorded, then 10 KiB,
 * and never allocates afterwards.
 */
public final class DelayHistogram {
    private static final int SUB_BITS = 5;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    /** The largest exponent; 278 years are 2^43 ms, and what is later counts as that. */
    private static final int EXPONENTS = 43 - SUB_BITS;

    private long @Nullable [] counts;
    private long total;
    private long least = Long.MAX_VALUE;
    private long most;

    public void record(long delayMs, long times) {
        if (times <= 0) {
            return;
        }
        long[] buckets = counts;
        if (buckets == null) {
            buckets = new long[(EXPONENTS + 1) * SUB_BUCKETS];
            counts = buckets;
        }
        // A producer's clock ahead of ours makes a negative delay; it counts as none.
        long value = Math.max(0, delayMs);
        buckets[bucket(value)] += times;
        least = Math.min(least, value);
        most = Math.max(most, value);
        total += times;
    }

    long total() {
        return total;
    }

    /** The delay that the share of all recorded delays does not exceed, to within a sixty-fourth; -1: nothing recorded. */
    public long percentile(double share) {
        long[] buckets = counts;
        if (buckets == null || total == 0) {
            return -1;
        }
        long wanted = Math.max(1, (long) Math.ceil(total * share));
        long seen = 0;
        for (int i = 0; i < buckets.length - 1; i++) {
            seen += buckets[i];
            if (seen >= wanted) {
                return Math.max(least, Math.min(most, middle(i)));
            }
        }
        return most;
    }

    private static int bucket(long value) {
        if (value < SUB_BUCKETS) {
            return (int) value;
        }
        int exponent = 63 - Long.numberOfLeadingZeros(value) - SUB_BITS + 1;
        if (exponent > EXPONENTS) {
            return (EXPONENTS + 1) * SUB_BUCKETS - 1;
        }
        int sub = (int) (value >>> (exponent - 1)) & (SUB_BUCKETS - 1);
        return exponent * SUB_BUCKETS + sub;
    }

    private static long middle(int bucket) {
        int exponent = bucket / SUB_BUCKETS;
        int sub = bucket % SUB_BUCKETS;
        if (exponent == 0) {
            return sub;
        }
        long width = 1L << (exponent - 1);
        return (SUB_BUCKETS + sub) * width + (width - 1) / 2;
    }
}
