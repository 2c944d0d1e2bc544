package io.headwater.broker.metadata;

import static java.util.Objects.requireNonNull;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.metadata.wire.Transfer;
import io.headwater.broker.metadata.wire.UnsafeRecover;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the commands about the leaders of partitions do. Epochs are made here, when a node registers, and nowhere else.
 * Each step either raises the epoch or puts a leader in one that never had one, so that no epoch ever has two.
 */
final class LeaderCommands {
    private static final int MAX_TEXT = 500;
    private static final String POWER_LOST = "possible loss: a majority of its machines went down before all that was"
            + " acknowledged was synced; the most complete copy of all is kept";

    private LeaderCommands() {}

    static Outcome seal(MetadataImage image, Seal command) {
        Batch batch = new Batch(image);
        for (Seal.Item item : command.getItemsList()) {
            PartitionInfo partition = batch.partition(item.getPartitionId());
            batch.add(partition == null || partition.epoch() != item.getEpoch() ? null : partition.inNextEpoch(null));
        }
        return batch.committed();
    }

    static Outcome elect(MetadataImage image, Elect command, long atMs) {
        Batch batch = new Batch(image);
        for (Elect.Item item : command.getItemsList()) {
            PartitionInfo elected = elected(image, batch.partition(item.getPartitionId()), item);
            batch.add(elected);
            if (elected != null && item.getMayLose()) {
                batch.keep(loss(image, elected, item.getNodeId(), atMs));
            }
        }
        return batch.committed();
    }

    private static Recovery loss(MetadataImage image, PartitionInfo elected, int nodeId, long atMs) {
        return new Recovery(
                image.appliedIndex(),
                atMs,
                elected.partitionId(),
                elected.epoch(),
                requireNonNull(image.node(nodeId)).replica(),
                Recovery.NOBODY,
                POWER_LOST);
    }

    private static @Nullable PartitionInfo elected(
            MetadataImage image, @Nullable PartitionInfo partition, Elect.Item item) {
        if (partition == null
                || partition.phase() != PartitionInfo.Phase.SEALING
                || partition.epoch() != item.getEpoch()
                || partition.cfgVer() != item.getCfgVer()) {
            return null;
        }
        NodeInfo node = image.node(item.getNodeId());
        if (node == null || !mayLead(node, item.getIncarnation(), partition)) {
            return null;
        }
        return item.getMayLose() ? partition.electedAtALoss(node.leader()) : partition.elected(node.leader());
    }

    private static boolean mayLead(NodeInfo node, long incarnation, PartitionInfo partition) {
        return !node.fenced()
                && node.incarnation() == incarnation
                && partition.replicas().isVoter(node.replica());
    }

    /** From a leader that has stopped to a voter that has everything: without a seal. */
    static Outcome transfer(MetadataImage image, Transfer command) {
        PartitionInfo partition = image.partition(command.getPartitionId());
        if (partition == null) {
            return VoterCommands.unknownPartition(command.getPartitionId());
        }
        if (partition.epoch() != command.getEpoch() || partition.phase() != PartitionInfo.Phase.ACTIVE) {
            return VoterCommands.refused(
                    partition,
                    "epoch: " + command.getEpoch() + " (expected: " + partition.epoch() + ", which is "
                            + partition.phase() + "; only from a leader can be transferred)");
        }
        NodeInfo node = image.node(command.getNodeId());
        if (node == null || !mayLead(node, command.getIncarnation(), partition)) {
            return VoterCommands.refused(
                    partition,
                    "leader: node " + command.getNodeId() + " in incarnation " + command.getIncarnation()
                            + " (expected: a voter that is registered with that incarnation and not fenced)");
        }
        return Committed.of(image.withPartitions(List.of(partition.inNextEpoch(node.leader()))));
    }

    /** What the others hold is given up: they are nobody from now on, even if they come back. */
    static Outcome unsafeRecover(MetadataImage image, UnsafeRecover command, long atMs) {
        PartitionInfo partition = image.partition(command.getPartitionId());
        if (partition == null) {
            return VoterCommands.unknownPartition(command.getPartitionId());
        }
        if (partition.epoch() != command.getEpoch() || image.hasQuorum(partition)) {
            return VoterCommands.refused(
                    partition,
                    "epoch: " + command.getEpoch() + " (expected: " + partition.epoch() + ", and fewer than a write"
                            + " quorum of its voters on nodes that are alive; otherwise it goes on without any loss)");
        }
        Replica replica = MetadataCodec.replica(command.getReplica());
        NodeInfo node = image.nodeOf(replica);
        if (node == null || node.fenced() || !partition.replicas().contains(replica)) {
            return VoterCommands.refused(
                    partition,
                    "replica: node " + replica.nodeId() + ", data directory " + NameRules.shown(replica.directoryId())
                            + " (expected: one of the partition's replicas, on a node that is alive)");
        }
        if (isBad(command.getOperator()) || isBad(command.getReason())) {
            return VoterCommands.refused(
                    partition, "operator and reason (expected: both, of at most " + MAX_TEXT + " characters)");
        }
        PartitionInfo recovered = partition.recoveredBy(node);
        Recovery recovery = new Recovery(
                image.appliedIndex(),
                atMs,
                partition.partitionId(),
                recovered.epoch(),
                replica,
                command.getOperator(),
                command.getReason());
        return Committed.of(image.withPartitions(List.of(recovered))
                .withCluster(image.cluster().with(recovery)));
    }

    private static boolean isBad(String text) {
        return text.isBlank() || text.length() > MAX_TEXT;
    }

    /** Many partitions changed in one step, each item seeing what those before it did. */
    private static final class Batch {
        private final MetadataImage image;
        private final Map<Long, PartitionInfo> changed = new LinkedHashMap<>();
        private final List<Boolean> took = new ArrayList<>();
        private ClusterState cluster;

        Batch(MetadataImage image) {
            this.image = image;
            this.cluster = image.cluster();
        }

        @Nullable
        PartitionInfo partition(long partitionId) {
            PartitionInfo before = changed.get(partitionId);
            return before == null ? image.partition(partitionId) : before;
        }

        /** What the next item made of its partition; null: it did not fit. */
        void add(@Nullable PartitionInfo partition) {
            took.add(partition != null);
            if (partition != null) {
                changed.put(partition.partitionId(), partition);
            }
        }

        void keep(Recovery recovery) {
            cluster = cluster.with(recovery);
        }

        Committed committed() {
            MetadataImage after = image.withPartitions(changed.values()).withCluster(cluster);
            return new Committed(image.appliedIndex(), after, 0, took);
        }
    }
}
