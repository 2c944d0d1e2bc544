package io.headwater.broker.queue;

import org.agrona.collections.IntArrayList;
import org.agrona.collections.LongArrayList;

/** A consumer that waits for records, and what it was given. Reused from turn to turn by its owner. */
public final class Receiver {
    private final long session;
    private final LongArrayList offsets = new LongArrayList();
    private final IntArrayList attempts = new IntArrayList();
    private int leaseMs;
    private int records;
    private long bytes;
    private boolean shut;

    /** @param session not 0, and unique in the group; 0: its leases are detached, each belongs to its token alone */
    public Receiver(long session) {
        this.session = session;
    }

    /**
     * What it can take now; forgets what it was given before.
     *
     * @param creditRecords at most so many
     * @param creditBytes until these are used up; the first record may be larger, if this is above 0
     */
    public Receiver waitFor(int creditRecords, long creditBytes, int newLeaseMs) {
        records = creditRecords;
        bytes = creditBytes;
        leaseMs = newLeaseMs;
        shut = false;
        offsets.clear();
        attempts.clear();
        return this;
    }

    public long session() {
        return session;
    }

    /** How many records it was given. */
    public int size() {
        return offsets.size();
    }

    public long offset(int index) {
        return offsets.getLong(index);
    }

    /** With its offset this makes the token of a lease. */
    public int attempt(int index) {
        return attempts.getInt(index);
    }

    /** What is left of its credit. */
    public int records() {
        return records;
    }

    public long bytes() {
        return bytes;
    }

    int leaseMs() {
        return leaseMs;
    }

    boolean isOpen() {
        return !shut && records > 0 && bytes > 0;
    }

    /** Gets nothing more in this turn. */
    void shut() {
        shut = true;
    }

    boolean hasRoomFor(int size) {
        return size <= bytes || offsets.isEmpty();
    }

    void give(long offset, int attempt, int size) {
        offsets.addLong(offset);
        attempts.addInt(attempt);
        records--;
        bytes -= size;
    }

    @Override
    public String toString() {
        return "receiver " + session + ": " + offsets + ", left: " + records + " records, " + bytes + " bytes";
    }
}
