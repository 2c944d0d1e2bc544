package io.headwater.broker.control;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.metadata.FeatureLevels;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NameRules;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.Node;
import io.headwater.protocol.wire.Overflow;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.Toggle;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.protocol.wire.TopicDescription;
import io.headwater.protocol.wire.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes, changes, shows and deletes topics. */
final class TopicHandlers {
    private static final Logger LOG = LoggerFactory.getLogger(TopicHandlers.class);

    private final BrokerConfig.Topics defaults;
    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView.Marked marks;

    TopicHandlers(
            BrokerConfig.Topics defaults, Proposals proposals, Partitions partitions, PositionsView.Marked marks) {
        this.defaults = defaults;
        this.proposals = proposals;
        this.partitions = partitions;
        this.marks = marks;
    }

    void list(GetTopics request, Reply reply) throws RequestFailedException {
        Topics.Builder topics = Topics.newBuilder();
        if (request.getNamesCount() == 0) {
            proposals.image().topics().forEach(topic -> topics.addTopics(wire(topic)));
        }
        for (String name : request.getNamesList()) {
            topics.addTopics(wire(known(name)));
        }
        for (NodeInfo node : proposals.image().nodes()) {
            String endpoint = node.details().clientEndpoint();
            if (!node.fenced() && !endpoint.isEmpty()) {
                topics.addNodes(Node.newBuilder().setNodeId(node.nodeId()).setEndpoint(endpoint));
            }
        }
        reply.send(topics.build());
    }

    void create(CreateTopic request, Reply reply) throws RequestFailedException {
        int count = request.getPartitions() == 0 ? defaults.partitions() : request.getPartitions();
        checkPartitionLimit(count);
        TopicPolicy policy = policy(
                request.getConfig(),
                new TopicPolicy(defaults.retentionMs(), defaults.retentionBytes(), defaults.ackLevel()));
        Command.Builder command = Command.newBuilder()
                .setCreateTopic(io.headwater.broker.metadata.wire.CreateTopic.newBuilder()
                        .setName(request.getName())
                        .setPartitions(count)
                        .setReplicas(request.getReplicas())
                        .setPolicy(MetadataCodec.wire(policy)));
        reply.sendWhenDone(proposals.propose(command).thenApply(done -> {
            LOG.info("topic {}: created with {} partitions", request.getName(), count);
            TopicInfo created = named(done.image(), request.getName());
            expect(created.partitions());
            return wire(created);
        }));
    }

    void alter(AlterTopic request, Reply reply) throws RequestFailedException {
        TopicInfo topic = known(request.getName());
        int count = request.getPartitions() == 0 ? topic.partitions().size() : request.getPartitions();
        checkPartitionLimit(count - topic.partitions().size());
        TopicPolicy policy = policy(request.getConfig(), topic.policy());
        Command.Builder command = Command.newBuilder()
                .setAlterTopic(io.headwater.broker.metadata.wire.AlterTopic.newBuilder()
                        .setName(request.getName())
                        .setPartitions(count)
                        .setPolicy(MetadataCodec.wire(policy)));
        reply.sendWhenDone(proposals.propose(command).thenApply(done -> {
            LOG.info("topic {}: altered, {} partitions, {}", request.getName(), count, policy);
            TopicInfo altered = named(done.image(), request.getName());
            // The old ones may have a log, whose mark must not be made up.
            expect(altered.partitions()
                    .subList(topic.partitions().size(), altered.partitions().size()));
            return wire(altered);
        }));
    }

    /** Spares each first write a sync of its own; if it cannot be done now, the first writes will see to it. */
    private void expect(List<PartitionInfo> made) {
        if (made.isEmpty()) {
            return;
        }
        try {
            marks.expect(made.stream().mapToLong(PartitionInfo::partitionId).toArray());
        } catch (IOException e) {
            LOG.warn(
                    "topic {}: its partitions are not registered yet: {}",
                    made.get(0).topicName(),
                    e.getMessage());
        }
    }

    /** Gone for everybody as soon as the command stands; the reply waits until the files are gone too. */
    void delete(DeleteTopic request, Reply reply) throws RequestFailedException {
        TopicInfo topic = known(request.getName());
        Command.Builder command = Command.newBuilder()
                .setDeleteTopic(io.headwater.broker.metadata.wire.DeleteTopic.newBuilder()
                        .setName(request.getName()));
        reply.sendWhenDone(proposals
                .propose(command)
                .thenCompose(done -> FanOut.gather(topic.partitions(), p -> partitions.delete(p.partitionId())))
                .thenApply(answers -> {
                    answers.stream()
                            .filter(answer -> answer.failure() != null)
                            .findFirst()
                            .ifPresent(answer -> LOG.warn(
                                    "topic {}: deleted, but some files are left until the next start",
                                    request.getName(),
                                    answer.failure()));
                    LOG.info("topic {}: deleted", request.getName());
                    return DeleteTopicReply.getDefaultInstance();
                }));
    }

    void describe(DescribeTopic request, Reply reply) throws RequestFailedException {
        TopicInfo topic = known(request.getName());
        reply.sendWhenDone(
                FanOut.all(topic.partitions(), partition -> partitions.describe(partition, request.getLocal()))
                        .thenApply(all -> TopicDescription.newBuilder()
                                .setTopic(wire(topic))
                                .addAllPartitions(withShares(all))
                                .build()));
    }

    /** What part of the topic's traffic each has, or of its bytes where nothing moves: hot partitions stand out. */
    private static List<PartitionDescription> withShares(List<PartitionDescription> all) {
        double rate = all.stream()
                .mapToDouble(PartitionDescription::getBytesPerSecond)
                .sum();
        double bytes = all.stream().mapToDouble(PartitionDescription::getBytes).sum();
        List<PartitionDescription> shared = new ArrayList<>(all.size());
        for (PartitionDescription one : all) {
            double share = rate > 0 ? one.getBytesPerSecond() / rate : bytes > 0 ? one.getBytes() / bytes : 0;
            shared.add(one.toBuilder().setShare(share).build());
        }
        return shared;
    }

    private void checkPartitionLimit(int added) throws RequestFailedException {
        int present = proposals.image().partitionCount();
        if (added > 0 && (long) present + added > defaults.maxPartitions()) {
            throw Failures.of(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "partitions: " + added + " more (expected: at most " + (defaults.maxPartitions() - present)
                            + ", as there are " + present + " and topics.max-partitions is "
                            + defaults.maxPartitions() + ")");
        }
    }

    private TopicInfo known(String name) throws RequestFailedException {
        TopicInfo topic = proposals.image().topic(name);
        if (topic == null) {
            throw unknownTopic(name);
        }
        return topic;
    }

    static RequestFailedException unknownTopic(String name) {
        return Failures.of(
                ErrorCode.ERROR_UNKNOWN_TOPIC, "topic " + NameRules.shown(name) + " does not exist; create it first");
    }

    private static TopicInfo named(MetadataImage image, String name) {
        TopicInfo topic = image.topic(name);
        if (topic == null) {
            throw new IllegalStateException("topic " + name + ": committed, yet not in the picture");
        }
        return topic;
    }

    private TopicPolicy policy(TopicConfig asked, TopicPolicy otherwise) throws RequestFailedException {
        TopicPolicy policy = read(asked, otherwise);
        if (policy.ackLevel() == AckLevel.ACK_REPLICATED
                && !FeatureLevels.holds(proposals.image(), FeatureLevels.METADATA, FeatureLevels.REPLICATED_LEVEL)) {
            throw Failures.of(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "ackLevel (--ack): replicated (expected: level " + FeatureLevels.REPLICATED_LEVEL + " of feature "
                            + FeatureLevels.METADATA + " in the whole cluster; see cluster upgrade)");
        }
        return policy;
    }

    private static TopicPolicy read(TopicConfig asked, TopicPolicy otherwise) throws RequestFailedException {
        try {
            return new TopicPolicy(
                    asked.getRetentionMs() == 0 ? otherwise.retentionMs() : asked.getRetentionMs(),
                    asked.getRetentionBytes() == 0 ? otherwise.retentionBytes() : asked.getRetentionBytes(),
                    asked.getAckLevel() == AckLevel.ACK_UNSPECIFIED ? otherwise.ackLevel() : asked.getAckLevel(),
                    compaction(asked, otherwise.compaction()),
                    work(asked, otherwise.work()));
        } catch (IllegalArgumentException e) {
            throw Failures.of(ErrorCode.ERROR_INVALID_CONFIG, String.valueOf(e.getMessage()));
        }
    }

    private static TopicPolicy.Compaction compaction(TopicConfig asked, TopicPolicy.Compaction otherwise) {
        return new TopicPolicy.Compaction(
                asked.getCompact() == Toggle.TOGGLE_UNSPECIFIED
                        ? otherwise.on()
                        : asked.getCompact() == Toggle.TOGGLE_ON,
                asked.getTombstoneDelayMs() == 0 ? otherwise.tombstoneDelayMs() : asked.getTombstoneDelayMs());
    }

    private static TopicPolicy.Work work(TopicConfig asked, TopicPolicy.Work otherwise) {
        long graceMs = asked.getAckedGraceMs();
        return new TopicPolicy.Work(
                asked.getUntilAcked() == Toggle.TOGGLE_UNSPECIFIED
                        ? otherwise.untilAcked()
                        : asked.getUntilAcked() == Toggle.TOGGLE_ON,
                graceMs == 0 ? otherwise.ackedGraceMs() : graceMs == TopicPolicy.NO_LIMIT ? 0 : graceMs,
                limits(asked, otherwise.limits()),
                deadLetter(asked, otherwise.deadLetter()),
                new TopicPolicy.Dedup(
                        asked.getDedupWindowMs() == 0 ? otherwise.dedup().windowMs() : asked.getDedupWindowMs(),
                        asked.getDedupMaxIds() == 0 ? otherwise.dedup().maxIds() : asked.getDedupMaxIds()));
    }

    private static TopicPolicy.Limits limits(TopicConfig asked, TopicPolicy.Limits otherwise) {
        return new TopicPolicy.Limits(
                asked.getMaxRecords() == 0 ? otherwise.maxRecords() : asked.getMaxRecords(),
                asked.getMaxBytes() == 0 ? otherwise.maxBytes() : asked.getMaxBytes(),
                asked.getMaxAgeMs() == 0 ? otherwise.maxAgeMs() : asked.getMaxAgeMs(),
                asked.getOverflow() == Overflow.OVERFLOW_UNSPECIFIED
                        ? otherwise.rejectsOverflow()
                        : asked.getOverflow() == Overflow.OVERFLOW_REJECT);
    }

    private static String deadLetter(TopicConfig asked, String otherwise) {
        if (!asked.getNoDeadLetter()) {
            return asked.getDeadLetter().isEmpty() ? otherwise : asked.getDeadLetter();
        }
        if (!asked.getDeadLetter().isEmpty()) {
            throw new IllegalArgumentException("dead_letter: " + NameRules.shown(asked.getDeadLetter())
                    + " (expected: empty, as no_dead_letter is set)");
        }
        return "";
    }

    static Topic wire(TopicInfo topic) {
        Topic.Builder wire = Topic.newBuilder()
                .setId(topic.id())
                .setName(topic.name())
                .setCreatedMs(topic.createdMs())
                .setConfig(TopicConfig.newBuilder()
                        .setRetentionMs(topic.policy().retentionMs())
                        .setRetentionBytes(topic.policy().retentionBytes())
                        .setAckLevel(topic.policy().ackLevel())
                        .setCompact(topic.policy().compaction().on() ? Toggle.TOGGLE_ON : Toggle.TOGGLE_OFF)
                        .setTombstoneDelayMs(topic.policy().compaction().tombstoneDelayMs())
                        .setUntilAcked(topic.policy().work().untilAcked() ? Toggle.TOGGLE_ON : Toggle.TOGGLE_OFF)
                        .setAckedGraceMs(
                                topic.policy().work().ackedGraceMs() == 0
                                        ? TopicPolicy.NO_LIMIT
                                        : topic.policy().work().ackedGraceMs())
                        .setMaxRecords(topic.policy().work().limits().maxRecords())
                        .setMaxAgeMs(topic.policy().work().limits().maxAgeMs())
                        .setMaxBytes(topic.policy().work().limits().maxBytes())
                        .setDedupWindowMs(topic.policy().work().dedup().windowMs())
                        .setDedupMaxIds(topic.policy().work().dedup().maxIds())
                        .setOverflow(
                                topic.policy().work().limits().rejectsOverflow()
                                        ? Overflow.OVERFLOW_REJECT
                                        : Overflow.OVERFLOW_BLOCK)
                        .setDeadLetter(topic.policy().work().deadLetter()));
        for (PartitionInfo partition : topic.partitions()) {
            Leader leader = partition.leader();
            Partition.Builder described = Partition.newBuilder()
                    .setIndex(partition.index())
                    .setPartitionId(partition.partitionId())
                    .setEpoch(partition.epoch())
                    .setLeader(leader == null ? 0 : leader.nodeId())
                    .setRecoveredEpoch(partition.recoveredEpoch());
            partition.replicas().voters().forEach(voter -> described.addVoters(voter.nodeId()));
            wire.addPartitions(described);
        }
        return wire.build();
    }
}
