package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.AlterTopic;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.DeleteTopic;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the commands about topics do. */
final class TopicCommands {
    private TopicCommands() {}

    static Outcome create(MetadataImage image, CreateTopic command, long createdMs) {
        String problem = NameRules.problemWith(command.getName());
        if (problem != null) {
            return new Refused(ErrorCode.ERROR_INVALID_NAME, problem);
        }
        if (image.topic(command.getName()) != null) {
            return new Refused(ErrorCode.ERROR_TOPIC_EXISTS, "topic " + command.getName() + " exists already");
        }
        if (command.getPartitions() < 1 || command.getPartitions() > MetadataMachine.MAX_PARTITIONS) {
            return badPartitions(command.getPartitions(), "1 to " + MetadataMachine.MAX_PARTITIONS);
        }
        String deadLetter = command.getPolicy().getDeadLetter();
        Refused badDeadLetter = badDeadLetter(image, command.getName(), deadLetter);
        if (badDeadLetter != null) {
            return badDeadLetter;
        }
        try {
            TopicInfo topic = new TopicInfo(
                    image.next().topicId(),
                    command.getName(),
                    MetadataCodec.policy(command.getPolicy()),
                    replication(image, command),
                    List.of(),
                    List.of(),
                    createdMs);
            MetadataImage made = withGrown(image, topic, command.getPartitions());
            return Committed.of(made.withNext(made.next().afterTopic()));
        } catch (IllegalArgumentException e) {
            return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "topic " + command.getName() + ": " + e.getMessage());
        }
    }

    private static TopicInfo.Replication replication(MetadataImage image, CreateTopic command) {
        int wanted = command.getReplicas();
        if (wanted < 0 || wanted > Placement.MAX_REPLICAS) {
            throw new IllegalArgumentException("replicas: " + wanted + " (expected: 1 to " + Placement.MAX_REPLICAS
                    + ", or 0 for as many as the cluster's size suggests)");
        }
        int replicas = Placement.replicas(image, wanted);
        int writeQuorum = command.getWriteQuorum();
        if (writeQuorum != 0 && (writeQuorum <= replicas / 2 || writeQuorum > replicas)) {
            throw new IllegalArgumentException("writeQuorum: " + writeQuorum + " (expected: " + (replicas / 2 + 1)
                    + " to " + replicas + " of " + replicas + " replicas, or 0 for a majority)");
        }
        return new TopicInfo.Replication(wanted, writeQuorum);
    }

    static Outcome alter(MetadataImage image, AlterTopic command) {
        TopicInfo topic = image.topic(command.getName());
        if (topic == null) {
            return unknownTopic(command.getName());
        }
        int present = topic.partitions().size();
        if (command.getPartitions() < present || command.getPartitions() > MetadataMachine.MAX_PARTITIONS) {
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
            return Committed.of(withGrown(image, changed, command.getPartitions()));
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

    static Outcome delete(MetadataImage image, DeleteTopic command) {
        TopicInfo topic = image.topic(command.getName());
        return topic == null ? unknownTopic(command.getName()) : Committed.of(image.withoutTopic(topic));
    }

    /**
     * With the topic, and as many partitions of it. A new one starts with a leader and without a seal: nothing was ever
     * written to it, so there is nobody to ask.
     *
     * @throws IllegalArgumentException if there are too few nodes for new ones
     */
    private static MetadataImage withGrown(MetadataImage image, TopicInfo topic, int partitions) {
        int added = partitions - topic.partitions().size();
        if (added == 0) {
            return image.withTopic(topic);
        }
        int replicas = Placement.replicas(image, topic.replication().replicas());
        List<PartitionInfo> all = new ArrayList<>(partitions);
        all.addAll(topic.partitions());
        long id = image.next().partitionId();
        for (ReplicaSet placed : Placement.place(image, added, replicas)) {
            NodeInfo first = Objects.requireNonNull(image.nodeOf(placed.voters().get(0)));
            all.add(new PartitionInfo(
                    id++,
                    topic.id(),
                    topic.name(),
                    all.size(),
                    1,
                    first.leader(),
                    PartitionInfo.FIRST_CFG_VER,
                    placed,
                    PartitionInfo.NEVER_RECOVERED));
        }
        return image.withTopic(topic.withPartitions(all)).withNext(image.next().afterPartitions(added));
    }

    static Refused unknownTopic(String name) {
        return new Refused(ErrorCode.ERROR_UNKNOWN_TOPIC, "topic " + NameRules.shown(name) + " does not exist");
    }

    private static Refused badPartitions(int partitions, String expected) {
        return new Refused(
                ErrorCode.ERROR_INVALID_CONFIG, "partitions: " + partitions + " (expected: " + expected + ")");
    }
}
