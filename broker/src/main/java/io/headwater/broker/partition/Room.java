package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.protocol.wire.Error;
import io.headwater.record.RecordBatch;
import io.headwater.storage.PartitionLog;
import org.jspecify.annotations.Nullable;

/** Whether a batch may come: by its topic's limits, and by the heap that queue groups may take. */
final class Room {
    private final PartitionInfo info;
    private final PartitionLog log;
    private final PartitionQueues queues;

    Room(PartitionInfo info, PartitionLog log, PartitionQueues queues) {
        this.info = info;
        this.log = log;
        this.queues = queues;
    }

    /** Null: there is room for all. What has no records needs none. */
    @Nullable
    Error judge(RecordBatch batch, @Nullable Wishes wishes, TopicPolicy.Limits limits) {
        int records = batch.recordCount();
        long room = limits.maxRecords() == TopicPolicy.NO_LIMIT ? Long.MAX_VALUE : limits.maxRecords() - outstanding();
        if (records > room && records > 0) {
            return PartitionErrors.limit(info, limits, records, room);
        }
        if (limits.maxBytes() != TopicPolicy.NO_LIMIT && records > 0) {
            Error full = judgeBytes(PartitionQueues.storedBytes(batch), limits);
            if (full != null) {
                return full;
            }
        }
        return queues.isEmpty() || queues.hasRoomFor(records, wishes) ? null : PartitionErrors.queuesFull(info);
    }

    /** Records that some group is not done with; without a group, all that there are. */
    private long outstanding() {
        return queues.isEmpty() ? log.endOffset() - log.startOffset() : queues.outstanding(log.endOffset());
    }

    /** Null: there is room. */
    private @Nullable Error judgeBytes(long wanted, TopicPolicy.Limits limits) {
        long taken = queues.isEmpty() ? log.stats().bytes() : queues.bytes(log.endOffset());
        if (taken < 0) {
            return PartitionErrors.counting(info);
        }
        return wanted <= limits.maxBytes() - taken
                ? null
                : PartitionErrors.limitOfBytes(info, limits, wanted, limits.maxBytes() - taken);
    }
}
