package io.headwater.broker.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.Overflow;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Toggle;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.protocol.wire.TopicDescription;
import io.headwater.protocol.wire.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicHandlersTest {
    @TempDir
    Path directory = Path.of("set by JUnit");

    private ControlWorld world = none();
    private FakeConnection client = new FakeConnection(1000);

    @SuppressWarnings("NullAway")
    private static ControlWorld none() {
        return null;
    }

    @BeforeEach
    void start() throws IOException {
        world = new ControlWorld(directory);
    }

    @AfterEach
    void stop() throws IOException {
        world.close();
    }

    @Test
    void givesANewTopicTheDefaults() {
        Topic topic = world.topic("orders", 0);
        assertEquals(1, topic.getPartitionsCount());
        assertEquals(7 * 86_400_000L, topic.getConfig().getRetentionMs());
        assertEquals(-1, topic.getConfig().getRetentionBytes());
        assertEquals(AckLevel.ACK_PERSISTED, topic.getConfig().getAckLevel());
        assertEquals(world.nowMs(), topic.getCreatedMs());
    }

    @Test
    void announcesPartitionsToTheMarksAndMakesATopicAlsoWhereThatFails() {
        Topic made = world.topic("orders", 2);
        assertEquals(ids(made), world.partitions.expected);
        // An old partition may have a log: its mark is not made up.
        world.partitions.expected.clear();
        AlterTopic alter =
                AlterTopic.newBuilder().setName("orders").setPartitions(3).build();
        Topic altered = world.ask(client, FrameType.ALTER_TOPIC, alter, Topic.class);
        Set<Long> added = ids(altered);
        added.removeAll(ids(made));
        assertEquals(added, world.partitions.expected);
        world.partitions.marksFail = true;
        assertEquals(4, world.topic("more", 4).getPartitionsCount());
        assertEquals(added, world.partitions.expected);
    }

    private static Set<Long> ids(Topic topic) {
        Set<Long> ids = new HashSet<>();
        topic.getPartitionsList().forEach(partition -> ids.add(partition.getPartitionId()));
        return ids;
    }

    @Test
    void takesWhatIsAskedForAndChangesOnlyWhatIsNamed() {
        world.ask(
                client,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder().setName("dead").build(),
                Topic.class);
        CreateTopic create = CreateTopic.newBuilder()
                .setName("orders")
                .setPartitions(2)
                .setConfig(TopicConfig.newBuilder()
                        .setDeadLetter("dead")
                        .setRetentionMs(-1)
                        .setRetentionBytes(5000)
                        .setAckLevel(AckLevel.ACK_MEMORY)
                        .setCompact(Toggle.TOGGLE_ON)
                        .setTombstoneDelayMs(5000)
                        .setUntilAcked(Toggle.TOGGLE_ON)
                        .setAckedGraceMs(1000)
                        .setMaxRecords(10)
                        .setMaxAgeMs(60_000)
                        .setMaxBytes(1 << 20)
                        .setDedupWindowMs(-1)
                        .setDedupMaxIds(5000)
                        .setOverflow(Overflow.OVERFLOW_REJECT))
                .build();
        Topic made = world.ask(client, FrameType.CREATE_TOPIC, create, Topic.class);
        assertEquals(create.getConfig(), made.getConfig());
        AlterTopic alter = AlterTopic.newBuilder()
                .setName("orders")
                .setPartitions(3)
                .setConfig(TopicConfig.newBuilder().setRetentionMs(60_000))
                .build();
        Topic altered = world.ask(client, FrameType.ALTER_TOPIC, alter, Topic.class);
        assertEquals(made.getPartitionsList(), altered.getPartitionsList().subList(0, 2));
        assertEquals(3, altered.getPartitionsCount());
        assertEquals(60_000, altered.getConfig().getRetentionMs());
        assertEquals(5000, altered.getConfig().getRetentionBytes());
        assertEquals(AckLevel.ACK_MEMORY, altered.getConfig().getAckLevel());
        assertEquals("dead", altered.getConfig().getDeadLetter());
        AlterTopic parked = AlterTopic.newBuilder()
                .setName("orders")
                .setConfig(TopicConfig.newBuilder().setNoDeadLetter(true))
                .build();
        assertEquals(
                "",
                world.ask(client, FrameType.ALTER_TOPIC, parked, Topic.class)
                        .getConfig()
                        .getDeadLetter());
    }

    @Test
    void refusesWithATypedReason() {
        world.topic("orders", 2);
        refused(
                ErrorCode.ERROR_TOPIC_EXISTS,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder().setName("orders").build());
        refused(
                ErrorCode.ERROR_INVALID_NAME,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder().setName("a b").build());
        refused(
                ErrorCode.ERROR_INVALID_CONFIG,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder().setName("x").setPartitions(-1).build());
        refused(
                ErrorCode.ERROR_INVALID_CONFIG,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder().setName("x").setPartitions(99_999).build());
        refused(
                ErrorCode.ERROR_INVALID_CONFIG,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder()
                        .setName("x")
                        .setConfig(TopicConfig.newBuilder().setRetentionMs(-7))
                        .build());
        refused(
                ErrorCode.ERROR_INVALID_CONFIG,
                FrameType.ALTER_TOPIC,
                AlterTopic.newBuilder().setName("orders").setPartitions(1).build());
        refused(
                ErrorCode.ERROR_UNKNOWN_TOPIC,
                FrameType.DESCRIBE_TOPIC,
                DescribeTopic.newBuilder().setName("x").build());
        refused(
                ErrorCode.ERROR_UNKNOWN_TOPIC,
                FrameType.GET_TOPICS,
                GetTopics.newBuilder().addNames("x").build());
        refused(
                ErrorCode.ERROR_UNKNOWN_TOPIC,
                FrameType.DELETE_TOPIC,
                DeleteTopic.newBuilder().setName("x").build());
        refused(ErrorCode.ERROR_INVALID_REQUEST, FrameType.PRODUCE, Produce.getDefaultInstance());
        assertEquals(1, world.image().topicCount());
    }

    private void refused(ErrorCode code, FrameType type, com.google.protobuf.MessageLite request) {
        Error error = world.refusal(client, type, request);
        assertEquals(code, error.getCode(), error.getMessage());
        assertFalse(error.getUnknownOutcome(), "a refusal is definite");
    }

    @Test
    void listsAllOrThoseNamed() {
        world.topic("b", 1);
        world.topic("a", 2);
        Topics all = world.ask(client, FrameType.GET_TOPICS, GetTopics.getDefaultInstance(), Topics.class);
        assertEquals(
                List.of("a", "b"),
                all.getTopicsList().stream().map(Topic::getName).toList());
        Topics one = world.ask(
                client,
                FrameType.GET_TOPICS,
                GetTopics.newBuilder().addNames("b").build(),
                Topics.class);
        assertEquals(1, one.getTopicsCount());
    }

    @Test
    void showsWhatShareOfTheTopicEachPartitionHas() {
        Topic topic = world.topic("orders", 3);
        world.partitions.append(topic.getPartitions(0).getPartitionId(), 30);
        world.partitions.append(topic.getPartitions(2).getPartitionId(), 10);
        TopicDescription described = world.ask(
                client,
                FrameType.DESCRIBE_TOPIC,
                DescribeTopic.newBuilder().setName("orders").build(),
                TopicDescription.class);
        assertEquals(0.75, described.getPartitions(0).getShare());
        assertEquals(0.0, described.getPartitions(1).getShare());
        assertEquals(0.25, described.getPartitions(2).getShare());
    }

    @Test
    void describesThousandsOfPartitionsWithFewQuestionsUnderWay() {
        world.topic("wide", 5000);
        TopicDescription described = world.ask(
                client,
                FrameType.DESCRIBE_TOPIC,
                DescribeTopic.newBuilder().setName("wide").build(),
                TopicDescription.class);
        for (int i = 0; i < 5000; i++) {
            assertEquals(i, described.getPartitions(i).getIndex());
        }
    }

    @Test
    void answersADeletionWhenTheFilesAreGone() {
        Topic topic = world.topic("orders", 3);
        world.partitions.hold();
        int request = world.post(
                client,
                FrameType.DELETE_TOPIC,
                DeleteTopic.newBuilder().setName("orders").build());
        world.settle();
        assertNull(world.image().topic("orders"), "gone for everybody at once");
        assertNull(client.replyTo(request));
        world.partitions.letGo();
        world.settle();
        assertNotNull(client.replyTo(request));
        topic.getPartitionsList()
                .forEach(partition -> assertTrue(world.partitions.deleted.contains(partition.getPartitionId())));
    }

    @Test
    void deletesAtTheStartWhatADeletedTopicLeftBehind() {
        Topic kept = world.topic("kept", 1);
        world.partitions.append(kept.getPartitions(0).getPartitionId(), 1);
        world.partitions.append(77, 1);
        world.agent.begin();
        world.settle();
        assertEquals(Set.of(77L), world.partitions.deleted);
    }

    @Test
    void givesEveryProducerItsOwnIdAlsoAfterARestart() throws IOException {
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < 2500; i++) {
            assertTrue(ids.add(producerId()));
        }
        world = world.restart(directory);
        for (int i = 0; i < 10; i++) {
            assertTrue(ids.add(producerId()));
        }
    }

    private long producerId() {
        return world.ask(client, FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance(), InitProducerReply.class)
                .getProducerId();
    }

    @Test
    void saysUnknownWhenTheMetadataCannotBeWritten() {
        world.faulty.failSyncs(file -> true);
        Error error = world.refusal(
                client,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder().setName("a").build());
        assertTrue(error.getUnknownOutcome());
        assertTrue(error.getRetriable());
        assertFalse(world.agent.health().ready());
        world.faulty.heal();
        world.topic("a", 1);
        assertFalse(world.agent.health().summary().contains("metadata"));
    }

    @Test
    void refusesTheRequestThatFindsTheMailboxFull() {
        int taken = 0;
        while (world.queue.offer(
                client,
                io.headwater.protocol.Frame.request(
                        FrameType.GET_STATUS, 100_000 + taken, GetStatus.getDefaultInstance()))) {
            taken++;
        }
        assertEquals(taken, world.agent.controlMailbox());
        world.settle();
        for (int i = 0; i < taken; i++) {
            assertNotNull(client.replyTo(100_000 + i));
        }
    }

    @Test
    void saysWhatTheBrokerIsHasAndDoes() {
        world.topic("a", 3);
        world.vitals.offline = 2;
        world.agent.begin();
        Status status = world.ask(client, FrameType.GET_STATUS, GetStatus.getDefaultInstance(), Status.class);
        assertEquals("c", status.getClusterId());
        assertEquals(3, status.getPartitions());
        assertEquals(99, status.getPid());
        assertEquals(2, status.getOfflinePartitions());
        assertTrue(status.getHealth().contains("2 offline"), status.getHealth());
        assertTrue(world.agent.health().ready(), "the others are still served");
        world.vitals.usable = 5;
        assertFalse(world.agent.health().ready());
        assertTrue(world.agent.health().summary().contains("5 bytes free"));
    }

    @Test
    void takesNothingNewWhenItStops() {
        var prepared = world.agent.prepareToStop();
        Error error = world.refusal(client, FrameType.GET_TOPICS, GetTopics.getDefaultInstance());
        assertEquals(ErrorCode.ERROR_SHUTTING_DOWN, error.getCode());
        assertTrue(error.getRetriable());
        assertTrue(prepared.toCompletableFuture().isDone());
    }

    @Test
    void looksAfterPartitionsThatHaveALogAndLeavesTheOthersAlone() {
        Topic topic = world.topic("orders", 3);
        world.partitions.append(topic.getPartitions(1).getPartitionId(), 1);
        world.settle();
        world.pass(world.config.storage().retentionCheckMs() + 1);
        world.pass(1);
        assertEquals(List.of("retain orders-1"), world.partitions.chores);
        world.partitions.chores.clear();
        world.pass(world.config.storage().idleAfterMs());
        assertTrue(world.partitions.chores.contains("hibernate"));
    }
}
