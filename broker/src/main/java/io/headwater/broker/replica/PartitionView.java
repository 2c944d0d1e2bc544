package io.headwater.broker.replica;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the metadata says about a partition, as one node knows it: maybe late, maybe with steps left out. Nothing here
 * depends on its being fresh.
 *
 * @param index of the metadata entry that it reflects; a later view has a greater one
 * @param leader null while the epoch is sealed and has no leader yet
 * @param recoveredEpoch the last epoch whose leader was chosen without those that might have known better, by an operator or
 *     because none was left; 0: none
 * @param commitsWritten whether what a write quorum has written is committed, synced or not
 */
public record PartitionView(
        long index,
        int epoch,
        @Nullable Leader leader,
        Configuration configuration,
        List<ReplicaId> learners,
        int recoveredEpoch,
        boolean commitsWritten) {
    public PartitionView {
        learners = List.copyOf(learners);
    }

    /** Of a partition where only what is on disk counts. */
    public PartitionView(
            long index,
            int epoch,
            @Nullable Leader leader,
            Configuration configuration,
            List<ReplicaId> learners,
            int recoveredEpoch) {
        this(index, epoch, leader, configuration, learners, recoveredEpoch, false);
    }

    /** Of a partition that was never recovered by hand. */
    public PartitionView(
            long index, int epoch, @Nullable Leader leader, Configuration configuration, List<ReplicaId> learners) {
        this(index, epoch, leader, configuration, learners, EpochTable.NO_EPOCH);
    }

    public boolean isSealing() {
        return leader == null;
    }

    public boolean isMember(ReplicaId replica) {
        return configuration.isVoter(replica) || learners.contains(replica);
    }

    /** Whether the leader is a voter still: otherwise it does not lead, and nobody ever will in this epoch. */
    boolean isLedByVoter() {
        return leader != null && configuration.isVoter(leader.replica());
    }
}
