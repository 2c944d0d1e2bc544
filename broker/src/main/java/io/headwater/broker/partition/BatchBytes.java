package io.headwater.broker.partition;

import io.headwater.broker.queue.HeapBudget;
import java.util.Arrays;

/**
 * How many bytes the batches of a partition take of which some record is not done: exact, and kept up as records become
 * done. A batch counts whole until its last record is. Sixteen bytes a batch, in arrays by offset, from the first that
 * counts on.
 *
 * <p>Filled from the log, from some offset on, and then with what is appended; before each, heap for it is {@link
 * #reserve reserved}.
 */
final class BatchBytes {
    /** Whether some record of {@code [from, until)} is not done. */
    @FunctionalInterface
    interface Needs {
        boolean needs(long from, long until);
    }

    private static final int FIRST_ROOM = 64;
    /** Not worth giving back. */
    private static final int SMALL_ROOM = 1_024;

    private static final int BATCH_BYTES = 16;

    private final Needs needs;
    private final HeapBudget budget;
    private long[] bases = new long[FIRST_ROOM];
    private int[] spans = new int[FIRST_ROOM];
    /** With those that count no more, as 0, until there is want of room. */
    private int[] sizes = new int[FIRST_ROOM];

    private int count;
    private int gone;
    private long bytes;
    private long end;

    BatchBytes(Needs needs, long start, HeapBudget budget) {
        this.needs = needs;
        this.end = start;
        this.budget = budget;
        budget.changed(HeapBudget.Use.BATCHES, FIRST_ROOM * BATCH_BYTES);
    }

    /** Gives back its heap. */
    void close() {
        budget.changed(HeapBudget.Use.BATCHES, -BATCH_BYTES * (long) bases.length);
    }

    /** Whether there is heap for one more batch; then it is taken. */
    boolean reserve() {
        if (count < bases.length) {
            return true;
        }
        dropGone();
        if (count <= bases.length / 2) {
            return true;
        }
        int room = Math.multiplyExact(2, bases.length);
        if (!budget.reserve(HeapBudget.Use.BATCHES, (long) BATCH_BYTES * (room - bases.length))) {
            return count < bases.length;
        }
        resize(room);
        return true;
    }

    /** Batches below are known. */
    long end() {
        return end;
    }

    long bytes() {
        return bytes;
    }

    /**
     * The next batch; what lies between the end and it holds no records.
     *
     * @param size 0: neither does this one
     */
    void add(long base, long until, int size) {
        end = until;
        if (size == 0 || !needs.needs(base, until)) {
            return;
        }
        if (count == bases.length) {
            throw new IllegalStateException("batch " + base + ": nothing was reserved for it");
        }
        bases[count] = base;
        spans[count] = (int) (until - base);
        sizes[count] = size;
        count++;
        bytes += size;
    }

    /** These records are done in one group. */
    void done(long from, long until) {
        for (int at = lastAtOrBelow(from); at < count && bases[at] < until; at++) {
            if (sizes[at] > 0 && !needs.needs(bases[at], bases[at] + spans[at])) {
                bytes -= sizes[at];
                sizes[at] = 0;
                gone++;
            }
        }
        if (gone == count) {
            count = 0;
            gone = 0;
        }
        if (count - gone < bases.length / 4 && bases.length > SMALL_ROOM) {
            dropGone();
            int room = bases.length / 2;
            budget.changed(HeapBudget.Use.BATCHES, -BATCH_BYTES * (long) (bases.length - room));
            resize(room);
        }
    }

    private int lastAtOrBelow(long offset) {
        int found = Arrays.binarySearch(bases, 0, count, offset);
        return found >= 0 ? found : Math.max(0, -found - 2);
    }

    private void dropGone() {
        int left = 0;
        for (int at = 0; at < count; at++) {
            if (sizes[at] > 0) {
                bases[left] = bases[at];
                spans[left] = spans[at];
                sizes[left] = sizes[at];
                left++;
            }
        }
        count = left;
        gone = 0;
    }

    private void resize(int room) {
        bases = Arrays.copyOf(bases, room);
        spans = Arrays.copyOf(spans, room);
        sizes = Arrays.copyOf(sizes, room);
    }
}
