package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.Backoff;
import io.headwater.protocol.wire.BackoffKind;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.DeleteQueueGroup;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GetQueueGroups;
import io.headwater.protocol.wire.Overflow;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueClose;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueExplanation;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueueGroups;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOpenReply;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.QueueRecords;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.protocol.wire.RecordState;
import io.headwater.protocol.wire.Settlement;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.Toggle;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.protocol.wire.TopicDescription;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Queue and keyed groups over the wire: who gets what, what a settle does, and what a restart leaves. */
class QueueTest {
    private static final long PLENTY = 1 << 30;

    @TempDir
    Path directory;

    private Broker broker;
    private RawClient client;
    private long partition;

    @BeforeEach
    void starts() throws Exception {
        start();
        partition = client.createTopic("jobs", 1).getPartitions(0).getPartitionId();
    }

    private void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory).withThreads(new BrokerConfig.Threads(1, 2)));
        client = RawClient.connected(broker.port());
    }

    @AfterEach
    void stops() throws Exception {
        client.close();
        broker.close();
    }

    private void restart() throws Exception {
        stops();
        start();
    }

    private void restartWithSmallSegments() throws Exception {
        stops();
        broker = Broker.start(BrokerConfig.onFreePorts(directory)
                .withThreads(new BrokerConfig.Threads(1, 2))
                .withStorage(new BrokerConfig.Storage(1 << 20, 60_000, 100, 0, 0, 1 << 20)));
        client = RawClient.connected(broker.port());
    }

    private void alter(String topic, TopicConfig.Builder config) throws Exception {
        client.call(
                FrameType.ALTER_TOPIC,
                AlterTopic.newBuilder().setName(topic).setConfig(config).build());
    }

    private QueueGroup group(boolean keyed) throws Exception {
        QueueConfig config = QueueConfig.newBuilder()
                .setSessionGraceMs(-1)
                .setMaxFailures(3)
                .setBackoff(Backoff.newBuilder().setKind(BackoffKind.BACKOFF_NONE))
                .build();
        return client.call(
                        FrameType.CREATE_QUEUE_GROUP,
                        CreateQueueGroup.newBuilder()
                                .setTopic("jobs")
                                .setName("workers")
                                .setKeyed(keyed)
                                .setConfig(config)
                                .build())
                .message(QueueGroup.class);
    }

    private QueueOpen.Builder opening(QueueGroup group, int id, int records) {
        return QueueOpen.newBuilder()
                .setSubscriptionId(id)
                .setPartitionId(partition)
                .setGroupId(group.getId())
                .setSession(id)
                .setCreditRecords(records)
                .setCreditBytes(PLENTY)
                .setConsumerName("consumer-" + id);
    }

    private static void open(RawClient at, QueueOpen.Builder request) throws Exception {
        Frame reply = at.call(FrameType.QUEUE_OPEN, request.build());
        assertEquals(30_000, reply.message(QueueOpenReply.class).getLeaseMs());
    }

    /** A record as it was delivered. */
    private record Got(long offset, String value, int attempt, int failures) {}

    private static List<Got> received(RawClient at, int count) throws Exception {
        List<Got> all = new ArrayList<>();
        while (all.size() < count) {
            Frame push = at.push();
            QueueDeliver deliver = push.message(QueueDeliver.class);
            List<Batches.Read> records = Batches.read(push.attachment());
            for (int i = 0; i < records.size(); i++) {
                all.add(new Got(
                        records.get(i).offset(),
                        records.get(i).value(),
                        deliver.getAttemptsCount() == 0 ? 1 : deliver.getAttempts(i),
                        deliver.getFailuresCount() == 0 ? 0 : deliver.getFailures(i)));
            }
        }
        assertEquals(count, all.size());
        return all;
    }

    private static List<String> values(List<Got> records) {
        return records.stream().map(Got::value).toList();
    }

    private QueueSettleReply settle(RawClient at, QueueGroup group, QueueVerb verb, int attempt, long... offsets)
            throws Exception {
        Settlement.Builder settlement = Settlement.newBuilder().setVerb(verb);
        long before = 0;
        for (long offset : offsets) {
            settlement.addOffsetSteps(offset - before).addAttempts(attempt);
            before = offset;
        }
        return at.call(
                        FrameType.QUEUE_SETTLE,
                        QueueSettle.newBuilder()
                                .setPartitionId(partition)
                                .setGroupId(group.getId())
                                .addSettlements(settlement)
                                .build())
                .message(QueueSettleReply.class);
    }

    private QueuePartition described() throws Exception {
        return described("workers");
    }

    private QueuePartition described(String group) throws Exception {
        return client.call(
                        FrameType.DESCRIBE_QUEUE_GROUP,
                        DescribeQueueGroup.newBuilder()
                                .setTopic("jobs")
                                .setName(group)
                                .build())
                .message(QueueGroupDescription.class)
                .getPartitions(0);
    }

    private QueueExplanation explained(QueueGroup group, long offset) throws Exception {
        return client.call(
                        FrameType.QUEUE_EXPLAIN,
                        QueueExplain.newBuilder()
                                .setPartitionId(partition)
                                .setGroupId(group.getId())
                                .setOffset(offset)
                                .build())
                .message(QueueExplanation.class);
    }

    private long operate(QueueGroup group, QueueOperation operation, RecordState... states) throws Exception {
        return client.call(
                        FrameType.QUEUE_OPERATE,
                        QueueOperate.newBuilder()
                                .setPartitionId(partition)
                                .setGroupId(group.getId())
                                .setOperation(operation)
                                .setUntilOffset(-1)
                                .addAllStates(List.of(states))
                                .build())
                .message(QueueOperateReply.class)
                .getRecords();
    }

    @Test
    void deliversWhatIsThereAndWhatComesAndForgetsWhatIsAcknowledged() throws Exception {
        client.produce(partition, Batches.of("a", "b"));
        QueueGroup group = group(false);
        open(client, opening(group, 1, 10));
        assertEquals(List.of("a", "b"), values(received(client, 2)));
        client.produce(partition, Batches.of("c"));
        assertEquals(List.of(new Got(2, "c", 1, 0)), received(client, 1));

        assertEquals(0, settle(client, group, QueueVerb.VERB_ACK, 1, 0, 1, 2).getProblemsCount());

        QueuePartition left = described();
        assertEquals(0, left.getReady() + left.getLeased() + left.getWaiting() + left.getDead());
        assertEquals(3, left.getFloor());
        assertEquals(3, left.getAcked());
        assertEquals("consumer-1", left.getWorkers(0).getName());
    }

    @Test
    void aRestartForgetsNoAcknowledgementAndNoAttempt() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a", "b", "c", "d"));
        open(client, opening(group, 1, 3));
        received(client, 3);
        settle(client, group, QueueVerb.VERB_ACK, 1, 1);
        settle(client, group, QueueVerb.VERB_FAIL, 1, 0);

        restart();
        open(client, opening(group, 2, 10));

        // The one that was leased by a session that is gone comes back too; it was the only one, which counts.
        List<Got> again = new ArrayList<>(received(client, 3));
        again.sort((one, other) -> Long.compare(one.offset(), other.offset()));
        assertEquals(List.of(new Got(0, "a", 2, 1), new Got(2, "c", 2, 1), new Got(3, "d", 1, 0)), again);
    }

    @Test
    void aStaleLeaseIsToldWhatTheRecordIsNowAndARepeatedAnswerIsTheSame() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a"));
        open(client, opening(group, 1, 1));
        received(client, 1);

        assertEquals(0, settle(client, group, QueueVerb.VERB_ACK, 1, 0).getProblemsCount());
        assertEquals(0, settle(client, group, QueueVerb.VERB_ACK, 1, 0).getProblemsCount());
        QueueSettleReply late = settle(client, group, QueueVerb.VERB_FAIL, 1, 0);

        assertEquals(RecordState.RECORD_DONE, late.getProblems(0).getState());
    }

    @Test
    void aRecordThatFailsTooOftenIsDeadAndCanBeRedriven() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("poison", "fine"));
        open(client, opening(group, 1, 10));
        received(client, 2);
        settle(client, group, QueueVerb.VERB_ACK, 1, 1);
        for (int attempt = 1; attempt <= 3; attempt++) {
            settle(client, group, QueueVerb.VERB_FAIL, attempt, 0);
            if (attempt < 3) {
                assertEquals(List.of(new Got(0, "poison", attempt + 1, attempt)), received(client, 1));
            }
        }
        assertEquals("DEAD", explained(group, 0).getCode());
        QueueRecords dead = client.call(
                        FrameType.QUEUE_BROWSE,
                        QueueBrowse.newBuilder()
                                .setPartitionId(partition)
                                .setGroupId(group.getId())
                                .setState(RecordState.RECORD_DEAD)
                                .build())
                .message(QueueRecords.class);
        assertEquals(3, dead.getRecords(0).getFailures());

        assertEquals(1, operate(group, QueueOperation.QUEUE_REDRIVE));

        assertEquals(List.of(new Got(0, "poison", 4, 0)), received(client, 1));
    }

    @Test
    void twoConsumersShareAndALostConnectionGivesBack() throws Exception {
        QueueGroup group = group(false);
        for (int i = 0; i < 10; i++) {
            client.produce(partition, Batches.of("r" + i));
        }
        operate(group, QueueOperation.QUEUE_PAUSE);
        open(client, opening(group, 1, 10));
        try (RawClient other = RawClient.connected(broker.port())) {
            open(other, opening(group, 2, 10));
            operate(group, QueueOperation.QUEUE_RESUME);
            assertEquals(5, received(client, 5).size());
            assertEquals(5, received(other, 5).size());
        }
        for (int i = 0; i < 5; i++) {
            // Suspects, since their consumer died with several: one at a time, to somebody who holds nothing else.
            if (i == 0) {
                settle(client, group, QueueVerb.VERB_ACK, 1, 0, 1, 2, 3, 4);
            }
            Got again = received(client, 1).get(0);
            assertEquals(2, again.attempt());
            assertEquals(0, again.failures());
            settle(client, group, QueueVerb.VERB_ACK, 2, again.offset());
        }
        assertEquals(10, described().getFloor());
    }

    @Test
    void whoComesBackWithItsSessionKeepsWhatItHolds() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a", "b"));
        RawClient first = RawClient.connected(broker.port());
        open(first, opening(group, 7, 1));
        received(first, 1);
        try (RawClient second = RawClient.connected(broker.port())) {
            open(second, opening(group, 7, 0));
            Frame told = first.push();
            assertEquals(
                    ErrorCode.ERROR_SESSION_TAKEN,
                    told.message(QueueDeliver.class).getError().getCode());
            first.close();
            assertEquals(0, settle(second, group, QueueVerb.VERB_ACK, 1, 0).getProblemsCount());
            second.send(
                    FrameType.QUEUE_CREDIT,
                    QueueCredit.newBuilder().setSubscriptionId(7).setRecords(1).build());
            assertEquals(List.of("b"), values(received(second, 1)));
        }
    }

    @Test
    void closingInOrderGivesBackAtOnceAndChargesNobody() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a", "b", "c"));
        open(client, opening(group, 1, 3));
        received(client, 3);
        client.call(
                FrameType.QUEUE_CLOSE,
                QueueClose.newBuilder().setSubscriptionId(1).setRelease(true).build());

        open(client, opening(group, 2, 3));

        assertEquals(List.of(new Got(0, "a", 2, 0), new Got(1, "b", 2, 0), new Got(2, "c", 2, 0)), received(client, 3));
    }

    @Test
    void aKeyIsWorkedOnOneRecordAtATimeAndTheOthersGoOn() throws Exception {
        client.produce(partition, Batches.keyed("x", "x1", "y", "y1", "x", "x2"));
        QueueGroup group = group(true);
        client.produce(partition, Batches.keyed("x", "x3", "y", "y2", "z", "z1"));
        open(client, opening(group, 1, 10));

        List<String> first = new ArrayList<>(values(received(client, 3)));
        first.sort(null);
        assertEquals(List.of("x1", "y1", "z1"), first);
        assertEquals("KEY_HELD", explained(group, 2).getCode());
        assertEquals(0, explained(group, 3).getBehindOffset());
        settle(client, group, QueueVerb.VERB_FAIL, 1, 0);
        assertEquals(List.of(new Got(0, "x1", 2, 1)), received(client, 1));
        settle(client, group, QueueVerb.VERB_ACK, 2, 0);
        assertEquals(List.of("x2"), values(received(client, 1)));
        settle(client, group, QueueVerb.VERB_ACK, 1, 1);
        assertEquals(List.of("y2"), values(received(client, 1)));

        restart();
        open(client, opening(group, 2, 10));

        List<String> after = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            // Three that were leased when it stopped, x3 behind one of them.
            Got got = received(client, 1).get(0);
            after.add(got.value());
            settle(client, group, QueueVerb.VERB_ACK, got.attempt(), got.offset());
        }
        assertEquals(List.of("x3"), values(received(client, 1)));
        after.sort(null);
        assertEquals(List.of("x2", "y2", "z1"), after);
    }

    @Test
    void detachedLeasesBelongToTheirTokens() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a"));
        try (RawClient other = RawClient.connected(broker.port())) {
            open(other, opening(group, 3, 1).setSession(0));
            received(other, 1);
        }
        assertEquals("LEASED", explained(group, 0).getCode());
        assertEquals(0, settle(client, group, QueueVerb.VERB_ACK, 1, 0).getProblemsCount());
        assertEquals("DONE", explained(group, 0).getCode());
    }

    @Test
    void saysWhyNothingIsDelivered() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a", "b"));
        assertEquals("NO_CONSUMER", explained(group, 0).getCode());
        open(client, opening(group, 1, 1));
        received(client, 1);
        assertEquals("NO_CREDIT", explained(group, 1).getCode());
        QueueExplanation held = explained(group, 0);
        assertEquals("LEASED", held.getCode());
        assertEquals("consumer-1", held.getRecord().getHolder());
        operate(group, QueueOperation.QUEUE_PAUSE);
        assertEquals("PAUSED", explained(group, 1).getCode());
        assertEquals("UNCOMMITTED", explained(group, 9).getCode());
        assertTrue(held.getText().contains("consumer-1"), held.getText());
    }

    @Test
    void aDeletedGroupEndsItsConsumersAndAnotherOfItsNameIsNew() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a"));
        open(client, opening(group, 1, 1));
        received(client, 1);
        settle(client, group, QueueVerb.VERB_ACK, 1, 0);
        client.call(
                FrameType.DELETE_QUEUE_GROUP,
                DeleteQueueGroup.newBuilder()
                        .setTopic("jobs")
                        .setName("workers")
                        .build());
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_GROUP,
                client.push().message(QueueDeliver.class).getError().getCode());

        QueueGroup another = group(false);
        open(client, opening(another, 2, 1));

        assertEquals(List.of(new Got(0, "a", 1, 0)), received(client, 1));
        restart();
        assertEquals(
                List.of(another.getId()),
                client
                        .call(FrameType.GET_QUEUE_GROUPS, GetQueueGroups.getDefaultInstance())
                        .message(QueueGroups.class)
                        .getGroupsList()
                        .stream()
                        .map(QueueGroup::getId)
                        .toList());
    }

    private ProduceResult produceReserved(byte[] batch) throws Exception {
        return client.call(
                        FrameType.PRODUCE,
                        Produce.newBuilder()
                                .addBatches(ProduceBatch.newBuilder()
                                        .setPartitionId(partition)
                                        .setBytes(batch.length)
                                        .setReservedHeaders(true))
                                .build(),
                        batch)
                .message(ProduceReply.class)
                .getResults(0);
    }

    @Test
    void whatIsMoreUrgentComesFirstAlsoAfterARestartAndInAGroupThatIsMadeLater() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("usual"));
        produceReserved(Batches.with("hw-priority", "9", "urgent"));
        produceReserved(Batches.with("hw-priority", "0", "whenever"));
        restart();
        open(client, opening(group, 1, 2));
        assertEquals(List.of("urgent", "usual"), values(received(client, 2)));

        client.call(
                FrameType.DELETE_QUEUE_GROUP,
                DeleteQueueGroup.newBuilder()
                        .setTopic("jobs")
                        .setName("workers")
                        .build());
        client.push();
        QueueGroup later = group(false);
        open(client, opening(later, 2, 3));

        assertEquals(List.of("urgent", "usual", "whenever"), values(received(client, 3)));
    }

    @Test
    void whatIsWantedLaterComesWhenItIsDue() throws Exception {
        QueueGroup group = group(false);
        long dueMs = System.currentTimeMillis() + 1_500;
        produceReserved(Batches.with("hw-deliver-at", Long.toString(dueMs), "later"));
        produceReserved(Batches.with("hw-deliver-at", Long.toString(dueMs + 3_600_000), "much later"));
        client.produce(partition, Batches.of("now"));
        open(client, opening(group, 1, 10));
        assertEquals(List.of("now"), values(received(client, 1)));
        assertEquals("SCHEDULED", explained(group, 0).getCode());
        restart();
        open(client, opening(group, 2, 10));
        // "now" was leased alone by a consumer that is gone.
        assertEquals(List.of("now"), values(received(client, 1)));
        assertEquals(List.of("later"), values(received(client, 1)));
        long tookMs = System.currentTimeMillis() - dueMs;
        assertTrue(tookMs >= 0 && tookMs < 5_000, tookMs + " ms after it was due");

        assertEquals(1, operate(group, QueueOperation.QUEUE_CANCEL));
        assertEquals("DONE", explained(group, 1).getCode());
    }

    @Test
    void aLimitIsExactAndRoomComesBackWithAcknowledgements() throws Exception {
        alter("jobs", TopicConfig.newBuilder().setMaxRecords(3));
        QueueGroup group = group(false);
        assertEquals(
                0, client.produce(partition, Batches.of("a", "b")).getError().getCodeValue());
        Error full = client.produce(partition, Batches.of("c", "d")).getError();
        assertEquals(ErrorCode.ERROR_OVERLOADED, full.getCode());
        assertTrue(full.getRetriable() && full.getMessage().contains("room for 1 of 2"), full.getMessage());
        assertEquals(2, client.produce(partition, Batches.of("c")).getBaseOffset());
        open(client, opening(group, 1, 2));
        received(client, 2);
        settle(client, group, QueueVerb.VERB_ACK, 1, 0, 1);
        assertEquals(3, client.produce(partition, Batches.of("d", "e")).getBaseOffset());

        alter("jobs", TopicConfig.newBuilder().setOverflow(Overflow.OVERFLOW_REJECT));

        Error rejected = client.produce(partition, Batches.of("f")).getError();
        assertEquals(ErrorCode.ERROR_QUEUE_FULL, rejected.getCode());
        assertFalse(rejected.getRetriable());
    }

    /** With the same topic not deleting on acknowledgement, and one record that is not acknowledged, as its controls. */
    @Test
    void whatIsAcknowledgedGivesItsDiskBackAndNothingElseDoes() throws Exception {
        restartWithSmallSegments();
        QueueGroup group = group(false);
        open(client, opening(group, 1, 100));
        String large = "x".repeat(100_000);
        for (int i = 0; i < 50; i++) {
            client.produce(partition, Batches.of(large));
        }
        List<Got> all = received(client, 50);
        for (Got got : all.subList(0, 20)) {
            settle(client, group, QueueVerb.VERB_ACK, 1, got.offset());
        }
        long firstWithout = startOffsetOnceAbove(-1);
        alter("jobs", TopicConfig.newBuilder().setUntilAcked(Toggle.TOGGLE_ON));

        long first = startOffsetOnceAbove(0);
        assertEquals(0, firstWithout);
        assertTrue(first > 0 && first <= 20, "starts at " + first);
        for (Got got : all.subList(20, 50)) {
            settle(client, group, QueueVerb.VERB_ACK, 1, got.offset());
        }
        assertTrue(startOffsetOnceAbove(20) <= 50);
        QueuePartition left = described();
        assertEquals(50, left.getFloor());
    }

    @Test
    void oneOldRecordDoesNotPinTheDiskOfTheRest() throws Exception {
        restartWithSmallSegments();
        alter("jobs", TopicConfig.newBuilder().setUntilAcked(Toggle.TOGGLE_ON));
        QueueGroup group = group(false);
        open(client, opening(group, 1, 100));
        String large = "x".repeat(50_000);
        for (int i = 0; i < 50; i++) {
            client.produce(partition, Batches.of("left", large));
        }
        List<Got> all = received(client, 100);
        long before = bytes();
        for (Got got : all) {
            if (got.offset() != 0) {
                settle(client, group, QueueVerb.VERB_ACK, 1, got.offset());
            }
        }

        long after = before;
        for (long until = System.nanoTime() + 10_000_000_000L;
                after > before / 2 && System.nanoTime() < until;
                after = bytes()) {}

        assertTrue(after <= before / 2, before + " bytes before, " + after + " after");
        assertEquals(0, described().getFloor());
        restart();
        open(client, opening(group, 2, 10));
        assertEquals(List.of(new Got(0, "left", 2, 1)), received(client, 1));
        // A stream still sees one batch after the other, and in them what is left.
        client.call(
                FrameType.SUBSCRIBE,
                Subscribe.newBuilder()
                        .setSubscriptionId(9)
                        .setPartitionId(partition)
                        .setUntilOffset(100)
                        .setCreditBytes(PLENTY)
                        .build());
        long next = 0;
        List<Batches.Read> left = new ArrayList<>();
        while (next < 100) {
            Frame push = client.push();
            next = push.message(Deliver.class).getNextOffset();
            left.addAll(Batches.read(push.attachment()));
        }
        assertEquals(100, next);
        assertEquals("left", left.get(0).value());
        assertTrue(left.size() < 100, left.size() + " records are left");
    }

    private long bytes() throws Exception {
        return client.call(
                        FrameType.DESCRIBE_TOPIC,
                        DescribeTopic.newBuilder().setName("jobs").build())
                .message(TopicDescription.class)
                .getPartitions(0)
                .getBytes();
    }

    @Test
    void whatIsGoneIsNoRecordToAGroupThatIsMadeLater() throws Exception {
        oneOldRecordDoesNotPinTheDiskOfTheRest();
        QueueGroup later = client.call(
                        FrameType.CREATE_QUEUE_GROUP,
                        CreateQueueGroup.newBuilder()
                                .setTopic("jobs")
                                .setName("later")
                                .build())
                .message(QueueGroup.class);
        QueuePartition now = described("later");
        for (long until = System.nanoTime() + 10_000_000_000L;
                now.getState().equals("opening") && System.nanoTime() < until; ) {
            now = described("later");
        }
        assertTrue(now.getReady() > 0 && now.getReady() < 100, now.getReady() + " are ready");
        open(client, opening(later, 21, 1000));
        assertEquals(now.getReady(), received(client, (int) now.getReady()).size());
        assertEquals(0, described("later").getDead());
    }

    @Test
    void retentionLeavesWhatAGroupNeedsThatNobodyHasWorkedInYet() throws Exception {
        restartWithSmallSegments();
        client.produce(partition, Batches.of("old"));
        group(false);
        alter("jobs", TopicConfig.newBuilder().setRetentionMs(1));
        long control = client.createTopic("control", 1).getPartitions(0).getPartitionId();
        client.produce(control, Batches.of("old"));
        alter("control", TopicConfig.newBuilder().setRetentionMs(1));
        long ours = partition;
        partition = control;
        assertEquals(1, startOffsetOnceAbove(0));
        partition = ours;
        assertEquals(1, described().getReady());
    }

    @Test
    void answersACloseThoughTheGroupIsGone() throws Exception {
        QueueGroup group = group(false);
        open(client, opening(group, 1, 1));
        client.call(
                FrameType.DELETE_QUEUE_GROUP,
                DeleteQueueGroup.newBuilder()
                        .setTopic("jobs")
                        .setName("workers")
                        .build());
        Frame reply = client.call(
                FrameType.QUEUE_CLOSE,
                QueueClose.newBuilder().setSubscriptionId(1).setRelease(true).build());
        assertFalse(reply.isError());
    }

    @Test
    void oddNumbersAreRefusedAndTheBrokerGoesOn() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a"));
        open(client, opening(group, 1, 1));
        received(client, 1);
        List<Settlement.Builder> odd = List.of(
                Settlement.newBuilder()
                        .setVerb(QueueVerb.VERB_ACK)
                        .setHasDelay(true)
                        .setDelayMs(-2),
                Settlement.newBuilder().setVerb(QueueVerb.VERB_REJECT).setDelayMs(Long.MIN_VALUE),
                Settlement.newBuilder().setVerb(QueueVerb.VERB_FAIL).setDelayMs(Long.MAX_VALUE),
                Settlement.newBuilder().setVerb(QueueVerb.VERB_EXTEND).setDelayMs(1),
                Settlement.newBuilder().setVerb(QueueVerb.VERB_RELEASE).setDelayMs(-1));
        for (Settlement.Builder settlement : odd) {
            Frame reply = client.call(
                    FrameType.QUEUE_SETTLE,
                    QueueSettle.newBuilder()
                            .setPartitionId(partition)
                            .setGroupId(group.getId())
                            .addSettlements(
                                    settlement.addOffsetSteps(Long.MIN_VALUE).addAttempts(-1))
                            .build());
            boolean delayCounts =
                    settlement.getVerb() != QueueVerb.VERB_ACK && settlement.getVerb() != QueueVerb.VERB_REJECT;
            assertEquals(delayCounts, reply.isError(), () -> reply.message().toString());
        }
        Settlement.Builder long10001 = Settlement.newBuilder().setVerb(QueueVerb.VERB_ACK);
        for (int i = 0; i < 10_001; i++) {
            long10001.addOffsetSteps(1);
        }
        Error many = client.failure(
                FrameType.QUEUE_SETTLE,
                QueueSettle.newBuilder()
                        .setPartitionId(partition)
                        .setGroupId(group.getId())
                        .addSettlements(long10001)
                        .build());
        assertTrue(many.getMessage().contains("at most 10000"), many.getMessage());
        assertEquals(0, settle(client, group, QueueVerb.VERB_ACK, 1, 0).getProblemsCount());
    }

    /** Waits for retention to get there. */
    private long startOffsetOnceAbove(long offset) throws Exception {
        long start = -1;
        for (long until = System.nanoTime() + 10_000_000_000L; start <= offset && System.nanoTime() < until; ) {
            start = client.call(
                            FrameType.FIND_OFFSET,
                            FindOffset.newBuilder()
                                    .setPartitionId(partition)
                                    .setAnchor(Anchor.ANCHOR_BEGINNING)
                                    .build())
                    .message(FindOffsetReply.class)
                    .getStartOffset();
        }
        return start;
    }

    @Test
    void refusesAWishThatCannotBeRead() throws Exception {
        ProduceResult refused = produceReserved(Batches.with("hw-priority", "ten", "x"));
        assertEquals(ErrorCode.ERROR_CORRUPT_BATCH, refused.getError().getCode());
        assertTrue(
                refused.getError().getMessage().contains("0 to 9"),
                refused.getError().getMessage());
    }

    @Test
    void purgesWhatIsAskedFor() throws Exception {
        QueueGroup group = group(false);
        client.produce(partition, Batches.of("a", "b", "c"));
        assertEquals(3, operate(group, QueueOperation.QUEUE_PURGE, RecordState.RECORD_READY));
        assertEquals(3, described().getFloor());
    }

    @Test
    void refusesWhatMakesNoSense() throws Exception {
        QueueGroup group = group(false);
        assertEquals(
                ErrorCode.ERROR_GROUP_EXISTS,
                client.failure(
                                FrameType.CREATE_QUEUE_GROUP,
                                CreateQueueGroup.newBuilder()
                                        .setTopic("jobs")
                                        .setName("workers")
                                        .build())
                        .getCode());
        Error unknown = client.failure(
                FrameType.QUEUE_OPEN, opening(group, 1, 1).setGroupId(4711).build());
        assertEquals(ErrorCode.ERROR_UNKNOWN_GROUP, unknown.getCode());
        Error lease = client.failure(
                FrameType.QUEUE_OPEN, opening(group, 1, 1).setLeaseMs(10).build());
        assertTrue(lease.getMessage().contains("1 s to 12 h"), lease.getMessage());
        Error verb = client.failure(
                FrameType.QUEUE_SETTLE,
                QueueSettle.newBuilder()
                        .setPartitionId(partition)
                        .setGroupId(group.getId())
                        .addSettlements(Settlement.newBuilder().addOffsetSteps(1))
                        .build());
        assertEquals(ErrorCode.ERROR_INVALID_REQUEST, verb.getCode());
    }
}
