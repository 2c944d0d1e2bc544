package io.headwater.broker.partition;

import java.util.List;

/**
 * All positions that groups have committed in a partition.
 *
 * @param endIndex the positions reflect all entries of the log below this index, and all of them are durable
 */
public record GroupPositions(long endIndex, List<Committed> positions) {
    public GroupPositions {
        positions = List.copyOf(positions);
    }

    /**
     * One group's.
     *
     * @param offset next to read
     * @param committedMs when it was committed, by the wall clock
     */
    public record Committed(int groupId, long offset, long committedMs) {}
}
