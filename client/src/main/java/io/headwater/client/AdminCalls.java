package io.headwater.client;

import com.google.protobuf.ByteString;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DecommissionNode;
import io.headwater.protocol.wire.DeleteGroup;
import io.headwater.protocol.wire.DeleteGroupReply;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.DescribeGroup;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.EraseRecordsReply;
import io.headwater.protocol.wire.Feature;
import io.headwater.protocol.wire.GetCluster;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.GroupSummary;
import io.headwater.protocol.wire.Groups;
import io.headwater.protocol.wire.ListGroups;
import io.headwater.protocol.wire.MoveReplicas;
import io.headwater.protocol.wire.OperateCluster;
import io.headwater.protocol.wire.OperateClusterReply;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.RaiseFeatures;
import io.headwater.protocol.wire.Rebalance;
import io.headwater.protocol.wire.RecoverUnsafely;
import io.headwater.protocol.wire.RecoveryPlan;
import io.headwater.protocol.wire.ReplicaMove;
import io.headwater.protocol.wire.SeekGroup;
import io.headwater.protocol.wire.SeekGroupReply;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Toggle;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.protocol.wire.TopicDescription;
import io.headwater.protocol.wire.Topics;
import io.headwater.protocol.wire.TransferLeader;
import io.headwater.record.DeadLetterHeaders;
import java.util.ArrayList;
import java.util.List;

/** Each method is one request. */
final class AdminCalls implements Admin {
    private final Caller caller;

    AdminCalls(Caller caller) {
        this.caller = caller;
    }

    @Override
    public Topic createTopic(String name, TopicSettings settings) {
        CreateTopic request = CreateTopic.newBuilder()
                .setName(name)
                .setPartitions(settings.partitions())
                .setReplicas(settings.replicas())
                .setConfig(config(settings))
                .build();
        return caller.call(FrameType.CREATE_TOPIC, request, Call.Repeat.NEVER, Topic.class);
    }

    @Override
    public Topic alterTopic(String name, TopicSettings settings) {
        if (settings.replicas() != 0) {
            throw new IllegalArgumentException(
                    "replicas: " + settings.replicas() + " (expected: 0, altering a topic does not change them)");
        }
        AlterTopic request = AlterTopic.newBuilder()
                .setName(name)
                .setPartitions(settings.partitions())
                .setConfig(config(settings))
                .build();
        return caller.call(FrameType.ALTER_TOPIC, request, Call.Repeat.SAFE, Topic.class);
    }

    private static TopicConfig config(TopicSettings settings) {
        TopicConfig.Builder config = TopicConfig.newBuilder();
        var retention = settings.retention();
        if (retention != null) {
            config.setRetentionMs(retention.isNegative() ? -1 : retention.toMillis());
        }
        Long bytes = settings.retentionBytes();
        if (bytes != null) {
            config.setRetentionBytes(bytes < 0 ? -1 : bytes);
        }
        var level = settings.ackLevel();
        if (level != null) {
            config.setAckLevel(level.wire());
        }
        Boolean compact = settings.compact();
        if (compact != null) {
            config.setCompact(compact ? Toggle.TOGGLE_ON : Toggle.TOGGLE_OFF);
        }
        addWork(config, settings.work());
        return config.build();
    }

    private static void addWork(TopicConfig.Builder config, WorkSettings work) {
        Boolean deleteOnAck = work.deleteOnAck();
        if (deleteOnAck != null) {
            config.setUntilAcked(deleteOnAck ? Toggle.TOGGLE_ON : Toggle.TOGGLE_OFF);
        }
        var grace = work.ackedGrace();
        if (grace != null) {
            config.setAckedGraceMs(grace.isZero() ? -1 : grace.toMillis());
        }
        addLimits(config, work.limits());
        String deadLetter = work.deadLetter();
        if (deadLetter != null) {
            config.setDeadLetter(deadLetter).setNoDeadLetter(deadLetter.isEmpty());
        }
        var window = work.dedup().window();
        if (window != null) {
            config.setDedupWindowMs(window.isNegative() ? -1 : window.toMillis());
        }
        Integer maxIds = work.dedup().maxIds();
        if (maxIds != null) {
            config.setDedupMaxIds(maxIds);
        }
    }

    private static void addLimits(TopicConfig.Builder config, LimitSettings limits) {
        Long records = limits.maxRecords();
        if (records != null) {
            config.setMaxRecords(records < 0 ? -1 : records);
        }
        Long bytes = limits.maxBytes();
        if (bytes != null) {
            config.setMaxBytes(bytes < 0 ? -1 : bytes);
        }
        var age = limits.maxAge();
        if (age != null) {
            config.setMaxAgeMs(age.isNegative() ? -1 : age.toMillis());
        }
        var overflow = limits.overflow();
        if (overflow != null) {
            config.setOverflow(
                    overflow == Overflow.REJECT
                            ? io.headwater.protocol.wire.Overflow.OVERFLOW_REJECT
                            : io.headwater.protocol.wire.Overflow.OVERFLOW_BLOCK);
        }
    }

    @Override
    public void deleteTopic(String name) {
        DeleteTopic request = DeleteTopic.newBuilder().setName(name).build();
        caller.call(FrameType.DELETE_TOPIC, request, Call.Repeat.NEVER, DeleteTopicReply.class);
    }

    @Override
    public List<Erasure> eraseRecord(String topic, int partition, long offset) {
        Topic erased = topic(topic);
        List<Partition> partitions = erased.getPartitionsList();
        if (partition < 0 || partition >= partitions.size()) {
            throw new IllegalArgumentException("partition: " + partition + " (expected: 0 to " + (partitions.size() - 1)
                    + ", the partitions of topic " + topic + ")");
        }
        List<Erasure> erasures = new ArrayList<>();
        // The record first: what is copied afterwards is without it, and what was copied before is found.
        erasures.add(erase(
                erased, partitions.get(partition), EraseRecords.newBuilder().setOffset(offset)));
        EraseRecords copies = EraseRecords.newBuilder()
                .setOrigin(DeadLetterHeaders.origin(topic, partition, offset))
                .build();
        deadLettersOf(erased).forEach(letters -> erase(letters, copies, erasures));
        return erasures;
    }

    @Override
    public List<Erasure> eraseKey(String topic, byte[] key) {
        List<Erasure> erasures = new ArrayList<>();
        EraseRecords what =
                EraseRecords.newBuilder().setKey(ByteString.copyFrom(key)).build();
        Topic erased = topic(topic);
        erase(erased, what, erasures);
        deadLettersOf(erased).forEach(letters -> erase(letters, what, erasures));
        return erasures;
    }

    /** The topic's dead-letter topic, that topic's, and so on, as far as they exist. */
    private List<Topic> deadLettersOf(Topic topic) {
        List<Topic> all = new ArrayList<>();
        String name = topic.getConfig().getDeadLetter();
        while (!name.isEmpty()) {
            try {
                Topic letters = topic(name);
                all.add(letters);
                name = letters.getConfig().getDeadLetter();
            } catch (HeadwaterException.Rejected e) {
                if (!e.code().equals("UNKNOWN_TOPIC")) {
                    throw e;
                }
                name = "";
            }
        }
        return all;
    }

    private Topic topic(String name) {
        return caller.call(
                        FrameType.GET_TOPICS,
                        GetTopics.newBuilder().addNames(name).build(),
                        Call.Repeat.READ,
                        Topics.class)
                .getTopics(0);
    }

    private void erase(Topic topic, EraseRecords what, List<Erasure> to) {
        for (Partition partition : topic.getPartitionsList()) {
            to.add(erase(topic, partition, what.toBuilder()));
        }
    }

    private Erasure erase(Topic topic, Partition partition, EraseRecords.Builder what) {
        EraseRecordsReply report = caller.call(
                FrameType.ERASE_RECORDS,
                what.setPartitionId(partition.getPartitionId()).build(),
                Call.Repeat.SAFE,
                EraseRecordsReply.class);
        return new Erasure(topic.getName(), partition.getIndex(), report);
    }

    @Override
    public List<Topic> topics() {
        return caller.call(FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Call.Repeat.READ, Topics.class)
                .getTopicsList();
    }

    @Override
    public TopicDescription describeTopic(String name) {
        return describeTopic(name, false);
    }

    @Override
    public TopicDescription describeTopic(String name, boolean localEnds) {
        DescribeTopic request =
                DescribeTopic.newBuilder().setName(name).setLocal(localEnds).build();
        return caller.call(FrameType.DESCRIBE_TOPIC, request, Call.Repeat.READ, TopicDescription.class);
    }

    @Override
    public List<GroupSummary> groups() {
        return caller.call(FrameType.LIST_GROUPS, ListGroups.getDefaultInstance(), Call.Repeat.READ, Groups.class)
                .getGroupsList();
    }

    @Override
    public GroupDescription describeGroup(String group) {
        DescribeGroup request = DescribeGroup.newBuilder().setName(group).build();
        return caller.call(FrameType.DESCRIBE_GROUP, request, Call.Repeat.READ, GroupDescription.class);
    }

    @Override
    public List<GroupPartition> seekGroup(String group, String topic, int partition, Position to) {
        SeekGroup request = SeekGroup.newBuilder()
                .setGroup(group)
                .setTopic(topic)
                .setPartition(partition)
                .setAnchor(Anchors.of(to))
                .setValue(to.value())
                .build();
        return caller.call(FrameType.SEEK_GROUP, request, Call.Repeat.SAFE, SeekGroupReply.class)
                .getPartitionsList();
    }

    @Override
    public void deleteGroup(String group) {
        DeleteGroup request = DeleteGroup.newBuilder().setName(group).build();
        caller.call(FrameType.DELETE_GROUP, request, Call.Repeat.NEVER, DeleteGroupReply.class);
    }

    @Override
    public Status status() {
        return caller.call(FrameType.GET_STATUS, GetStatus.getDefaultInstance(), Call.Repeat.READ, Status.class);
    }

    @Override
    public ClusterDescription cluster() {
        return caller.call(
                FrameType.GET_CLUSTER, GetCluster.getDefaultInstance(), Call.Repeat.READ, ClusterDescription.class);
    }

    @Override
    public void transferLeader(String topic, int partition, int node) {
        TransferLeader transfer = TransferLeader.newBuilder()
                .setTopic(topic)
                .setIndex(partition)
                .setNode(node)
                .build();
        operate(OperateCluster.newBuilder().setTransfer(transfer).build());
    }

    @Override
    public ReplicaMove moveReplicas(String topic, int partition, List<Integer> nodes) {
        MoveReplicas move = MoveReplicas.newBuilder()
                .setTopic(topic)
                .setIndex(partition)
                .addAllNodes(nodes)
                .build();
        return operate(OperateCluster.newBuilder().setMove(move).build()).getMoves(0);
    }

    @Override
    public List<ReplicaMove> decommission(int node, boolean dryRun) {
        DecommissionNode decommission =
                DecommissionNode.newBuilder().setNode(node).setDryRun(dryRun).build();
        return operate(OperateCluster.newBuilder().setDecommission(decommission).build())
                .getMovesList();
    }

    @Override
    public List<Feature> raiseFeatures(boolean dryRun) {
        RaiseFeatures raise = RaiseFeatures.newBuilder().setDryRun(dryRun).build();
        return operate(OperateCluster.newBuilder().setRaiseFeatures(raise).build())
                .getFeaturesList();
    }

    @Override
    public List<ReplicaMove> rebalance(boolean dryRun) {
        Rebalance rebalance = Rebalance.newBuilder().setDryRun(dryRun).build();
        return operate(OperateCluster.newBuilder().setRebalance(rebalance).build())
                .getMovesList();
    }

    @Override
    public List<RecoveryPlan> recoverUnsafely(Recovery recovery, boolean dryRun) {
        String topic = recovery.topic();
        RecoverUnsafely recover = RecoverUnsafely.newBuilder()
                .setTopic(topic == null ? "" : topic)
                .setIndex(Math.max(-1, recovery.partition()))
                .setNode(recovery.node())
                .setOperator(recovery.operator())
                .setReason(recovery.reason())
                .setDryRun(dryRun)
                .build();
        return operate(OperateCluster.newBuilder().setRecover(recover).build()).getRecoveriesList();
    }

    private OperateClusterReply operate(OperateCluster request) {
        return caller.call(FrameType.OPERATE_CLUSTER, request, Call.Repeat.SAFE, OperateClusterReply.class);
    }
}
