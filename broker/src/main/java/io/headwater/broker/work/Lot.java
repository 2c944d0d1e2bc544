package io.headwater.broker.work;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.record.KeyHash;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordHeader;
import java.util.List;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/** What goes to another topic in one batch: as many of the records that are offered as go to the same partition. */
final class Lot {
    static final int MOST_RECORDS = 1_000;
    private static final int MOST_BYTES = 1 << 20;

    private final PartitionInfo from;
    private final int most;
    private final int largest;
    private final LongArrayList offsets = new LongArrayList();
    private long partitionId;
    private long bytes;

    /** What becomes of a record that is offered. */
    enum Verdict {
        TAKEN,
        /** It goes to another partition than those that were taken. */
        ELSEWHERE,
        /** There is no room for it any more. */
        FULL,
        /** Its copy would be larger than a record may be. */
        TOO_LARGE
    }

    /** @param largest the largest batch that holds one record, in bytes */
    Lot(PartitionInfo from, int most, int largest) {
        this.from = from;
        this.most = most;
        this.largest = largest;
    }

    Verdict offer(
            long offset, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers, TopicInfo to) {
        if (isTooLarge(key, value, headers)) {
            return Verdict.TOO_LARGE;
        }
        int size = RecordBatchBuilder.sizeUpperBound(key, value, headers);
        int count = to.partitions().size();
        int index = key == null ? from.index() % count : KeyHash.partitionFor(key, count);
        long target = to.partitions().get(index).partitionId();
        if (!isEmpty() && target != partitionId) {
            return Verdict.ELSEWHERE;
        }
        if (isFull() || (!isEmpty() && bytes + size > Math.min(MOST_BYTES, largest))) {
            return Verdict.FULL;
        }
        partitionId = target;
        offsets.addLong(offset);
        bytes += size;
        return Verdict.TAKEN;
    }

    /** Whether a copy would be larger than a record may be. */
    boolean isTooLarge(byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        return RecordBatchBuilder.sizeUpperBound(key, value, headers) > largest;
    }

    boolean isFull() {
        return offsets.size() >= most;
    }

    boolean isEmpty() {
        return offsets.isEmpty();
    }

    /** Of one that is not empty. */
    long partitionId() {
        return partitionId;
    }

    /** In the order in which they were offered. */
    long[] offsets() {
        return offsets.toLongArray();
    }
}
