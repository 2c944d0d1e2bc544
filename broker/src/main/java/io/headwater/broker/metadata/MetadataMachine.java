package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.AllocateProducerIds;
import io.headwater.broker.metadata.wire.AlterQueueGroup;
import io.headwater.broker.metadata.wire.AlterTopic;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateGroup;
import io.headwater.broker.metadata.wire.CreateQueueGroup;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.DeleteGroup;
import io.headwater.broker.metadata.wire.DeleteQueueGroup;
import io.headwater.broker.metadata.wire.DeleteTopic;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What each command does to the picture: a pure function of picture, index and command, the same on every broker and in
 * every replay. A refused command changes nothing.
 */
public final class MetadataMachine {
    /** The most partitions of one topic; a broker's configuration may allow fewer. */
    public static final int MAX_PARTITIONS = 1_000_000;

    private static final int MAX_PRODUCER_IDS = 1_000_000;
    /** Each has a state of its own in every partition. */
    private static final int MAX_QUEUE_GROUPS = 100;

    private MetadataMachine() {}

    /**
     * @param index of the command in the metadata log; must be the one after the picture's
     */
    public static Outcome apply(MetadataImage image, long index, Command command) {
        if (index != image.appliedIndex() + 1) {
            throw new IllegalArgumentException(
                    "index: " + index + " (expected: " + (image.appliedIndex() + 1) + ", the next one)");
        }
        MetadataImage next = image.at(index);
        return switch (command.getCommandCase()) {
            case REGISTER_NODE -> register(next, command.getRegisterNode());
            case CREATE_TOPIC -> createTopic(next, command.getCreateTopic(), command.getProposedAtMs());
            case ALTER_TOPIC -> alterTopic(next, command.getAlterTopic());
            case DELETE_TOPIC -> deleteTopic(next, command.getDeleteTopic());
            case ALLOCATE_PRODUCER_IDS -> allocateProducerIds(next, command.getAllocateProducerIds());
            case CREATE_GROUP -> createGroup(next, command.getCreateGroup(), command.getProposedAtMs());
            case DELETE_GROUP -> deleteGroup(next, command.getDeleteGroup());
            case CREATE_QUEUE_GROUP -> createQueueGroup(next, command.getCreateQueueGroup(), command.getProposedAtMs());
            case ALTER_QUEUE_GROUP -> alterQueueGroup(next, command.getAlterQueueGroup());
            case DELETE_QUEUE_GROUP -> deleteQueueGroup(next, command.getDeleteQueueGroup());
            case COMMAND_NOT_SET ->
                new Refused(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "the metadata command is of a kind that this version does not know");
        };
    }

    /** Every partition gets a new epoch in this one step, so that nothing of the run before can be mistaken for ours. */
    private static Outcome register(MetadataImage image, RegisterNode command) {
        NodeInfo before = image.node();
        if (before != null && before.nodeId() != command.getNodeId()) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "node " + command.getNodeId() + " cannot register: this cluster of one belongs to node "
                            + before.nodeId());
        }
        if (before != null && !before.directoryId().equals(command.getDirectoryId())) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "node " + command.getNodeId() + " cannot register with data directory " + command.getDirectoryId()
                            + ": its partitions are on data directory " + before.directoryId());
        }
        NodeInfo node = new NodeInfo(command.getNodeId(), command.getDirectoryId(), image.appliedIndex());
        return committed(image.withNode(node).withNextEpochs());
    }

    private static Outcome createTopic(MetadataImage image, CreateTopic command, long createdMs) {
        String problem = NameRules.problemWith(command.getName());
        if (problem != null) {
            return new Refused(ErrorCode.ERROR_INVALID_NAME, problem);
        }
        if (image.topic(command.getName()) != null) {
            return new Refused(ErrorCode.ERROR_TOPIC_EXISTS, "topic " + command.getName() + " exists already");
        }
        if (command.getPartitions() < 1 || command.getPartitions() > MAX_PARTITIONS) {
            return badPartitions(command.getPartitions(), "1 to " + MAX_PARTITIONS);
        }
        String deadLetter = command.getPolicy().getDeadLetter();
        Refused badDeadLetter = badDeadLetter(image, command.getName(), deadLetter);
        if (badDeadLetter != null) {
            return badDeadLetter;
        }
        try {
            MetadataImage.NextIds ids = image.next();
            TopicInfo topic = new TopicInfo(
                    ids.topicId(),
                    command.getName(),
                    MetadataCodec.policy(command.getPolicy()),
                    List.of(),
                    List.of(),
                    createdMs);
            TopicInfo whole = grown(topic, command.getPartitions(), ids.partitionId());
            return committed(image.withTopic(whole)
                    .withNext(new MetadataImage.NextIds(
                            ids.producerId(),
                            ids.topicId() + 1,
                            ids.partitionId() + command.getPartitions(),
                            ids.groupId())));
        } catch (IllegalArgumentException e) {
            return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "topic " + command.getName() + ": " + e.getMessage());
        }
    }

    private static Outcome alterTopic(MetadataImage image, AlterTopic command) {
        TopicInfo topic = image.topic(command.getName());
        if (topic == null) {
            return unknownTopic(command.getName());
        }
        int present = topic.partitions().size();
        if (command.getPartitions() < present || command.getPartitions() > MAX_PARTITIONS) {
            return badPartitions(
                    command.getPartitions(), "at least " + present + ": partitions can be added, never taken away");
        }
        String deadLetter = command.getPolicy().getDeadLetter();
        boolean another = !deadLetter.equals(topic.policy().work().deadLetter());
        Refused badDeadLetter = another ? badDeadLetter(image, topic.name(), deadLetter) : null;
        if (badDeadLetter != null) {
            return badDeadLetter;
        }
        try {
            TopicInfo changed = topic.with(MetadataCodec.policy(command.getPolicy()));
            MetadataImage.NextIds ids = image.next();
            return committed(image.withTopic(grown(changed, command.getPartitions(), ids.partitionId()))
                    .withNext(new MetadataImage.NextIds(
                            ids.producerId(),
                            ids.topicId(),
                            ids.partitionId() + command.getPartitions() - present,
                            ids.groupId())));
        } catch (IllegalArgumentException e) {
            return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "topic " + command.getName() + ": " + e.getMessage());
        }
    }

    /** Null: the topic may name that one, or names none. What died there must never come back by itself. */
    private static @Nullable Refused badDeadLetter(MetadataImage image, String topic, String deadLetter) {
        if (deadLetter.isEmpty()) {
            return null;
        }
        if (deadLetter.equals(topic)) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "topic " + topic + ": dead-letter topic: itself (expected: another topic)");
        }
        if (image.topic(deadLetter) == null) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "topic " + topic + ": dead-letter topic " + NameRules.shown(deadLetter)
                            + " does not exist; create it first");
        }
        StringBuilder path = new StringBuilder(topic + " -> " + deadLetter);
        for (TopicInfo next = image.topic(deadLetter);
                next != null && next.policy().work().hasDeadLetter();
                next = image.topic(next.policy().work().deadLetter())) {
            String following = next.policy().work().deadLetter();
            path.append(" -> ").append(following);
            if (following.equals(topic)) {
                return new Refused(
                        ErrorCode.ERROR_INVALID_CONFIG,
                        "topic " + topic + ": dead-letter topic " + deadLetter + ": dead records would come back: "
                                + path + " (expected: a topic whose own dead letters never lead here)");
            }
        }
        return null;
    }

    private static Outcome deleteTopic(MetadataImage image, DeleteTopic command) {
        TopicInfo topic = image.topic(command.getName());
        return topic == null ? unknownTopic(command.getName()) : committed(image.withoutTopic(topic));
    }

    private static Outcome allocateProducerIds(MetadataImage image, AllocateProducerIds command) {
        if (command.getCount() < 1 || command.getCount() > MAX_PRODUCER_IDS) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "producer ids: " + command.getCount() + " (expected: 1 to " + MAX_PRODUCER_IDS + ")");
        }
        MetadataImage.NextIds ids = image.next();
        MetadataImage next = image.withNext(new MetadataImage.NextIds(
                ids.producerId() + command.getCount(), ids.topicId(), ids.partitionId(), ids.groupId()));
        return new Committed(next.appliedIndex(), next, ids.producerId());
    }

    /** Making a group that exists is no error: two first members may meet. */
    private static Outcome createGroup(MetadataImage image, CreateGroup command, long createdMs) {
        String problem = NameRules.problemWith(command.getName());
        if (problem != null) {
            return new Refused(ErrorCode.ERROR_INVALID_NAME, problem);
        }
        if (image.group(command.getName()) != null) {
            return committed(image);
        }
        MetadataImage.NextIds ids = image.next();
        return committed(image.withGroup(new GroupInfo(ids.groupId(), command.getName(), createdMs))
                .withNext(new MetadataImage.NextIds(
                        ids.producerId(), ids.topicId(), ids.partitionId(), ids.groupId() + 1)));
    }

    private static Outcome deleteGroup(MetadataImage image, DeleteGroup command) {
        GroupInfo group = image.group(command.getName());
        if (group == null) {
            return new Refused(
                    ErrorCode.ERROR_UNKNOWN_GROUP, "group " + NameRules.shown(command.getName()) + " does not exist");
        }
        return committed(image.withoutGroup(group));
    }

    private static Outcome createQueueGroup(MetadataImage image, CreateQueueGroup command, long createdMs) {
        TopicInfo topic = image.topic(command.getTopic());
        if (topic == null) {
            return unknownTopic(command.getTopic());
        }
        String problem = NameRules.problemWith(command.getName());
        if (problem != null) {
            return new Refused(ErrorCode.ERROR_INVALID_NAME, problem);
        }
        if (topic.queueGroup(command.getName()) != null) {
            return new Refused(
                    ErrorCode.ERROR_GROUP_EXISTS,
                    "topic " + topic.name() + " has a queue group " + command.getName() + " already");
        }
        if (topic.queueGroups().size() >= MAX_QUEUE_GROUPS) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "topic " + topic.name() + " has " + MAX_QUEUE_GROUPS + " queue groups, the most there may be");
        }
        try {
            MetadataImage.NextIds ids = image.next();
            QueueGroupInfo group = new QueueGroupInfo(
                    ids.groupId(),
                    command.getName(),
                    MetadataCodec.policy(command.getPolicy()),
                    command.getPolicy().getLeaseMs(),
                    createdMs);
            return committed(image.withTopic(topic.with(group))
                    .withNext(new MetadataImage.NextIds(
                            ids.producerId(), ids.topicId(), ids.partitionId(), ids.groupId() + 1)));
        } catch (IllegalArgumentException e) {
            return badQueueGroup(command.getName(), e);
        }
    }

    private static Outcome alterQueueGroup(MetadataImage image, AlterQueueGroup command) {
        TopicInfo topic = image.topic(command.getTopic());
        if (topic == null) {
            return unknownTopic(command.getTopic());
        }
        QueueGroupInfo group = topic.queueGroup(command.getName());
        if (group == null) {
            return unknownQueueGroup(topic, command.getName());
        }
        if (command.getPolicy().getKeyed() != group.policy().keyed()) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "queue group " + group.name() + ": whether it is keyed cannot change; create another one");
        }
        try {
            return committed(image.withTopic(topic.with(group.with(
                    MetadataCodec.policy(command.getPolicy()),
                    command.getPolicy().getLeaseMs()))));
        } catch (IllegalArgumentException e) {
            return badQueueGroup(command.getName(), e);
        }
    }

    private static Outcome deleteQueueGroup(MetadataImage image, DeleteQueueGroup command) {
        TopicInfo topic = image.topic(command.getTopic());
        if (topic == null) {
            return unknownTopic(command.getTopic());
        }
        QueueGroupInfo group = topic.queueGroup(command.getName());
        return group == null
                ? unknownQueueGroup(topic, command.getName())
                : committed(image.withTopic(topic.without(group)));
    }

    private static Refused unknownQueueGroup(TopicInfo topic, String name) {
        return new Refused(
                ErrorCode.ERROR_UNKNOWN_GROUP,
                "topic " + topic.name() + " has no queue group " + NameRules.shown(name));
    }

    private static Refused badQueueGroup(String name, IllegalArgumentException why) {
        return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "queue group " + name + ": " + why.getMessage());
    }

    private static TopicInfo grown(TopicInfo topic, int partitions, long firstNewId) {
        List<PartitionInfo> all = new ArrayList<>(partitions);
        all.addAll(topic.partitions());
        for (int index = all.size(), added = 0; index < partitions; index++, added++) {
            all.add(new PartitionInfo(firstNewId + added, topic.id(), topic.name(), index, 1));
        }
        return topic.withPartitions(all);
    }

    private static Outcome committed(MetadataImage image) {
        return new Committed(image.appliedIndex(), image, 0);
    }

    private static Refused unknownTopic(String name) {
        return new Refused(ErrorCode.ERROR_UNKNOWN_TOPIC, "topic " + NameRules.shown(name) + " does not exist");
    }

    private static Refused badPartitions(int partitions, String expected) {
        return new Refused(
                ErrorCode.ERROR_INVALID_CONFIG, "partitions: " + partitions + " (expected: " + expected + ")");
    }
}
