package io.headwater.broker.stream;

import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.storage.StorageException;

/** Where an anchor lies in a partition, now. */
public final class OffsetFinder {
    private OffsetFinder() {}

    /**
     * @param nowMs by the clock that stamps records
     */
    public static FindOffsetReply find(Partition partition, Anchor anchor, long value, long nowMs)
            throws StorageException, RequestFailedException {
        long start = partition.startOffset();
        long end = partition.committedOffset();
        long offset = switch (anchor) {
            case ANCHOR_BEGINNING -> start;
            case ANCHOR_END -> end;
            case ANCHOR_OFFSET -> inRange(partition, value, start, end);
            case ANCHOR_INGESTION_TIME -> partition.log().offsetForIngestionTime(value);
            case ANCHOR_EVENT_TIME -> partition.log().offsetForEventTime(value);
            default ->
                throw new RequestFailedException(
                        Errors.of(ErrorCode.ERROR_INVALID_REQUEST, "anchor: " + anchor + " (expected: a known one)"));
        };
        return FindOffsetReply.newBuilder()
                .setOffset(Math.max(start, Math.min(end, offset)))
                .setStartOffset(start)
                .setEndOffset(end)
                .setCompleteUntilMs(partition.log().endOffset() == end ? nowMs : 0)
                .build();
    }

    private static long inRange(Partition partition, long offset, long start, long end) throws RequestFailedException {
        if (offset < start || offset > end) {
            throw new RequestFailedException(PartitionErrors.outOfRange(partition.info(), offset, start, end));
        }
        return offset;
    }
}
