package io.headwater.broker.copy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What a broker may give and take of segments, all its partitions together, and what it has. Any thread. */
public final class SegmentTraffic {
    /** So many copies are filled at a time: each holds some bytes in memory. */
    static final int MOST_AT_ONCE = 4;

    private final Rate giving;
    private final Rate taking;
    private final AtomicInteger filling = new AtomicInteger();
    private final AtomicLong givenBytes = new AtomicLong();
    private final AtomicLong takenBytes = new AtomicLong();
    private final AtomicLong takenSegments = new AtomicLong();

    /** @param bytesPerSecond in each direction */
    public SegmentTraffic(long bytesPerSecond) {
        this.giving = new Rate(bytesPerSecond);
        this.taking = new Rate(bytesPerSecond);
    }

    /** So many bytes in a second, and what was left unused a moment ago. */
    static final class Rate {
        private static final long UNUSED_NS = TimeUnit.MILLISECONDS.toNanos(100);

        private final long bytesPerSecond;
        private long paidNs = Long.MIN_VALUE;

        Rate(long bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        /** In how many milliseconds more may be used; 0: now. */
        synchronized long waitMs(long nowMs) {
            long nowNs = TimeUnit.MILLISECONDS.toNanos(nowMs);
            return paidNs <= nowNs ? 0 : 1 + TimeUnit.NANOSECONDS.toMillis(paidNs - nowNs - 1);
        }

        synchronized void used(int bytes, long nowMs) {
            long sinceNs = TimeUnit.MILLISECONDS.toNanos(nowMs) - UNUSED_NS;
            paidNs = Math.max(paidNs, sinceNs) + (long) ((double) bytes / bytesPerSecond * TimeUnit.SECONDS.toNanos(1));
        }
    }

    Rate giving() {
        return giving;
    }

    Rate taking() {
        return taking;
    }

    boolean begin() {
        if (filling.incrementAndGet() <= MOST_AT_ONCE) {
            return true;
        }
        filling.decrementAndGet();
        return false;
    }

    void end() {
        filling.decrementAndGet();
    }

    void gave(int bytes) {
        givenBytes.addAndGet(bytes);
    }

    void took(int bytes) {
        takenBytes.addAndGet(bytes);
    }

    void tookSegment() {
        takenSegments.incrementAndGet();
    }

    /** How many copies are being filled. */
    public int filling() {
        return filling.get();
    }

    public long givenBytes() {
        return givenBytes.get();
    }

    public long takenBytes() {
        return takenBytes.get();
    }

    public long takenSegments() {
        return takenSegments.get();
    }
}
