package io.headwater.storage;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts durations in buckets that are a power of two of microseconds wide, divided by eight: a value is known to about
 * an eighth, in two kilobytes, without allocation. One thread records; any thread reads, and may see a recording half
 * done (a count that its sum does not have yet), which statistics bear.
 */
public final class DurationHistogram {
    private static final int SUB_BITS = 3;
    private static final int SUB = 1 << SUB_BITS;
    private static final int POWERS = 28;
    private static final int BUCKETS = SUB * (POWERS - SUB_BITS + 1);
    private static final int COUNT = BUCKETS;
    private static final int SUM = BUCKETS + 1;
    private static final int MAX = BUCKETS + 2;

    private final AtomicLongArray cells = new AtomicLongArray(BUCKETS + 3);

    void recordNs(long durationNs) {
        long us = Math.max(durationNs, 0) / 1000;
        bump(bucketOf(us), 1);
        bump(SUM, us);
        bump(COUNT, 1);
        if (us > cells.get(MAX)) {
            cells.lazySet(MAX, us);
        }
    }

    private void bump(int cell, long by) {
        cells.lazySet(cell, cells.getPlain(cell) + by);
    }

    /** Values below eight have a bucket each; above, each power of two is divided by eight. The last one is open. */
    private static int bucketOf(long us) {
        if (us < SUB) {
            return (int) us;
        }
        int power = 63 - Long.numberOfLeadingZeros(us);
        int sub = (int) (us >>> (power - SUB_BITS)) & (SUB - 1);
        return Math.min(SUB * (power - SUB_BITS + 1) + sub, BUCKETS - 1);
    }

    private static long highestIn(int bucket) {
        if (bucket < SUB) {
            return bucket;
        }
        int power = bucket / SUB + SUB_BITS - 1;
        long width = 1L << (power - SUB_BITS);
        return (SUB + bucket % SUB + 1) * width - 1;
    }

    public long count() {
        return cells.get(COUNT);
    }

    public long sumUs() {
        return cells.get(SUM);
    }

    public long maxUs() {
        return cells.get(MAX);
    }

    /** How many recordings did not exceed this, known as exactly as the buckets tell. */
    public long countUpToUs(long us) {
        long seen = 0;
        for (int bucket = 0; bucket < BUCKETS && highestIn(bucket) <= us; bucket++) {
            seen += cells.get(bucket);
        }
        return seen;
    }

    /** The value, in microseconds, that this share of the recordings does not exceed; 0 if there are none. */
    public long percentileUs(double percentile) {
        if (!(percentile >= 0 && percentile <= 100)) {
            throw new IllegalArgumentException("percentile: " + percentile + " (expected: 0 to 100)");
        }
        long wanted = Math.max(1, (long) Math.ceil(count() * percentile / 100));
        long seen = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            seen += cells.get(bucket);
            if (seen >= wanted) {
                return Math.min(highestIn(bucket), maxUs());
            }
        }
        return maxUs();
    }
}
