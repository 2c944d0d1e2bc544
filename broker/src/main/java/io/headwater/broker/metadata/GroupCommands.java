package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.AlterQueueGroup;
import io.headwater.broker.metadata.wire.CreateGroup;
import io.headwater.broker.metadata.wire.CreateQueueGroup;
import io.headwater.broker.metadata.wire.DeleteGroup;
import io.headwater.broker.metadata.wire.DeleteQueueGroup;
import io.headwater.protocol.wire.ErrorCode;

/** What the commands about stream, queue and keyed groups do. */
final class GroupCommands {
    /** Each has a state of its own in every partition. */
    private static final int MAX_QUEUE_GROUPS = 100;

    private GroupCommands() {}

    /** Making a group that exists is no error: two first members may meet. */
    static Outcome createGroup(MetadataImage image, CreateGroup command, long createdMs) {
        String problem = NameRules.problemWith(command.getName());
        if (problem != null) {
            return new Refused(ErrorCode.ERROR_INVALID_NAME, problem);
        }
        if (image.group(command.getName()) != null) {
            return Committed.of(image);
        }
        NextIds ids = image.next();
        return Committed.of(image.withGroup(new GroupInfo(ids.groupId(), command.getName(), createdMs))
                .withNext(ids.afterGroup()));
    }

    static Outcome deleteGroup(MetadataImage image, DeleteGroup command) {
        GroupInfo group = image.group(command.getName());
        if (group == null) {
            return new Refused(
                    ErrorCode.ERROR_UNKNOWN_GROUP, "group " + NameRules.shown(command.getName()) + " does not exist");
        }
        return Committed.of(image.withoutGroup(group));
    }

    static Outcome createQueueGroup(MetadataImage image, CreateQueueGroup command, long createdMs) {
        TopicInfo topic = image.topic(command.getTopic());
        if (topic == null) {
            return TopicCommands.unknownTopic(command.getTopic());
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
            NextIds ids = image.next();
            QueueGroupInfo group = new QueueGroupInfo(
                    ids.groupId(),
                    command.getName(),
                    MetadataCodec.policy(command.getPolicy()),
                    command.getPolicy().getLeaseMs(),
                    createdMs);
            return Committed.of(image.withTopic(topic.with(group)).withNext(ids.afterGroup()));
        } catch (IllegalArgumentException e) {
            return badQueueGroup(command.getName(), e);
        }
    }

    static Outcome alterQueueGroup(MetadataImage image, AlterQueueGroup command) {
        TopicInfo topic = image.topic(command.getTopic());
        if (topic == null) {
            return TopicCommands.unknownTopic(command.getTopic());
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
            return Committed.of(image.withTopic(topic.with(group.with(
                    MetadataCodec.policy(command.getPolicy()),
                    command.getPolicy().getLeaseMs()))));
        } catch (IllegalArgumentException e) {
            return badQueueGroup(command.getName(), e);
        }
    }

    static Outcome deleteQueueGroup(MetadataImage image, DeleteQueueGroup command) {
        TopicInfo topic = image.topic(command.getTopic());
        if (topic == null) {
            return TopicCommands.unknownTopic(command.getTopic());
        }
        QueueGroupInfo group = topic.queueGroup(command.getName());
        return group == null
                ? unknownQueueGroup(topic, command.getName())
                : Committed.of(image.withTopic(topic.without(group)));
    }

    private static Refused unknownQueueGroup(TopicInfo topic, String name) {
        return new Refused(
                ErrorCode.ERROR_UNKNOWN_GROUP,
                "topic " + topic.name() + " has no queue group " + NameRules.shown(name));
    }

    private static Refused badQueueGroup(String name, IllegalArgumentException why) {
        return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "queue group " + name + ": " + why.getMessage());
    }
}
