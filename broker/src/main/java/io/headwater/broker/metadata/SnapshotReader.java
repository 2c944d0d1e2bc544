package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.FeatureLevel;
import io.headwater.broker.metadata.wire.GroupState;
import io.headwater.broker.metadata.wire.NodeState;
import io.headwater.broker.metadata.wire.QueueGroupState;
import io.headwater.broker.metadata.wire.ReplicaSetState;
import io.headwater.broker.metadata.wire.State;
import io.headwater.broker.metadata.wire.TopicState;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads one snapshot. Partitions share what the snapshot says once. A snapshot from before there were clusters says
 * nothing of replicas: its one node is the only voter and the leader of everything.
 */
final class SnapshotReader {
    private final State state;
    private final List<ReplicaSet> replicaSets = new ArrayList<>();
    private final List<Leader> leaders = new ArrayList<>();
    private ClusterState cluster;

    SnapshotReader(State state) {
        this.state = state;
        this.cluster = ClusterState.empty(state.getClusterId());
    }

    MetadataImage image() {
        state.getNodesList().forEach(node -> cluster = cluster.with(node(node)));
        for (FeatureLevel feature : state.getFeaturesList()) {
            cluster = cluster.withFeature(feature.getName(), feature.getLevel());
        }
        state.getRecoveriesList().forEach(recovery -> cluster = cluster.with(recovery(recovery)));
        state.getReplicaSetsList().forEach(set -> replicaSets.add(replicaSet(set)));
        state.getLeadersList().forEach(one -> leaders.add(new Leader(one.getNodeId(), one.getIncarnation())));
        List<TopicInfo> topics = new ArrayList<>(state.getTopicsCount());
        state.getTopicsList().forEach(topic -> topics.add(topic(topic)));
        MetadataImage image = MetadataImage.empty(state.getClusterId())
                .withCluster(cluster)
                .withTopics(topics)
                .withNext(nextIds())
                .at(state.getAppliedIndex());
        for (GroupState group : state.getGroupsList()) {
            image = image.withGroup(new GroupInfo(group.getId(), group.getName(), group.getCreatedMs()));
        }
        return image;
    }

    private NextIds nextIds() {
        NextIds next = new NextIds(
                state.getNextProducerId(),
                state.getNextTopicId(),
                state.getNextPartitionId(),
                state.getNextGroupId(),
                Math.max(1, state.getNextNodeId()));
        for (NodeState node : state.getNodesList()) {
            next = next.afterNode(node.getNodeId());
        }
        return next;
    }

    private static NodeInfo node(NodeState wire) {
        return new NodeInfo(
                new Replica(wire.getNodeId(), wire.getDirectoryId()),
                new Leader(wire.getNodeId(), wire.getIncarnation()),
                wire.getRun(),
                new NodeInfo.Details(
                        wire.getClientEndpoint(),
                        wire.getPeerEndpoint(),
                        wire.getRack(),
                        MetadataCodec.features(wire.getFeaturesList())),
                wire.getFenced(),
                wire.getDraining());
    }

    private static Recovery recovery(io.headwater.broker.metadata.wire.Recovery wire) {
        return new Recovery(
                wire.getIndex(),
                wire.getAtMs(),
                wire.getPartitionId(),
                wire.getEpoch(),
                MetadataCodec.replica(wire.getReplica()),
                wire.getOperator(),
                wire.getReason());
    }

    private static ReplicaSet replicaSet(ReplicaSetState wire) {
        return new ReplicaSet(
                replicas(wire.getVotersList()), replicas(wire.getNextVotersList()), replicas(wire.getLearnersList()));
    }

    private static List<Replica> replicas(List<io.headwater.broker.metadata.wire.Replica> wire) {
        return wire.stream().map(MetadataCodec::replica).toList();
    }

    private TopicInfo topic(TopicState wire) {
        List<QueueGroupInfo> groups = new ArrayList<>(wire.getQueueGroupsCount());
        for (QueueGroupState group : wire.getQueueGroupsList()) {
            groups.add(new QueueGroupInfo(
                    group.getId(),
                    group.getName(),
                    MetadataCodec.policy(group.getPolicy()),
                    group.getPolicy().getLeaseMs(),
                    group.getCreatedMs()));
        }
        return new TopicInfo(
                wire.getId(),
                wire.getName(),
                MetadataCodec.policy(wire.getPolicy()),
                new TopicInfo.Replication(wire.getReplicas(), wire.getWriteQuorum()),
                partitions(wire),
                groups,
                wire.getCreatedMs());
    }

    private List<PartitionInfo> partitions(TopicState wire) {
        int count = wire.getPartitionIdsCount();
        boolean old = wire.getPartitionReplicaSetsCount() == 0;
        requireCount(wire, "epochs", wire.getPartitionEpochsCount(), count);
        requireCount(wire, "replica sets", wire.getPartitionReplicaSetsCount(), old ? 0 : count);
        requireCount(wire, "leaders", wire.getPartitionLeadersCount(), old ? 0 : count);
        requireCount(wire, "configuration versions", wire.getPartitionCfgVersCount(), old ? 0 : count);
        boolean recovered = wire.getPartitionRecoveredEpochsCount() > 0;
        requireCount(wire, "recovered epochs", wire.getPartitionRecoveredEpochsCount(), recovered ? count : 0);
        if (old && count > 0) {
            return partitionsOfOneNode(wire);
        }
        List<PartitionInfo> partitions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int leader = wire.getPartitionLeaders(i);
            partitions.add(new PartitionInfo(
                    wire.getPartitionIds(i),
                    wire.getId(),
                    wire.getName(),
                    i,
                    wire.getPartitionEpochs(i),
                    leader == 0 ? null : at("leader", leaders, leader - 1),
                    wire.getPartitionCfgVers(i),
                    at("replica set", replicaSets, wire.getPartitionReplicaSets(i)),
                    recovered ? wire.getPartitionRecoveredEpochs(i) : PartitionInfo.NEVER_RECOVERED));
        }
        return partitions;
    }

    private List<PartitionInfo> partitionsOfOneNode(TopicState wire) {
        if (cluster.nodes().size() != 1) {
            throw new IllegalArgumentException("topic " + wire.getName() + ": partitions without replicas beside "
                    + cluster.nodes().size() + " nodes (expected: 1 node)");
        }
        NodeInfo node = cluster.nodes().values().iterator().next();
        ReplicaSet onThisNode = ReplicaSet.of(List.of(node.replica()));
        List<PartitionInfo> partitions = new ArrayList<>(wire.getPartitionIdsCount());
        for (int i = 0; i < wire.getPartitionIdsCount(); i++) {
            partitions.add(new PartitionInfo(
                    wire.getPartitionIds(i),
                    wire.getId(),
                    wire.getName(),
                    i,
                    wire.getPartitionEpochs(i),
                    node.leader(),
                    PartitionInfo.FIRST_CFG_VER,
                    onThisNode,
                    PartitionInfo.NEVER_RECOVERED));
        }
        return partitions;
    }

    private static void requireCount(TopicState topic, String what, int count, int expected) {
        if (count != expected) {
            throw new IllegalArgumentException(
                    "topic " + topic.getName() + ": " + count + " " + what + " (expected: " + expected + ")");
        }
    }

    private static <T> T at(String what, List<T> all, int place) {
        if (place < 0 || place >= all.size()) {
            throw new IllegalArgumentException(what + ": " + place + " (expected: 0 to " + (all.size() - 1) + ")");
        }
        return all.get(place);
    }
}
