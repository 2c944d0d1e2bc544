package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.Command;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What must hold of every two pictures that follow each other, whatever the command between them was. */
final class ClusterInvariants {
    private record InEpoch(long partitionId, int epoch) {}

    private final Map<InEpoch, Leader> leaders = new HashMap<>();

    void check(MetadataImage before, Command command, MetadataImage after) {
        for (TopicInfo topic : after.topics()) {
            for (int index = 0; index < topic.partitions().size(); index++) {
                PartitionInfo partition = topic.partitions().get(index);
                assertEquals(index, partition.index());
                assertEquals(partition, after.partition(partition.partitionId()));
                replicas(partition.replicas());
                leader(before.partition(partition.partitionId()), partition, after);
                PartitionInfo was = before.partition(partition.partitionId());
                if (was != null) {
                    step(was, partition, command.hasUnsafeRecover());
                }
            }
        }
    }

    private static void replicas(ReplicaSet replicas) {
        onDifferentNodes(replicas.voters());
        onDifferentNodes(replicas.nextVoters());
        assertTrue(!replicas.voters().isEmpty(), "nobody votes");
        for (Replica learner : replicas.learners()) {
            assertTrue(!replicas.isVoter(learner), "a learner that votes: " + replicas);
        }
    }

    private static void onDifferentNodes(List<Replica> voters) {
        assertEquals(
                voters.size(), voters.stream().map(Replica::nodeId).distinct().count(), "on one node: " + voters);
    }

    private void leader(@Nullable PartitionInfo was, PartitionInfo partition, MetadataImage after) {
        Leader leader = partition.leader();
        if (leader == null) {
            return;
        }
        Leader known = leaders.putIfAbsent(new InEpoch(partition.partitionId(), partition.epoch()), leader);
        assertTrue(known == null || known.equals(leader), "two leaders of one epoch: " + partition);
        assertTrue(
                partition.replicas().voters().stream().anyMatch(voter -> voter.nodeId() == leader.nodeId())
                        || partition.replicas().nextVoters().stream()
                                .anyMatch(voter -> voter.nodeId() == leader.nodeId()),
                "a leader that is no voter: " + partition);
        if (was == null || !leader.equals(was.leader()) || was.epoch() != partition.epoch()) {
            NodeInfo node = Objects.requireNonNull(after.node(leader.nodeId()));
            assertEquals(node.leader(), leader, "chosen in an incarnation that is over: " + partition);
            assertTrue(!node.fenced(), "chosen while fenced: " + partition);
            assertTrue(partition.replicas().isVoter(node.replica()), "chosen with another directory: " + partition);
        }
    }

    private static void step(PartitionInfo was, PartitionInfo is, boolean byHand) {
        assertTrue(is.epoch() >= was.epoch(), "epochs: " + was + " -> " + is);
        boolean otherLeader = !Objects.equals(was.leader(), is.leader());
        assertTrue(
                !otherLeader || was.leader() == null || is.epoch() > was.epoch(),
                "another leader in the same epoch: " + was + " -> " + is);
        ReplicaSet before = was.replicas();
        ReplicaSet after = is.replicas();
        boolean otherVoters =
                !before.voters().equals(after.voters()) || !before.nextVoters().equals(after.nextVoters());
        boolean recovered = byHand && is.epoch() > was.epoch();
        assertEquals(was.cfgVer() + (otherVoters || recovered ? 1 : 0), is.cfgVer());
        if (before.isJoint() && after.isJoint()) {
            assertEquals(before.nextVoters(), after.nextVoters(), "a joint change from a joint change");
        }
        if (!before.voters().equals(after.voters()) && !byHand) {
            assertEquals(before.nextVoters(), after.voters(), "voters that change in one step");
            assertTrue(!after.isJoint());
        }
    }
}
