package io.headwater.broker.replica;

import java.util.List;

/**
 * What a controller asks the metadata to change. Each is compare-and-set: it names what it was decided on, and takes
 * effect only if that is still so (R14). Two controllers can therefore act at once.
 */
public sealed interface MetadataCommand {
    long partition();

    /** Ends this epoch: the next one has no leader yet. */
    record Seal(long partition, int epoch) implements MetadataCommand {}

    /**
     * Gives the sealed epoch its leader. It must be a voter in this configuration.
     *
     * @param mayLose too few of those that were heard are sure to have all that they acknowledged: that is to be kept for people
     */
    record Elect(long partition, int epoch, int configurationVersion, Leader leader, boolean mayLose)
            implements MetadataCommand {
        /** Of one that has all that was committed. */
        public Elect(long partition, int epoch, int configurationVersion, Leader leader) {
            this(partition, epoch, configurationVersion, leader, false);
        }
    }

    /** Starts the next epoch with a leader and without a seal (R11). The leader must be a voter. */
    record Transfer(long partition, int epoch, Leader leader) implements MetadataCommand {}

    record AddLearner(long partition, ReplicaId learner) implements MetadataCommand {}

    /** Not while a change is under way. */
    record BeginJoint(long partition, int configurationVersion, List<ReplicaId> newVoters) implements MetadataCommand {}

    record FinishJoint(long partition, int configurationVersion) implements MetadataCommand {}

    record AbortJoint(long partition, int configurationVersion) implements MetadataCommand {}
}
