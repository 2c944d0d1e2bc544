package io.headwater.broker.partition;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Records and bytes per second over the last minute, in twelve buckets of five seconds. Never allocates after its
 * construction and needs no timer: a bucket is cleared when its turn comes again. One thread records; any may read.
 */
public final class RateMeter {
    private static final int BUCKETS = 12;
    private static final long BUCKET_MS = 5_000;

    private final AtomicLongArray records = new AtomicLongArray(BUCKETS);
    private final AtomicLongArray bytes = new AtomicLongArray(BUCKETS);
    private final AtomicLongArray slots = new AtomicLongArray(BUCKETS);
    private volatile long firstSlot = -1;

    public void record(long nowMs, long recordCount, long byteCount) {
        long slot = nowMs / BUCKET_MS;
        if (firstSlot < 0) {
            firstSlot = slot;
        }
        int at = (int) (slot % BUCKETS);
        if (slots.getPlain(at) != slot) {
            records.lazySet(at, 0);
            bytes.lazySet(at, 0);
            slots.lazySet(at, slot);
        }
        records.lazySet(at, records.getPlain(at) + recordCount);
        bytes.lazySet(at, bytes.getPlain(at) + byteCount);
    }

    public double recordsPerSecond(long nowMs) {
        return perSecond(records, nowMs);
    }

    public double bytesPerSecond(long nowMs) {
        return perSecond(bytes, nowMs);
    }

    /** Over the full buckets and the part of the present one, or since the first record if that is less. */
    private double perSecond(AtomicLongArray counts, long nowMs) {
        if (firstSlot < 0) {
            return 0;
        }
        long slot = nowMs / BUCKET_MS;
        long from = Math.max(firstSlot, slot - BUCKETS + 1);
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            if (slots.get(i) >= from && slots.get(i) <= slot) {
                sum += counts.get(i);
            }
        }
        long spanMs = Math.max(1000, nowMs - from * BUCKET_MS);
        return sum * 1000.0 / spanMs;
    }
}
