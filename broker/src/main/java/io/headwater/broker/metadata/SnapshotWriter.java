package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.FeatureLevel;
import io.headwater.broker.metadata.wire.FeatureRange;
import io.headwater.broker.metadata.wire.GroupState;
import io.headwater.broker.metadata.wire.LeaderState;
import io.headwater.broker.metadata.wire.NodeState;
import io.headwater.broker.metadata.wire.QueueGroupState;
import io.headwater.broker.metadata.wire.ReplicaSetState;
import io.headwater.broker.metadata.wire.State;
import io.headwater.broker.metadata.wire.TopicState;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes one snapshot. Equal pictures give equal bytes. What many partitions share is written once. */
final class SnapshotWriter {
    private final State.Builder state = State.newBuilder();
    /** Their places in the snapshot. */
    private final Map<ReplicaSet, Integer> replicaSets = new LinkedHashMap<>();

    private final Map<Leader, Integer> leaders = new LinkedHashMap<>();

    State state(MetadataImage image) {
        NextIds next = image.next();
        state.setAppliedIndex(image.appliedIndex())
                .setClusterId(image.clusterId())
                .setNextProducerId(next.producerId())
                .setNextTopicId(next.topicId())
                .setNextPartitionId(next.partitionId())
                .setNextGroupId(next.groupId())
                .setNextNodeId(next.nodeId());
        image.nodes().forEach(node -> state.addNodes(wire(node)));
        image.features()
                .forEach((name, level) -> state.addFeatures(
                        FeatureLevel.newBuilder().setName(name).setLevel(level)));
        image.recoveries().forEach(recovery -> state.addRecoveries(wire(recovery)));
        image.topics().forEach(topic -> state.addTopics(wire(topic)));
        for (GroupInfo group : image.groups()) {
            state.addGroups(GroupState.newBuilder()
                    .setId(group.id())
                    .setName(group.name())
                    .setCreatedMs(group.createdMs()));
        }
        replicaSets.keySet().forEach(set -> state.addReplicaSets(wire(set)));
        for (Leader leader : leaders.keySet()) {
            state.addLeaders(LeaderState.newBuilder().setNodeId(leader.nodeId()).setIncarnation(leader.incarnation()));
        }
        return state.build();
    }

    private static NodeState.Builder wire(NodeInfo node) {
        NodeInfo.Details details = node.details();
        NodeState.Builder wire = NodeState.newBuilder()
                .setNodeId(node.nodeId())
                .setDirectoryId(node.directoryId())
                .setIncarnation(node.incarnation())
                .setRun(node.run())
                .setClientEndpoint(details.clientEndpoint())
                .setPeerEndpoint(details.peerEndpoint())
                .setRack(details.rack())
                .setFenced(node.fenced())
                .setDraining(node.draining());
        details.features()
                .forEach((name, range) -> wire.addFeatures(FeatureRange.newBuilder()
                        .setName(name)
                        .setMin(range.min())
                        .setMax(range.max())));
        return wire;
    }

    private static io.headwater.broker.metadata.wire.Recovery.Builder wire(Recovery recovery) {
        return io.headwater.broker.metadata.wire.Recovery.newBuilder()
                .setIndex(recovery.index())
                .setAtMs(recovery.atMs())
                .setPartitionId(recovery.partitionId())
                .setEpoch(recovery.epoch())
                .setReplica(MetadataCodec.wire(recovery.replica()))
                .setOperator(recovery.operator())
                .setReason(recovery.reason());
    }

    private static ReplicaSetState.Builder wire(ReplicaSet set) {
        ReplicaSetState.Builder wire = ReplicaSetState.newBuilder();
        set.voters().forEach(replica -> wire.addVoters(MetadataCodec.wire(replica)));
        set.nextVoters().forEach(replica -> wire.addNextVoters(MetadataCodec.wire(replica)));
        set.learners().forEach(replica -> wire.addLearners(MetadataCodec.wire(replica)));
        return wire;
    }

    private TopicState.Builder wire(TopicInfo topic) {
        TopicState.Builder wire = TopicState.newBuilder()
                .setId(topic.id())
                .setName(topic.name())
                .setPolicy(MetadataCodec.wire(topic.policy()))
                .setCreatedMs(topic.createdMs())
                .setReplicas(topic.replication().replicas())
                .setWriteQuorum(topic.replication().writeQuorum());
        for (PartitionInfo partition : topic.partitions()) {
            Leader leader = partition.leader();
            wire.addPartitionIds(partition.partitionId())
                    .addPartitionEpochs(partition.epoch())
                    .addPartitionReplicaSets(place(replicaSets, partition.replicas()))
                    .addPartitionLeaders(leader == null ? 0 : 1 + place(leaders, leader))
                    .addPartitionCfgVers(partition.cfgVer());
        }
        if (topic.partitions().stream()
                .anyMatch(partition -> partition.recoveredEpoch() != PartitionInfo.NEVER_RECOVERED)) {
            topic.partitions().forEach(partition -> wire.addPartitionRecoveredEpochs(partition.recoveredEpoch()));
        }
        for (QueueGroupInfo group : topic.queueGroups()) {
            wire.addQueueGroups(QueueGroupState.newBuilder()
                    .setId(group.id())
                    .setName(group.name())
                    .setPolicy(MetadataCodec.wire(group.policy(), group.leaseMs()))
                    .setCreatedMs(group.createdMs()));
        }
        return wire;
    }

    private static <T> int place(Map<T, Integer> places, T value) {
        Integer place = places.putIfAbsent(value, places.size());
        return place == null ? places.size() - 1 : place;
    }
}
