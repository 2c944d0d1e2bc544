package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.GroupState;
import io.headwater.broker.metadata.wire.NodeState;
import io.headwater.broker.metadata.wire.QueueGroupState;
import io.headwater.broker.metadata.wire.State;
import io.headwater.broker.metadata.wire.TopicState;
import io.headwater.broker.queue.Backoff;
import io.headwater.broker.queue.OnDead;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.protocol.wire.AckLevel;
import java.util.ArrayList;
import java.util.List;

/** Between the picture and the messages of the metadata log. */
public final class MetadataCodec {
    private MetadataCodec() {}

    /**
     * @throws IllegalArgumentException naming the field, its value and what was expected
     */
    static TopicPolicy policy(io.headwater.broker.metadata.wire.TopicPolicy wire) {
        AckLevel level = AckLevel.forNumber(wire.getAckLevel());
        return new TopicPolicy(
                wire.getRetentionMs(),
                wire.getRetentionBytes(),
                level == null ? AckLevel.ACK_UNSPECIFIED : level,
                new TopicPolicy.Compaction(
                        wire.getCompact(),
                        wire.getTombstoneDelayMs() == 0
                                ? TopicPolicy.Compaction.OFF.tombstoneDelayMs()
                                : wire.getTombstoneDelayMs()),
                new TopicPolicy.Work(
                        wire.getUntilAcked(), wire.getAckedGraceMs(), limits(wire), wire.getDeadLetter(), dedup(wire)));
    }

    private static TopicPolicy.Dedup dedup(io.headwater.broker.metadata.wire.TopicPolicy wire) {
        int maxIds = wire.getDedupMaxIds();
        return new TopicPolicy.Dedup(
                limit(wire.getDedupWindowMs()), maxIds == 0 ? TopicPolicy.Dedup.OFF.maxIds() : maxIds);
    }

    private static TopicPolicy.Limits limits(io.headwater.broker.metadata.wire.TopicPolicy wire) {
        return new TopicPolicy.Limits(
                limit(wire.getMaxRecords()),
                limit(wire.getMaxBytes()),
                limit(wire.getMaxAgeMs()),
                wire.getRejectsOverflow());
    }

    private static long limit(long wire) {
        return wire == 0 ? TopicPolicy.NO_LIMIT : wire;
    }

    public static io.headwater.broker.metadata.wire.TopicPolicy wire(TopicPolicy policy) {
        TopicPolicy.Limits limits = policy.work().limits();
        return io.headwater.broker.metadata.wire.TopicPolicy.newBuilder()
                .setRetentionMs(policy.retentionMs())
                .setRetentionBytes(policy.retentionBytes())
                .setAckLevel(policy.ackLevel().getNumber())
                .setCompact(policy.compaction().on())
                .setTombstoneDelayMs(policy.compaction().tombstoneDelayMs())
                .setUntilAcked(policy.work().untilAcked())
                .setAckedGraceMs(policy.work().ackedGraceMs())
                .setMaxRecords(limits.maxRecords())
                .setMaxAgeMs(limits.maxAgeMs())
                .setMaxBytes(limits.maxBytes())
                .setDedupWindowMs(policy.work().dedup().windowMs())
                .setDedupMaxIds(policy.work().dedup().maxIds())
                .setRejectsOverflow(limits.rejectsOverflow())
                .setDeadLetter(policy.work().deadLetter())
                .build();
    }

    /**
     * @throws IllegalArgumentException naming the field, its value and what was expected
     */
    static QueuePolicy policy(io.headwater.broker.metadata.wire.QueuePolicy wire) {
        return new QueuePolicy(
                wire.getKeyed(),
                wire.getMaxFailures(),
                new Backoff(
                        numbered("backoff", Backoff.Kind.values(), wire.getBackoff()),
                        wire.getBackoffFirstMs(),
                        wire.getBackoffMaxMs()),
                numbered("onDead", OnDead.values(), wire.getOnDead()),
                false,
                wire.getSessionGraceMs());
    }

    /** Numbers from 1 on, in the order of the enum: its values are only ever added at the end. */
    private static <E> E numbered(String field, E[] values, int number) {
        if (number < 1 || number > values.length) {
            throw new IllegalArgumentException(field + ": " + number + " (expected: 1 to " + values.length + ")");
        }
        return values[number - 1];
    }

    private static <E> int number(E[] values, E value) {
        return List.of(values).indexOf(value) + 1;
    }

    public static io.headwater.broker.metadata.wire.QueuePolicy wire(QueuePolicy policy, long leaseMs) {
        return io.headwater.broker.metadata.wire.QueuePolicy.newBuilder()
                .setKeyed(policy.keyed())
                .setMaxFailures(policy.maxFailures())
                .setBackoff(number(Backoff.Kind.values(), policy.backoff().kind()))
                .setBackoffFirstMs(policy.backoff().firstMs())
                .setBackoffMaxMs(policy.backoff().maxMs())
                .setOnDead(number(OnDead.values(), policy.onDead()))
                .setSessionGraceMs(policy.graceMs())
                .setLeaseMs(leaseMs)
                .build();
    }

    public static State snapshot(MetadataImage image) {
        MetadataImage.NextIds next = image.next();
        State.Builder state = State.newBuilder()
                .setAppliedIndex(image.appliedIndex())
                .setClusterId(image.clusterId())
                .setNextProducerId(next.producerId())
                .setNextTopicId(next.topicId())
                .setNextPartitionId(next.partitionId())
                .setNextGroupId(next.groupId());
        NodeInfo node = image.node();
        if (node != null) {
            state.addNodes(NodeState.newBuilder()
                    .setNodeId(node.nodeId())
                    .setDirectoryId(node.directoryId())
                    .setIncarnation(node.incarnation()));
        }
        for (TopicInfo topic : image.topics()) {
            state.addTopics(wire(topic));
        }
        for (GroupInfo group : image.groups()) {
            state.addGroups(GroupState.newBuilder()
                    .setId(group.id())
                    .setName(group.name())
                    .setCreatedMs(group.createdMs()));
        }
        return state.build();
    }

    private static TopicState wire(TopicInfo topic) {
        TopicState.Builder wire = TopicState.newBuilder()
                .setId(topic.id())
                .setName(topic.name())
                .setPolicy(wire(topic.policy()))
                .setCreatedMs(topic.createdMs());
        for (PartitionInfo partition : topic.partitions()) {
            wire.addPartitionIds(partition.partitionId()).addPartitionEpochs(partition.epoch());
        }
        for (QueueGroupInfo group : topic.queueGroups()) {
            wire.addQueueGroups(QueueGroupState.newBuilder()
                    .setId(group.id())
                    .setName(group.name())
                    .setPolicy(wire(group.policy(), group.leaseMs()))
                    .setCreatedMs(group.createdMs()));
        }
        return wire.build();
    }

    /**
     * @throws IllegalArgumentException if the snapshot contradicts itself
     */
    public static MetadataImage image(State state) {
        MetadataImage image = MetadataImage.empty(state.getClusterId());
        if (state.getNodesCount() > 1) {
            throw new IllegalArgumentException("nodes: " + state.getNodesCount() + " (expected: at most 1)");
        }
        for (NodeState node : state.getNodesList()) {
            image = image.withNode(new NodeInfo(node.getNodeId(), node.getDirectoryId(), node.getIncarnation()));
        }
        List<TopicInfo> topics = new ArrayList<>(state.getTopicsCount());
        for (TopicState topic : state.getTopicsList()) {
            topics.add(topic(topic));
        }
        image = image.withTopics(topics);
        for (GroupState group : state.getGroupsList()) {
            image = image.withGroup(new GroupInfo(group.getId(), group.getName(), group.getCreatedMs()));
        }
        return image.withNext(new MetadataImage.NextIds(
                        state.getNextProducerId(),
                        state.getNextTopicId(),
                        state.getNextPartitionId(),
                        state.getNextGroupId()))
                .at(state.getAppliedIndex());
    }

    private static TopicInfo topic(TopicState wire) {
        if (wire.getPartitionIdsCount() != wire.getPartitionEpochsCount()) {
            throw new IllegalArgumentException("topic " + wire.getName() + ": " + wire.getPartitionEpochsCount()
                    + " epochs (expected: " + wire.getPartitionIdsCount() + ")");
        }
        List<PartitionInfo> partitions = new ArrayList<>(wire.getPartitionIdsCount());
        for (int i = 0; i < wire.getPartitionIdsCount(); i++) {
            partitions.add(new PartitionInfo(
                    wire.getPartitionIds(i), wire.getId(), wire.getName(), i, wire.getPartitionEpochs(i)));
        }
        List<QueueGroupInfo> groups = new ArrayList<>(wire.getQueueGroupsCount());
        for (QueueGroupState group : wire.getQueueGroupsList()) {
            groups.add(new QueueGroupInfo(
                    group.getId(),
                    group.getName(),
                    policy(group.getPolicy()),
                    group.getPolicy().getLeaseMs(),
                    group.getCreatedMs()));
        }
        return new TopicInfo(
                wire.getId(), wire.getName(), policy(wire.getPolicy()), partitions, groups, wire.getCreatedMs());
    }
}
