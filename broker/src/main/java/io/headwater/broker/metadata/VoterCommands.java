package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.AbortJoint;
import io.headwater.broker.metadata.wire.AddLearner;
import io.headwater.broker.metadata.wire.BeginJoint;
import io.headwater.broker.metadata.wire.DropLearner;
import io.headwater.broker.metadata.wire.FinishJoint;
import io.headwater.protocol.wire.ErrorCode;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the commands about the replicas of partitions do. Voters change only in two steps, and between them both sets
 * decide, so that no decision of the old set can miss one of the new.
 */
final class VoterCommands {
    private VoterCommands() {}

    static Outcome addLearner(MetadataImage image, AddLearner command) {
        PartitionInfo partition = image.partition(command.getPartitionId());
        if (partition == null) {
            return unknownPartition(command.getPartitionId());
        }
        Replica replica = MetadataCodec.replica(command.getReplica());
        ReplicaSet present = partition.replicas();
        if (present.isVoter(replica)) {
            return refused(partition, "learner: " + shown(replica) + " is a voter (expected: another replica)");
        }
        NodeInfo node = image.nodeOf(replica);
        if (node == null || node.draining()) {
            return refused(
                    partition,
                    "learner: " + shown(replica)
                            + " (expected: a registered node that is not leaving, with its present data directory)");
        }
        boolean known = present.learners().contains(replica);
        return known ? Committed.of(image) : learners(image, partition, present.withLearner(node.replica()));
    }

    static Outcome dropLearner(MetadataImage image, DropLearner command) {
        PartitionInfo partition = image.partition(command.getPartitionId());
        if (partition == null) {
            return unknownPartition(command.getPartitionId());
        }
        Replica replica = MetadataCodec.replica(command.getReplica());
        if (partition.replicas().isVoter(replica)) {
            return refused(partition, "learner: " + shown(replica) + " is a voter (expected: a learner)");
        }
        return learners(image, partition, partition.replicas().withoutLearner(replica));
    }

    private static Outcome learners(MetadataImage image, PartitionInfo partition, ReplicaSet changed) {
        return Committed.of(image.withPartitions(List.of(partition.withLearnersOf(changed))));
    }

    static Outcome beginJoint(MetadataImage image, BeginJoint command) {
        PartitionInfo partition = image.partition(command.getPartitionId());
        if (partition == null) {
            return unknownPartition(command.getPartitionId());
        }
        if (partition.cfgVer() != command.getCfgVer() || partition.replicas().isJoint()) {
            return otherConfiguration(partition, command.getCfgVer(), "none");
        }
        List<Replica> voters =
                command.getVotersList().stream().map(MetadataCodec::replica).toList();
        String problem = problemWith(image, partition.replicas(), voters);
        return problem != null
                ? refused(partition, problem)
                : changed(image, partition, partition.replicas().joint(voters));
    }

    private static @Nullable String problemWith(MetadataImage image, ReplicaSet present, List<Replica> voters) {
        if (voters.isEmpty() || voters.size() > Placement.MAX_REPLICAS) {
            return "voters: " + voters.size() + " (expected: 1 to " + Placement.MAX_REPLICAS + ")";
        }
        long nodes = voters.stream().mapToInt(Replica::nodeId).distinct().count();
        if (nodes < voters.size()) {
            return "voters: " + voters.size() + " on " + nodes + " nodes (expected: each on its own)";
        }
        for (Replica voter : voters) {
            boolean canJoin = present.learners().contains(voter) && image.nodeOf(voter) != null;
            if (!canJoin && !present.voters().contains(voter)) {
                return "voter: " + shown(voter)
                        + " (expected: a voter, or a learner on its node's present data directory)";
            }
        }
        return null;
    }

    /** Only when an entry that says so is committed by both sets. */
    static Outcome finishJoint(MetadataImage image, FinishJoint command) {
        return endJoint(image, command.getPartitionId(), command.getCfgVer(), ReplicaSet::finished);
    }

    static Outcome abortJoint(MetadataImage image, AbortJoint command) {
        return endJoint(image, command.getPartitionId(), command.getCfgVer(), ReplicaSet::aborted);
    }

    private static Outcome endJoint(
            MetadataImage image, long partitionId, int cfgVer, UnaryOperator<ReplicaSet> change) {
        PartitionInfo partition = image.partition(partitionId);
        if (partition == null) {
            return unknownPartition(partitionId);
        }
        if (partition.cfgVer() != cfgVer || !partition.replicas().isJoint()) {
            return otherConfiguration(partition, cfgVer, "one");
        }
        ReplicaSet changed = change.apply(partition.replicas());
        Leader leader = partition.leader();
        if (leader != null && changed.voters().stream().noneMatch(voter -> voter.nodeId() == leader.nodeId())) {
            return refused(
                    partition,
                    "leader: node " + leader.nodeId() + " would not be a voter (expected: transfer to one that stays)");
        }
        return changed(image, partition, changed);
    }

    private static Outcome changed(MetadataImage image, PartitionInfo partition, ReplicaSet changed) {
        return Committed.of(image.withPartitions(List.of(partition.inNextCfg(changed))));
    }

    private static Refused otherConfiguration(PartitionInfo partition, int cfgVer, String jointChanges) {
        return refused(
                partition,
                "version of the voters: " + cfgVer + " (expected: " + partition.cfgVer() + ", and " + jointChanges
                        + " of its joint changes to be on)");
    }

    private static String shown(Replica replica) {
        return "node " + replica.nodeId() + ", data directory " + NameRules.shown(replica.directoryId());
    }

    static Refused refused(PartitionInfo partition, String why) {
        return new Refused(ErrorCode.ERROR_INVALID_REQUEST, "partition " + partition.displayName() + ": " + why);
    }

    static Refused unknownPartition(long partitionId) {
        return new Refused(ErrorCode.ERROR_UNKNOWN_PARTITION, "partition " + partitionId + " does not exist");
    }
}
