package io.headwater.broker.partition;

import org.jspecify.annotations.Nullable;

/**
 * Counts delays in milliseconds, from 0 to years, in buckets that are at most an eighth wide. Costs nothing until the
 * first one is recorded, and never allocates afterwards.
 */
final class DelayHistogram {
    private static final int SUB_BITS = 3;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    /** The largest exponent; ten years are 2^38 ms. */
    private static final int EXPONENTS = 40;

    private long @Nullable [] counts;
    private long total;

    void record(long delayMs, long times) {
        if (times <= 0) {
            return;
        }
        long[] buckets = counts;
        if (buckets == null) {
            buckets = new long[(EXPONENTS + 1) * SUB_BUCKETS];
            counts = buckets;
        }
        buckets[bucket(delayMs)] += times;
        total += times;
    }

    long total() {
        return total;
    }

    /** Upper end of the bucket below which the share of all recorded delays lies; -1: nothing recorded. */
    long percentile(double share) {
        long[] buckets = counts;
        if (buckets == null || total == 0) {
            return -1;
        }
        long wanted = Math.max(1, (long) Math.ceil(total * share));
        long seen = 0;
        for (int i = 0; i < buckets.length; i++) {
            seen += buckets[i];
            if (seen >= wanted) {
                return upperEnd(i);
            }
        }
        return upperEnd(buckets.length - 1);
    }

    private static int bucket(long delayMs) {
        // A producer's clock ahead of ours makes a negative delay; it counts as none.
        long value = Math.max(0, delayMs);
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

    private static long upperEnd(int bucket) {
        int exponent = bucket / SUB_BUCKETS;
        int sub = bucket % SUB_BUCKETS;
        if (exponent == 0) {
            return sub;
        }
        return ((long) (SUB_BUCKETS + sub + 1) << (exponent - 1)) - 1;
    }
}
