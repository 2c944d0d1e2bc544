package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.collections.LongArrayList;

/**
 * The batch of records that is on its way to another topic. It is in the log before it is sent, so that after a crash the
 * same records go under the same number to the same partition, which knows what it has; and with what each of them was
 * before, which it is again if the batch certainly never arrives. Immutable.
 */
public final class Shipment {
    /** Who sends it, and what of a record stands in its copy. */
    public enum Cargo {
        /** What died, with what is known of its death, to the dead-letter topic. */
        DEAD_LETTERS(0),
        /** Records that an operator moves, as they are. */
        AS_THEY_ARE(1),
        /** Copies of dead records that an operator sends back to where they died, as they were before. */
        TO_ORIGIN(2);

        private static final Cargo[] BY_ID = values();

        /** In the log; never reused. */
        private final byte id;

        Cargo(int id) {
            this.id = (byte) id;
        }

        private static Cargo of(int id) {
            if (id < 0 || id >= BY_ID.length) {
                throw new QueueFormatException(
                        "what a shipment carries: " + id + " (expected: 0 to " + (BY_ID.length - 1) + ")");
            }
            return BY_ID[id];
        }
    }

    private static final int HEAD_BYTES = 1 + 3 * Varints.MAX_BYTES;
    private static final int RUN_BYTES = 1 + 3 * Varints.MAX_BYTES;

    private final long number;
    private final long partitionId;
    private final Cargo cargo;
    private final long[] offsets;
    private final RecordState[] before;
    private final long[] timesMs;

    /**
     * @param offsets rising; taken, as what follows
     * @param before READY, WAITING, DEAD or MOVING
     * @param timesMs wall time: WAITING: until when; DEAD, MOVING: since when
     */
    Shipment(long number, long partitionId, Cargo cargo, long[] offsets, RecordState[] before, long[] timesMs) {
        this.number = number;
        this.partitionId = partitionId;
        this.cargo = cargo;
        this.offsets = offsets;
        this.before = before;
        this.timesMs = timesMs;
    }

    /** Nothing is under way any more. */
    static Shipment none(long number) {
        return new Shipment(number, 0, Cargo.DEAD_LETTERS, new long[0], new RecordState[0], new long[0]);
    }

    /** Rises from one shipment of a group and partition to the next, from 1 on. */
    public long number() {
        return number;
    }

    /** Where it goes. */
    public long partitionId() {
        return partitionId;
    }

    public Cargo cargo() {
        return cargo;
    }

    public int size() {
        return offsets.length;
    }

    /** A copy, in order. */
    public long[] offsets() {
        return offsets.clone();
    }

    public boolean holds(long offset) {
        return Arrays.binarySearch(offsets, offset) >= 0;
    }

    long offset(int index) {
        return offsets[index];
    }

    RecordState before(int index) {
        return before[index];
    }

    long timeMs(int index) {
        return timesMs[index];
    }

    /** The index behind the neighbours that begin at an index. */
    int endOfRun(int from) {
        int to = from + 1;
        while (to < offsets.length && offsets[to] == offsets[to - 1] + 1) {
            to++;
        }
        return to;
    }

    /** The same, of those that were the same before. */
    private int endOfLikes(int from) {
        int end = endOfRun(from);
        int to = from + 1;
        while (to < end && before[to] == before[from] && timesMs[to] == timesMs[from]) {
            to++;
        }
        return to;
    }

    /** What {@link #encode} takes at most. */
    int maxEncodedBytes() {
        return HEAD_BYTES + countLikes() * RUN_BYTES;
    }

    private int countLikes() {
        int runs = 0;
        for (int at = 0; at < offsets.length; at = endOfLikes(at)) {
            runs++;
        }
        return runs;
    }

    void encode(ByteBuffer out) {
        Varints.put(out, number);
        Varints.put(out, partitionId);
        out.put(cargo.id);
        Varints.put(out, countLikes());
        long end = 0;
        for (int at = 0; at < offsets.length; at = endOfLikes(at)) {
            int to = endOfLikes(at);
            Varints.put(out, offsets[at] - end);
            Varints.put(out, to - at);
            out.put(before[at].id);
            Varints.put(out, timesMs[at]);
            end = offsets[to - 1] + 1;
        }
    }

    static Shipment decode(ByteBuffer in) {
        long number = Varints.get(in);
        long partitionId = Varints.get(in);
        Cargo cargo = Cargo.of(in.get());
        LongArrayList offsets = new LongArrayList();
        List<RecordState> before = new ArrayList<>();
        LongArrayList timesMs = new LongArrayList();
        long end = 0;
        for (long runs = Varints.get(in); runs > 0; runs--) {
            long offset = end + Varints.get(in);
            end = offset + Varints.get(in);
            RecordState state = RecordState.of(in.get());
            long timeMs = Varints.get(in);
            for (; offset < end; offset++) {
                offsets.addLong(offset);
                before.add(state);
                timesMs.addLong(timeMs);
            }
        }
        return new Shipment(
                number,
                partitionId,
                cargo,
                offsets.toLongArray(),
                before.toArray(new RecordState[0]),
                timesMs.toLongArray());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shipment that
                && number == that.number
                && partitionId == that.partitionId
                && cargo == that.cargo
                && Arrays.equals(offsets, that.offsets)
                && Arrays.equals(before, that.before)
                && Arrays.equals(timesMs, that.timesMs);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(number);
    }

    @Override
    public String toString() {
        return "shipment " + number + " of " + offsets.length + " records (" + cargo + ") to partition " + partitionId;
    }
}
