package io.headwater.broker.replica;

import java.util.List;

/**
 * How a follower describes its log to a leader.
 *
 * @param startIndex of the log
 * @param endIndex behind the last row; that of the log, unless later rows have been sent before
 * @param rows the epochs up to there, the newest last
 * @param olderRows how many come before these and are not told
 */
public record LogTail(long startIndex, long endIndex, List<EpochStart> rows, int olderRows) {
    /** The index behind the last entry of the row's epoch. */
    long endOfRow(int row) {
        return row + 1 < rows.size() ? rows.get(row + 1).firstIndex() : endIndex;
    }
}
