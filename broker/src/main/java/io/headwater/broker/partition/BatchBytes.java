package io.headwater.broker.partition;

import java.util.Arrays;

/**
 * How many bytes the batches of a partition take of which some record is not done: exact, and kept up as records become
 * done. A batch counts whole until its last record is. Sixteen bytes a batch, in arrays by offset, from the first that
 * counts on.
 *
 * <p>Filled from the log, from some offset on, and then with what is appended.
 */
final class BatchBytes {
    /** Whether some record of {@code [from, until)} is not done. */
    @FunctionalInterface
    interface Needs {
        boolean needs(long from, long until);
    }

    private static final int FIRST_ROOM = 64;

    private final Needs needs;
    private long[] bases = new long[FIRST_ROOM];
    private int[] spans = new int[FIRST_ROOM];
    /** With those that count no more, as 0, until there is want of room. */
    private int[] sizes = new int[FIRST_ROOM];

    private int count;
    private int gone;
    private long bytes;
    private long end;

    BatchBytes(Needs needs, long start) {
        this.needs = needs;
        this.end = start;
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
            makeRoom();
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
    }

    private int lastAtOrBelow(long offset) {
        int found = Arrays.binarySearch(bases, 0, count, offset);
        return found >= 0 ? found : Math.max(0, -found - 2);
    }

    private void makeRoom() {
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
        if (count > bases.length / 2) {
            bases = Arrays.copyOf(bases, 2 * bases.length);
            spans = Arrays.copyOf(spans, 2 * spans.length);
            sizes = Arrays.copyOf(sizes, 2 * sizes.length);
        }
    }
}
