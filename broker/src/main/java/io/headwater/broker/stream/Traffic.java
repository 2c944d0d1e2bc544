package io.headwater.broker.stream;

import io.headwater.broker.partition.RateMeter;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.EpochClock;

/** What an owner took in and sent out since the broker started. Written by its thread only; any may read. */
public final class Traffic {
    private final EpochClock clock;
    private final RateMeter in = new RateMeter();
    private final RateMeter out = new RateMeter();
    private final AtomicLong recordsIn = new AtomicLong();
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong recordsOut = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();
    private final AtomicLong duplicates = new AtomicLong();
    private final AtomicLong duplicateRecords = new AtomicLong();

    public Traffic(EpochClock clock) {
        this.clock = clock;
    }

    public void received(long records, long bytes) {
        in.record(clock.time(), records, bytes);
        bump(recordsIn, records);
        bump(bytesIn, bytes);
    }

    public void sent(long records, long bytes) {
        if (bytes > 0) {
            out.record(clock.time(), records, bytes);
            bump(recordsOut, records);
            bump(bytesOut, bytes);
        }
    }

    public void duplicate() {
        bump(duplicates, 1);
    }

    /** Records that were confirmed by their message ids, and not stored. */
    public void duplicateRecords(long records) {
        bump(duplicateRecords, records);
    }

    public long recordsIn() {
        return recordsIn.get();
    }

    public long bytesIn() {
        return bytesIn.get();
    }

    public long recordsOut() {
        return recordsOut.get();
    }

    public long bytesOut() {
        return bytesOut.get();
    }

    public long duplicates() {
        return duplicates.get();
    }

    public long duplicateRecords() {
        return duplicateRecords.get();
    }

    /** Over the last minute, as are the others. */
    public double recordsInPerSecond() {
        return in.recordsPerSecond(clock.time());
    }

    public double bytesInPerSecond() {
        return in.bytesPerSecond(clock.time());
    }

    public double recordsOutPerSecond() {
        return out.recordsPerSecond(clock.time());
    }

    public double bytesOutPerSecond() {
        return out.bytesPerSecond(clock.time());
    }

    /** One writer: no atomic add needed. */
    private static void bump(AtomicLong counter, long by) {
        counter.lazySet(counter.getPlain() + by);
    }
}
