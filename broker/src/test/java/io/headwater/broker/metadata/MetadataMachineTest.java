package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.testing.Seeds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MetadataMachineTest {
    private MetadataImage image = MetadataImage.empty("c");

    MetadataMachineTest() {
        apply(Commands.register("d"));
    }

    private Outcome apply(Command command) {
        Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, command);
        if (outcome instanceof Outcome.Committed committed) {
            image = committed.image();
        }
        return outcome;
    }

    private void refused(ErrorCode code, Command command) {
        MetadataImage before = image;
        Outcome.Refused refusal = assertInstanceOf(Outcome.Refused.class, apply(command));
        assertEquals(code, refusal.code(), refusal.message());
        assertEquals(before, image);
    }

    private TopicInfo topic(String name) {
        return Objects.requireNonNull(image.topic(name));
    }

    @Test
    void neverGivesAnIdTwice() {
        apply(Commands.create("a", 3));
        TopicInfo first = topic("a");
        apply(Commands.delete("a"));
        assertNull(image.partition(first.partitions().get(0).partitionId()));
        apply(Commands.create("a", 3));
        TopicInfo second = topic("a");
        assertTrue(second.id() > first.id());
        assertTrue(second.partitions().get(0).partitionId()
                > first.partitions().get(2).partitionId());
        apply(Commands.group("g"));
        int group = Objects.requireNonNull(image.group("g")).id();
        apply(Commands.dropGroup("g"));
        apply(Commands.group("g"));
        assertTrue(Objects.requireNonNull(image.group("g")).id() > group);
    }

    @Test
    void raisesEveryEpochInOneRegistration() {
        apply(Commands.create("a", 300));
        apply(Commands.create("b", 2));
        Outcome.Committed registered = assertInstanceOf(Outcome.Committed.class, apply(Commands.register("d")));
        assertEquals(registered.index(), Objects.requireNonNull(image.node(1)).incarnation());
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                assertEquals(2, partition.epoch());
                assertEquals(partition, image.partition(partition.partitionId()));
            }
        }
    }

    @Test
    void refusesADataDirectoryThatIsNotTheOneThatRegistered() {
        refused(ErrorCode.ERROR_INVALID_CONFIG, Commands.register("another"));
    }

    @Test
    void addsPartitionsBehindThoseThatAreThere() {
        apply(Commands.create("a", 2));
        TopicInfo before = topic("a");
        apply(Commands.alter("a", 5));
        TopicInfo after = topic("a");
        assertEquals(before.partitions(), after.partitions().subList(0, 2));
        assertEquals(5, after.partitions().size());
        assertEquals(2000, after.policy().retentionMs());
        refused(ErrorCode.ERROR_INVALID_CONFIG, Commands.alter("a", 4));
    }

    @Test
    void refusesWhatDoesNotFitWithoutChangingAnything() {
        apply(Commands.create("a", 1));
        refused(ErrorCode.ERROR_TOPIC_EXISTS, Commands.create("a", 1));
        refused(ErrorCode.ERROR_UNKNOWN_TOPIC, Commands.delete("b"));
        refused(ErrorCode.ERROR_UNKNOWN_TOPIC, Commands.alter("b", 1));
        refused(ErrorCode.ERROR_INVALID_CONFIG, Commands.create("b", 0));
        refused(ErrorCode.ERROR_INVALID_CONFIG, Commands.create("b", MetadataMachine.MAX_PARTITIONS + 1));
        refused(ErrorCode.ERROR_UNKNOWN_GROUP, Commands.dropGroup("b"));
        refused(ErrorCode.ERROR_INVALID_REQUEST, Commands.producerIds(0));
        refused(ErrorCode.ERROR_INVALID_REQUEST, Command.getDefaultInstance());
        Command noRetention = Commands.create("b", 1).toBuilder()
                .setCreateTopic(Commands.create("b", 1).getCreateTopic().toBuilder()
                        .setPolicy(Commands.policy().setRetentionMs(0)))
                .build();
        refused(ErrorCode.ERROR_INVALID_CONFIG, noRetention);
    }

    @Test
    void deadLettersGoToAnotherTopicThatExistsAndNeverComeBack() {
        apply(Commands.create("a", 1));
        refused(ErrorCode.ERROR_INVALID_CONFIG, deadLetter("a", "a"));
        refused(ErrorCode.ERROR_INVALID_CONFIG, deadLetter("a", "b"));
        apply(Commands.create("b", 1));
        apply(Commands.create("c", 1));
        assertInstanceOf(Outcome.Committed.class, apply(deadLetter("a", "b")));
        assertInstanceOf(Outcome.Committed.class, apply(deadLetter("b", "c")));
        refused(ErrorCode.ERROR_INVALID_CONFIG, deadLetter("c", "a"));
        refused(ErrorCode.ERROR_INVALID_CONFIG, deadLetter("c", "b"));
        assertInstanceOf(Outcome.Committed.class, apply(Commands.delete("b")));
        // What names a topic that is gone can still be altered; what is made in its place must not lead back.
        assertInstanceOf(Outcome.Committed.class, apply(deadLetter("a", "b")));
        Command back = Commands.create("b", 1).toBuilder()
                .setCreateTopic(Commands.create("b", 1).getCreateTopic().toBuilder()
                        .setPolicy(Commands.policy().setDeadLetter("a")))
                .build();
        refused(ErrorCode.ERROR_INVALID_CONFIG, back);
        assertInstanceOf(Outcome.Committed.class, apply(deadLetter("a", "")));
        assertInstanceOf(Outcome.Committed.class, apply(back));
        assertEquals("a", image.topic("b").policy().work().deadLetter());
    }

    private static Command deadLetter(String topic, String deadLetter) {
        return Commands.alter(topic, 1).toBuilder()
                .setAlterTopic(Commands.alter(topic, 1).getAlterTopic().toBuilder()
                        .setPolicy(Commands.policy().setDeadLetter(deadLetter)))
                .build();
    }

    @Test
    void holdsNamesToTheRule() {
        for (String bad : new String[] {"", ".", "..", "a b", "a/b", "ä", "__x", "x".repeat(129), "a\n", "a\0"}) {
            refused(ErrorCode.ERROR_INVALID_NAME, Commands.create(bad, 1));
            refused(ErrorCode.ERROR_INVALID_NAME, Commands.group(bad));
        }
        for (String good : new String[] {"a", "A-Z_0.9", "x".repeat(128), "...", "_x"}) {
            assertInstanceOf(Outcome.Committed.class, apply(Commands.create(good, 1)), good);
        }
    }

    @Test
    void showsBadNamesEscapedAndShort() {
        String shown = NameRules.shown("\u001b[31m" + "x".repeat(500));
        assertTrue(shown.startsWith("'\\u001b[31m"), shown);
        assertTrue(shown.length() < 60, shown);
    }

    @Test
    void givesProducerIdsInBlocksThatDoNotOverlap() {
        long end = 0;
        for (int i = 0; i < 10; i++) {
            Outcome.Committed block = assertInstanceOf(Outcome.Committed.class, apply(Commands.producerIds(1000)));
            assertTrue(block.id() >= end && block.id() > 0);
            end = block.id() + 1000;
        }
    }

    @Test
    void takesOnlyTheNextIndex() {
        assertThrows(IllegalArgumentException.class, () -> MetadataMachine.apply(image, 3, Commands.create("a", 1)));
    }

    @Test
    void agreesWithPlainMapsAndSurvivesItsOwnSnapshot() {
        Seeds.run(100, random -> {
            image = MetadataImage.empty("c");
            apply(Commands.register("dir"));
            Map<String, Integer> topics = new HashMap<>();
            Set<String> groups = new HashSet<>();
            for (int step = 0; step < 200; step++) {
                Command command = Commands.random(random);
                boolean took = apply(command) instanceof Outcome.Committed;
                model(command, topics, groups, took);
                assertEquals(topics.size(), image.topicCount());
                assertEquals(topics.values().stream().mapToInt(n -> n).sum(), image.partitionCount());
                assertEquals(groups.size(), image.groupCount());
            }
            MetadataImage again = MetadataCodec.image(MetadataCodec.snapshot(image));
            assertSame(image, again);
        });
    }

    private static void model(Command command, Map<String, Integer> topics, Set<String> groups, boolean took) {
        switch (command.getCommandCase()) {
            case CREATE_TOPIC -> {
                String name = command.getCreateTopic().getName();
                assertEquals(!topics.containsKey(name), took);
                topics.putIfAbsent(name, command.getCreateTopic().getPartitions());
            }
            case ALTER_TOPIC -> {
                String name = command.getAlterTopic().getName();
                int count = command.getAlterTopic().getPartitions();
                assertEquals(topics.containsKey(name) && topics.get(name) <= count, took);
                topics.computeIfPresent(name, (topic, before) -> Math.max(before, count));
            }
            case DELETE_TOPIC ->
                assertEquals(topics.remove(command.getDeleteTopic().getName()) != null, took);
            case CREATE_GROUP -> groups.add(command.getCreateGroup().getName());
            case DELETE_GROUP ->
                assertEquals(groups.remove(command.getDeleteGroup().getName()), took);
            default -> assertTrue(took);
        }
    }

    static void assertSame(MetadataImage expected, MetadataImage actual) {
        assertEquals(MetadataCodec.snapshot(expected), MetadataCodec.snapshot(actual));
        for (TopicInfo topic : expected.topics()) {
            assertEquals(topic, actual.topic(topic.name()));
            topic.partitions()
                    .forEach(partition ->
                            assertEquals(partition, assertNotNullAnd(actual.partition(partition.partitionId()))));
        }
    }

    private static PartitionInfo assertNotNullAnd(@org.jspecify.annotations.Nullable PartitionInfo partition) {
        assertNotNull(partition);
        return partition;
    }
}
