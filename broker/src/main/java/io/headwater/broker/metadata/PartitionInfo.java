package io.headwater.broker.metadata;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One partition as the cluster knows it.
 *
 * @param partitionId unique for ever, never reused; names its directory on disk
 * @param index its place within its topic, from 0
 * @param epoch only rises; in one epoch at most one incarnation of one node ever leads
 * @param leader null while it is being sealed
 * @param cfgVer rises by one with each change of the voters
 * @param recoveredEpoch the last epoch whose leader was chosen without those that might have known better, by hand or because
 *     none was left; 0: never. Whoever has nothing of it may know as committed what was given up
 */
public record PartitionInfo(
        long partitionId,
        int topicId,
        String topicName,
        int index,
        int epoch,
        @Nullable Leader leader,
        int cfgVer,
        ReplicaSet replicas,
        int recoveredEpoch) {
    /** The version of a new partition's voters. */
    static final int FIRST_CFG_VER = 1;

    static final int NEVER_RECOVERED = 0;

    /** Where a partition is between two leaders. */
    public enum Phase {
        /** It has a leader. */
        ACTIVE,
        /** Its voters are asked to promise the epoch and to say what they have; nobody leads in it yet. */
        SEALING
    }

    /** One that nobody has placed, for code that deals with its log alone. */
    public PartitionInfo(long partitionId, int topicId, String topicName, int index, int epoch) {
        this(partitionId, topicId, topicName, index, epoch, null, FIRST_CFG_VER, ReplicaSet.NONE, NEVER_RECOVERED);
    }

    public Phase phase() {
        return leader == null ? Phase.SEALING : Phase.ACTIVE;
    }

    /** The leader of the present epoch, which had none. */
    PartitionInfo elected(Leader elected) {
        return with(epoch, elected, cfgVer, replicas);
    }

    /** The same, of which others may have had more: nobody can say. */
    PartitionInfo electedAtALoss(Leader elected) {
        return new PartitionInfo(partitionId, topicId, topicName, index, epoch, elected, cfgVer, replicas, epoch);
    }

    /** Null: to be sealed. */
    PartitionInfo inNextEpoch(@Nullable Leader next) {
        return with(epoch + 1, next, cfgVer, replicas);
    }

    /** Other learners; who votes stays the same. */
    PartitionInfo withLearnersOf(ReplicaSet changed) {
        return with(epoch, leader, cfgVer, changed);
    }

    /** Other voters. */
    PartitionInfo inNextCfg(ReplicaSet changed) {
        return with(epoch, leader, cfgVer + 1, changed);
    }

    /** Behind so many epochs, and changes of voters, of which nothing is known here. */
    PartitionInfo sealedAfter(int epochs) {
        return with(epoch + epochs, null, cfgVer + epochs, replicas);
    }

    /** In the next epoch, with this replica as its leader and only voter. */
    PartitionInfo recoveredBy(NodeInfo node) {
        return new PartitionInfo(
                partitionId,
                topicId,
                topicName,
                index,
                epoch + 1,
                node.leader(),
                cfgVer + 1,
                ReplicaSet.of(List.of(node.replica())),
                epoch + 1);
    }

    private PartitionInfo with(int inEpoch, @Nullable Leader ledBy, int inCfgVer, ReplicaSet by) {
        return new PartitionInfo(partitionId, topicId, topicName, index, inEpoch, ledBy, inCfgVer, by, recoveredEpoch);
    }

    /** As people name it: {@code orders-3}. */
    public String displayName() {
        return topicName + "-" + index;
    }
}
