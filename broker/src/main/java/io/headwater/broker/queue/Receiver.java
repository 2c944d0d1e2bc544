package io.headwater.broker.queue;

import java.util.Arrays;
import java.util.function.LongToIntFunction;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.LongArrayList;

/** A consumer that waits for records, and what it was given. Reused from turn to turn by its owner. */
public final class Receiver {
    private final long session;
    private final int recordsPerKey;
    private final LongArrayList offsets = new LongArrayList();
    private final IntArrayList attempts = new IntArrayList();
    private int leaseMs;
    private int records;
    private long bytes;
    private boolean shut;
    /** How many of what it was given came each as the first of its key; the others follow them. */
    private int firsts;

    /** One record of a key at a time; else as the other. */
    public Receiver(long session) {
        this(session, 1);
    }

    /**
     * @param session not 0, and unique in the group; 0: its leases are detached, each belongs to its token alone
     * @param recordsPerKey of a keyed group at most so many of a key at once, which it works on one after another
     */
    public Receiver(long session, int recordsPerKey) {
        if (recordsPerKey < 1 || (session == SessionTable.DETACHED && recordsPerKey > 1)) {
            throw new IllegalArgumentException(
                    "recordsPerKey: " + recordsPerKey + " (expected: at least 1; 1 where leases are detached)");
        }
        this.session = session;
        this.recordsPerKey = recordsPerKey;
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
        firsts = 0;
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

    /** How many of what it was given, at its end, follow an earlier one of their key that it was given with them. */
    public int followers() {
        return offsets.size() - firsts;
    }

    int recordsPerKey() {
        return recordsPerKey;
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
        follow(offset, attempt, size);
        firsts++;
    }

    /** Behind what it was given. */
    void follow(long offset, int attempt, int size) {
        offsets.addLong(offset);
        attempts.addInt(attempt);
        records--;
        bytes -= size;
    }

    /** By offset, so that neighbours leave together. */
    void sortFollowers(LongToIntFunction attemptOf) {
        if (followers() < 2) {
            return;
        }
        long[] sorted = new long[followers()];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = offset(firsts + i);
        }
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
            offsets.setLong(firsts + i, sorted[i]);
            attempts.setInt(firsts + i, attemptOf.applyAsInt(sorted[i]));
        }
    }

    @Override
    public String toString() {
        return "receiver " + session + ": " + offsets + ", left: " + records + " records, " + bytes + " bytes";
    }
}
