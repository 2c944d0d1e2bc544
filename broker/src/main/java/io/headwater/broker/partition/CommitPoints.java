package io.headwater.broker.partition;

import java.util.Arrays;

/**
 * Where batches end that are not committed yet: what is committed is counted in entries, and readers count records. Grows
 * with the number of batches under way, and allocates nothing otherwise.
 */
final class CommitPoints {
    private long[] indexes = new long[16];
    private long[] offsets = new long[16];
    private int first;
    private int count;

    void add(long endIndex, long endOffset) {
        if (count == indexes.length) {
            grow();
        }
        int place = (first + count) & (indexes.length - 1);
        indexes[place] = endIndex;
        offsets[place] = endOffset;
        count++;
    }

    /** Forgets those up to an index, and tells the offset of the last of them; otherwise {@code known}. */
    long takeUpTo(long index, long known) {
        long offset = known;
        while (count > 0 && indexes[first] <= index) {
            offset = offsets[first];
            first = (first + 1) & (indexes.length - 1);
            count--;
        }
        return offset;
    }

    private void grow() {
        int size = indexes.length;
        long[] biggerIndexes = Arrays.copyOf(indexes, size * 2);
        long[] biggerOffsets = Arrays.copyOf(offsets, size * 2);
        // What stands before the first one came later.
        System.arraycopy(indexes, 0, biggerIndexes, size, first);
        System.arraycopy(offsets, 0, biggerOffsets, size, first);
        indexes = biggerIndexes;
        offsets = biggerOffsets;
    }
}
