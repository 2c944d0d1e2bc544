package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.QueuePartition;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * How other rooms talk to the owners of partitions. Every call posts a value into the owner's mailbox and returns at
 * once; the stage completes on the executor that the implementation was made with (the caller's own mailbox), never on
 * the owner's thread. A stage that fails does so with a {@link RequestFailedException} that carries the wire error.
 */
public interface Partitions {
    /**
     * What the partition holds and how fast it moves; {@code share} is left for the caller, who sees all partitions. Where
     * its end cannot be confirmed the state says so.
     *
     * @param local what its leader believes is enough
     */
    CompletionStage<PartitionDescription> describe(PartitionInfo partition, boolean local);

    /**
     * How far the followers of all that a node leads are behind it, without the names of topics; about a second old. Opens no
     * log. Fails if the node does not answer within a second.
     */
    CompletionStage<ClusterLags> lags(int node);

    /** Confirmed, as {@code FindOffset} of the protocol. */
    CompletionStage<FindOffsetReply> findOffset(PartitionInfo partition, Anchor anchor, long value);

    /** Sets a group's position; completes when it is durable. A position behind the present one is kept as it is: a
     * commit never goes back. Ahead of the committed end is an error. */
    CompletionStage<Void> commit(PartitionInfo partition, int groupId, CommitPosition position, long nowMs);

    /** Like {@link #commit}, but may go back. */
    CompletionStage<Void> seek(PartitionInfo partition, int groupId, CommitPosition position, long nowMs);

    /** The group's durable position; -1: none. */
    CompletionStage<Long> position(PartitionInfo partition, int groupId);

    /** The durable positions of all groups and the log's end, at one moment; the control agent makes its view of them. */
    CompletionStage<PositionsSnapshot> positions(PartitionInfo partition);

    /**
     * Position, end, lag in records and in time, processing times, as the leader believes; names of topic and member are the
     * caller's.
     */
    CompletionStage<GroupPartition> groupPartition(PartitionInfo partition, int groupId);

    /** Removes a group's position, durably. */
    CompletionStage<Void> forgetGroup(PartitionInfo partition, int groupId);

    /** What a queue group has in the partition, and who works on it. Where that cannot be confirmed the state says so. */
    CompletionStage<QueuePartition> describeQueue(PartitionInfo partition, int groupId);

    /** The topic has other queue groups than before: consumers of a deleted one are told. */
    CompletionStage<Boolean> queueGroupsChanged(PartitionInfo partition);

    /**
     * Ends what waits on the partition with ERROR_UNKNOWN_PARTITION and deletes its files, unless the metadata have given this
     * broker a copy of it by then.
     */
    CompletionStage<Void> delete(long partitionId);

    /** Applies the topic's retention. */
    void retain(PartitionInfo partition, TopicPolicy policy, long nowMs);

    /** Frees the memory and the files of partitions that nobody has used for a while. */
    void hibernateIdle(long nowMs);

    /**
     * All positions that groups have committed in a partition.
     *
     * @param endIndex the positions reflect all entries of the log below this index, and all of them are durable
     */
    record PositionsSnapshot(long endIndex, List<Committed> positions) {
        public PositionsSnapshot {
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
}
