package io.headwater.broker.metadata;

import org.jspecify.annotations.Nullable;

/**
 * One partition as the cluster knows it.
 *
 * @param partitionId unique for ever, never reused; names its directory on disk
 * @param index its place within its topic, from 0
 * @param epoch only rises; in one epoch at most one incarnation of one node ever leads
 * @param leader null while it is being sealed
 * @param cfgVer rises by one with each change of the voters
 */
public record PartitionInfo(
        long partitionId,
        int topicId,
        String topicName,
        int index,
        int epoch,
        @Nullable Leader leader,
        int cfgVer,
        ReplicaSet replicas) {
    /** The version of a new partition's voters. */
    static final int FIRST_CFG_VER = 1;

    /** Where a partition is between two leaders. */
    public enum Phase {
        /** It has a leader. */
        ACTIVE,
        /** Its voters are asked to promise the epoch and to say what they have; nobody leads in it yet. */
        SEALING
    }

    /** One that nobody has placed, for code that deals with its log alone. */
    public PartitionInfo(long partitionId, int topicId, String topicName, int index, int epoch) {
        this(partitionId, topicId, topicName, index, epoch, null, FIRST_CFG_VER, ReplicaSet.NONE);
    }

    public Phase phase() {
        return leader == null ? Phase.SEALING : Phase.ACTIVE;
    }

    /** The leader of the present epoch, which had none. */
    PartitionInfo elected(Leader elected) {
        return new PartitionInfo(partitionId, topicId, topicName, index, epoch, elected, cfgVer, replicas);
    }

    /** Null: to be sealed. */
    PartitionInfo inNextEpoch(@Nullable Leader next) {
        return new PartitionInfo(partitionId, topicId, topicName, index, epoch + 1, next, cfgVer, replicas);
    }

    /** Other learners; who votes stays the same. */
    PartitionInfo withLearnersOf(ReplicaSet changed) {
        return new PartitionInfo(partitionId, topicId, topicName, index, epoch, leader, cfgVer, changed);
    }

    /** Other voters. */
    PartitionInfo inNextCfg(ReplicaSet changed) {
        return new PartitionInfo(partitionId, topicId, topicName, index, epoch, leader, cfgVer + 1, changed);
    }

    /** As people name it: {@code orders-3}. */
    public String displayName() {
        return topicName + "-" + index;
    }
}
