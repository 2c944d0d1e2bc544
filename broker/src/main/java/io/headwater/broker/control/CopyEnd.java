package io.headwater.broker.control;

import java.util.Comparator;

/**
 * How a copy of a partition ends, on disk.
 *
 * @param incarnation of the node when it said so
 * @param endIndex behind its last entry
 */
public record CopyEnd(int nodeId, long incarnation, int lastEpoch, long endIndex) {
    /** A later epoch has everything that was committed in those before. */
    static final Comparator<CopyEnd> COMPLETENESS =
            Comparator.comparingInt(CopyEnd::lastEpoch).thenComparingLong(CopyEnd::endIndex);
}
