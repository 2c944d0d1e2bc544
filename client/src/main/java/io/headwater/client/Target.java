package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.Subscribe;

/** Who answers a request: the leader of a partition, whose id is its target, or one of these. */
final class Target {
    /** Every broker. */
    static final long ANY = -1;
    /** The one that decides for the cluster. */
    static final long CONTROLLER = -2;
    /** Whoever is at the other end: of this connection, or of each batch by itself. */
    static final long NONE = -3;

    private Target() {}

    static long of(FrameType type, MessageLite request) {
        return switch (type) {
            case SUBSCRIBE -> ((Subscribe) request).getPartitionId();
            case FIND_OFFSET -> ((FindOffset) request).getPartitionId();
            case ERASE_RECORDS -> ((EraseRecords) request).getPartitionId();
            case QUEUE_OPEN -> ((QueueOpen) request).getPartitionId();
            case QUEUE_SETTLE -> ((QueueSettle) request).getPartitionId();
            case QUEUE_BROWSE -> ((QueueBrowse) request).getPartitionId();
            case QUEUE_EXPLAIN -> ((QueueExplain) request).getPartitionId();
            case QUEUE_OPERATE -> ((QueueOperate) request).getPartitionId();
            case GET_TOPICS, INIT_PRODUCER, GET_STATUS, GET_CLUSTER -> ANY;
            case HELLO, PRODUCE, UNSUBSCRIBE, QUEUE_CLOSE, CREDIT, QUEUE_CREDIT -> NONE;
            default -> CONTROLLER;
        };
    }

    static boolean isPartition(long target) {
        return target >= 0;
    }
}
