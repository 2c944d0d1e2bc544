package io.headwater.broker.queue;

import java.util.Arrays;
import org.agrona.collections.LongArrayList;

/**
 * The batch of dead records that is on its way to the dead-letter topic. It is in the log before it is sent, so that
 * after a crash the same records go under the same number to the same partition, which knows what it has. Immutable.
 */
public final class Shipment {
    private final long number;
    private final long partitionId;
    private final long[] offsets;

    /** @param offsets rising; taken */
    Shipment(long number, long partitionId, long[] offsets) {
        this.number = number;
        this.partitionId = partitionId;
        this.offsets = offsets;
    }

    /** Rises from one shipment of a group and partition to the next, from 1 on. */
    public long number() {
        return number;
    }

    /** Where it goes. */
    public long partitionId() {
        return partitionId;
    }

    public int size() {
        return offsets.length;
    }

    /** A copy, in order. */
    public long[] offsets() {
        return offsets.clone();
    }

    long offset(int index) {
        return offsets[index];
    }

    int countRuns() {
        int runs = 0;
        for (int at = 0; at < offsets.length; at = endOfRun(at)) {
            runs++;
        }
        return runs;
    }

    /** The index behind the neighbours that begin at an index. */
    int endOfRun(int from) {
        int to = from + 1;
        while (to < offsets.length && offsets[to] == offsets[to - 1] + 1) {
            to++;
        }
        return to;
    }

    static void addRun(LongArrayList to, long from, long count) {
        for (long offset = from; offset < from + count; offset++) {
            to.addLong(offset);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shipment that
                && number == that.number
                && partitionId == that.partitionId
                && Arrays.equals(offsets, that.offsets);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(number);
    }

    @Override
    public String toString() {
        return "shipment " + number + " of " + offsets.length + " records to partition " + partitionId;
    }
}
