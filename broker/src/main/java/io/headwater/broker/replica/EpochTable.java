package io.headwater.broker.replica;

import java.util.ArrayList;
import java.util.List;

/**
 * Which entries of a log are of which epoch: one row per epoch, in order. Derived from the log. Two logs that have an
 * epoch in common are equal up to where the shorter one ends in it, because one leader wrote all of it; so these few
 * rows are enough to find where two logs part, and no entries need be compared.
 */
public final class EpochTable {
    /** The epoch of a log without entries. */
    public static final int NO_EPOCH = 0;

    /** Where an epoch that is not there would end. */
    static final long NOT_THERE = -1;

    private final List<EpochStart> rows = new ArrayList<>();

    /** Says that the entry at the end of the log is of this epoch. */
    public void append(int epoch, long index) {
        if (epoch < lastEpoch()) {
            throw new IllegalArgumentException("epoch: " + epoch + " (expected: >= " + lastEpoch() + ")");
        }
        if (rows.isEmpty() || epoch > lastEpoch()) {
            rows.add(new EpochStart(epoch, index));
        }
    }

    /** The log ends before this index now. */
    public void truncateTo(long endIndex) {
        while (!rows.isEmpty() && rows.get(rows.size() - 1).firstIndex() >= endIndex) {
            rows.remove(rows.size() - 1);
        }
    }

    /** The log starts at this index now. The row that this index falls into stays, and the last one always does. */
    public void dropBefore(long startIndex) {
        int gone = 0;
        while (gone + 1 < rows.size() && rows.get(gone + 1).firstIndex() <= startIndex) {
            gone++;
        }
        rows.subList(0, gone).clear();
    }

    public int lastEpoch() {
        return rows.isEmpty() ? NO_EPOCH : rows.get(rows.size() - 1).epoch();
    }

    /** The epoch of an entry that is in the log. */
    public int epochAt(long index) {
        int row = rowsUpTo(index) - 1;
        return row < 0 ? NO_EPOCH : rows.get(row).epoch();
    }

    /** The index behind the last entry of the epoch; {@link #NOT_THERE}: the log has none of it. */
    long endOf(int epoch, long endIndex) {
        int low = 0;
        int high = rows.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (rows.get(middle).epoch() < epoch) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == rows.size() || rows.get(low).epoch() != epoch) {
            return NOT_THERE;
        }
        return low + 1 < rows.size() ? rows.get(low + 1).firstIndex() : endIndex;
    }

    /** The rows for the entries from one index up to another; the first one is where the entries start. */
    public List<EpochStart> between(long fromIndex, long endIndex) {
        List<EpochStart> found = new ArrayList<>();
        for (int row = Math.max(0, rowsUpTo(fromIndex) - 1); row < rows.size(); row++) {
            EpochStart start = rows.get(row);
            if (start.firstIndex() >= endIndex) {
                break;
            }
            found.add(new EpochStart(start.epoch(), Math.max(fromIndex, start.firstIndex())));
        }
        return found;
    }

    /**
     * The last rows before an index, as a follower describes itself.
     *
     * @param endIndex of the log, or the first index of the rows that were sent before
     */
    LogTail tail(long startIndex, long endIndex, int maxRows) {
        int until = rowsUpTo(endIndex - 1);
        int from = Math.max(0, until - maxRows);
        return new LogTail(startIndex, endIndex, List.copyOf(rows.subList(from, until)), from);
    }

    /** How many rows start at or before the index. */
    private int rowsUpTo(long index) {
        int low = 0;
        int high = rows.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (rows.get(middle).firstIndex() <= index) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
