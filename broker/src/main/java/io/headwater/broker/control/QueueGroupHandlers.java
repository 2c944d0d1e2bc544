package io.headwater.broker.control;

import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NameRules;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.Backoff;
import io.headwater.broker.queue.OnDead;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.protocol.wire.AlterQueueGroup;
import io.headwater.protocol.wire.BackoffKind;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.DeleteQueueGroup;
import io.headwater.protocol.wire.DeleteQueueGroupReply;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetQueueGroups;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueueGroups;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes, changes, shows and deletes queue groups. What they know of records is the partitions'. */
final class QueueGroupHandlers {
    private static final Logger LOG = LoggerFactory.getLogger(QueueGroupHandlers.class);
    private static final int OFF = -1;

    private final Proposals proposals;
    private final Partitions partitions;

    QueueGroupHandlers(Proposals proposals, Partitions partitions) {
        this.proposals = proposals;
        this.partitions = partitions;
    }

    void create(CreateQueueGroup request, Reply reply) throws RequestFailedException {
        TopicInfo topic = known(request.getTopic());
        QueuePolicy defaults = request.getKeyed() ? QueuePolicy.KEYED : QueuePolicy.PLAIN;
        Command.Builder command = Command.newBuilder()
                .setCreateQueueGroup(io.headwater.broker.metadata.wire.CreateQueueGroup.newBuilder()
                        .setTopic(request.getTopic())
                        .setName(request.getName())
                        .setPolicy(MetadataCodec.wire(
                                policy(request.getConfig(), defaults),
                                leaseMs(request.getConfig(), QueueGroupInfo.DEFAULT_LEASE_MS))));
        // Its partitions hear of it before their next retention does.
        reply.sendWhenDone(proposals.propose(command).thenCompose(done -> {
            QueueGroup made = wire(done.image(), request.getTopic(), request.getName());
            LOG.info("topic {}: queue group {} created{}", made.getTopic(), made.getName(), keyed(made));
            return FanOut.gather(topic.partitions(), partitions::queueGroupsChanged)
                    .thenApply(answers -> made);
        }));
    }

    private static String keyed(QueueGroup group) {
        return group.getKeyed() ? ", keyed" : "";
    }

    void alter(AlterQueueGroup request, Reply reply) throws RequestFailedException {
        QueueGroupInfo group = known(known(request.getTopic()), request.getName());
        Command.Builder command = Command.newBuilder()
                .setAlterQueueGroup(io.headwater.broker.metadata.wire.AlterQueueGroup.newBuilder()
                        .setTopic(request.getTopic())
                        .setName(request.getName())
                        .setPolicy(MetadataCodec.wire(
                                policy(request.getConfig(), group.policy()),
                                leaseMs(request.getConfig(), group.leaseMs()))));
        reply.sendWhenDone(proposals.propose(command).thenApply(done -> {
            LOG.info("topic {}: queue group {} altered", request.getTopic(), request.getName());
            return wire(done.image(), request.getTopic(), request.getName());
        }));
    }

    /** Its consumers hear of it from the partitions' owners. */
    void delete(DeleteQueueGroup request, Reply reply) throws RequestFailedException {
        TopicInfo topic = known(request.getTopic());
        known(topic, request.getName());
        Command.Builder command = Command.newBuilder()
                .setDeleteQueueGroup(io.headwater.broker.metadata.wire.DeleteQueueGroup.newBuilder()
                        .setTopic(request.getTopic())
                        .setName(request.getName()));
        reply.sendWhenDone(proposals
                .propose(command)
                .thenCompose(done -> FanOut.gather(topic.partitions(), partitions::queueGroupsChanged))
                .thenApply(done -> {
                    LOG.info("topic {}: queue group {} deleted", request.getTopic(), request.getName());
                    return DeleteQueueGroupReply.getDefaultInstance();
                }));
    }

    void list(GetQueueGroups request, Reply reply) throws RequestFailedException {
        QueueGroups.Builder groups = QueueGroups.newBuilder();
        if (request.getTopic().isEmpty()) {
            for (TopicInfo topic : proposals.image().topics()) {
                topic.queueGroups().forEach(group -> groups.addGroups(wire(topic, group)));
            }
        } else {
            TopicInfo topic = known(request.getTopic());
            if (request.getName().isEmpty()) {
                topic.queueGroups().forEach(group -> groups.addGroups(wire(topic, group)));
            } else {
                groups.addGroups(wire(topic, known(topic, request.getName())));
            }
        }
        reply.send(groups.build());
    }

    void describe(DescribeQueueGroup request, Reply reply) throws RequestFailedException {
        TopicInfo topic = known(request.getTopic());
        QueueGroupInfo group = known(topic, request.getName());
        reply.sendWhenDone(FanOut.all(topic.partitions(), partition -> partitions.describeQueue(partition, group.id()))
                .thenApply(all -> QueueGroupDescription.newBuilder()
                        .setGroup(wire(topic, group))
                        .addAllPartitions(all)
                        .build()));
    }

    private TopicInfo known(String topicName) throws RequestFailedException {
        TopicInfo topic = proposals.image().topic(topicName);
        if (topic == null) {
            throw TopicHandlers.unknownTopic(topicName);
        }
        return topic;
    }

    private static QueueGroupInfo known(TopicInfo topic, String name) throws RequestFailedException {
        QueueGroupInfo group = topic.queueGroup(name);
        if (group == null) {
            throw Failures.of(
                    ErrorCode.ERROR_UNKNOWN_GROUP,
                    "topic " + topic.name() + " has no queue group " + NameRules.shown(name) + "; create it first");
        }
        return group;
    }

    private static long leaseMs(QueueConfig asked, long otherwise) throws RequestFailedException {
        long leaseMs = asked.getLeaseMs() == 0 ? otherwise : asked.getLeaseMs();
        if (leaseMs < QueueGroupInfo.MIN_LEASE_MS || leaseMs > QueueGroupInfo.MAX_LEASE_MS) {
            throw invalid("lease (--lease): " + leaseMs + " ms (expected: 1 s to 12 h)");
        }
        return leaseMs;
    }

    private static QueuePolicy policy(QueueConfig asked, QueuePolicy otherwise) throws RequestFailedException {
        try {
            int maxFailures = asked.getMaxFailures() == 0 ? otherwise.maxFailures() : asked.getMaxFailures();
            long graceMs = asked.getSessionGraceMs() == 0 ? otherwise.graceMs() : asked.getSessionGraceMs();
            return new QueuePolicy(
                    otherwise.keyed(),
                    maxFailures == OFF ? 0 : maxFailures,
                    backoff(asked.getBackoff(), otherwise.backoff()),
                    onDead(asked, otherwise.onDead()),
                    otherwise.deadLetters(),
                    graceMs == OFF ? 0 : graceMs);
        } catch (IllegalArgumentException e) {
            throw invalid(String.valueOf(e.getMessage()));
        }
    }

    private static Backoff backoff(io.headwater.protocol.wire.Backoff asked, Backoff otherwise)
            throws RequestFailedException {
        Backoff.Kind kind = switch (asked.getKind()) {
            case BACKOFF_UNSPECIFIED -> null;
            case BACKOFF_NONE -> Backoff.Kind.NONE;
            case BACKOFF_FIXED -> Backoff.Kind.FIXED;
            case BACKOFF_LINEAR -> Backoff.Kind.LINEAR;
            case BACKOFF_EXPONENTIAL -> Backoff.Kind.EXPONENTIAL;
            case UNRECOGNIZED ->
                throw invalid("backoff (--backoff): " + asked.getKindValue()
                        + " (expected: none, fixed, linear or exponential)");
        };
        return kind == null ? otherwise : new Backoff(kind, asked.getFirstMs(), asked.getMaxMs());
    }

    private static OnDead onDead(QueueConfig asked, OnDead otherwise) throws RequestFailedException {
        return switch (asked.getOnDead()) {
            case ON_DEAD_UNSPECIFIED -> otherwise;
            case ON_DEAD_SKIP -> OnDead.SKIP;
            case ON_DEAD_HOLD_KEY -> OnDead.HOLD_KEY;
            case ON_DEAD_STOP -> OnDead.STOP;
            case UNRECOGNIZED ->
                throw invalid("onDead (--on-dead): " + asked.getOnDeadValue() + " (expected: skip, hold-key or stop)");
        };
    }

    private static RequestFailedException invalid(String what) {
        return Failures.of(ErrorCode.ERROR_INVALID_CONFIG, what);
    }

    private static QueueGroup wire(MetadataImage image, String topicName, String name) {
        TopicInfo topic = image.topic(topicName);
        QueueGroupInfo group = topic == null ? null : topic.queueGroup(name);
        if (topic == null || group == null) {
            throw new IllegalStateException("queue group " + name + ": committed, yet not in the picture");
        }
        return wire(topic, group);
    }

    static QueueGroup wire(TopicInfo topic, QueueGroupInfo group) {
        QueuePolicy policy = group.policy();
        QueueGroup.Builder wire = QueueGroup.newBuilder()
                .setId(group.id())
                .setTopic(topic.name())
                .setName(group.name())
                .setKeyed(policy.keyed())
                .setCreatedMs(group.createdMs())
                .setConfig(QueueConfig.newBuilder()
                        .setLeaseMs(group.leaseMs())
                        .setMaxFailures(policy.maxFailures() == 0 ? OFF : policy.maxFailures())
                        .setBackoff(io.headwater.protocol.wire.Backoff.newBuilder()
                                .setKind(wire(policy.backoff().kind()))
                                .setFirstMs(policy.backoff().firstMs())
                                .setMaxMs(policy.backoff().maxMs()))
                        .setOnDead(wire(policy.onDead()))
                        .setSessionGraceMs(policy.graceMs() == 0 ? OFF : policy.graceMs()));
        for (PartitionInfo partition : topic.partitions()) {
            wire.addPartitionIds(partition.partitionId());
        }
        return wire.build();
    }

    private static BackoffKind wire(Backoff.Kind kind) {
        return switch (kind) {
            case NONE -> BackoffKind.BACKOFF_NONE;
            case FIXED -> BackoffKind.BACKOFF_FIXED;
            case LINEAR -> BackoffKind.BACKOFF_LINEAR;
            case EXPONENTIAL -> BackoffKind.BACKOFF_EXPONENTIAL;
        };
    }

    private static io.headwater.protocol.wire.OnDead wire(OnDead onDead) {
        return switch (onDead) {
            case SKIP -> io.headwater.protocol.wire.OnDead.ON_DEAD_SKIP;
            case HOLD_KEY -> io.headwater.protocol.wire.OnDead.ON_DEAD_HOLD_KEY;
            case STOP -> io.headwater.protocol.wire.OnDead.ON_DEAD_STOP;
        };
    }
}
