package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Backoff;
import io.headwater.protocol.wire.BackoffKind;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.protocol.wire.Settlement;
import io.headwater.protocol.wire.Topic;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A record that kills every consumer which begins to work on it, among a thousand that they have been given beforehand:
 * only that one dies, and none of its neighbours is charged.
 */
class QueueSuspectsTest {
    private static final int RECORDS = 1_000;
    private static final int MAX_FAILURES = 3;
    private static final int MOST_CONSUMERS = 20;

    @TempDir
    Path directory;

    private final Set<Long> done = new HashSet<>();
    private long poison;
    private long partition;
    private int groupId;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onePoisonAmongAThousandDiesAlone(boolean keyed) throws Exception {
        try (Broker broker = Broker.start(BrokerConfig.onFreePorts(directory))) {
            fill(broker, keyed);
            int killed = 0;
            while (done.size() < RECORDS - 1 || killed < MAX_FAILURES) {
                try (RawClient consumer = RawClient.connected(broker.port())) {
                    if (!workUntilKilled(consumer, killed)) {
                        break;
                    }
                }
                killed++;
                assertTrue(killed < MOST_CONSUMERS, () -> "done: " + done.size());
            }
            assertEquals(RECORDS - 1, done.size());
            assertFalse(done.contains(poison));
            // The first took its neighbours with it and was not charged; then it was alone.
            assertEquals(MAX_FAILURES + 1, killed);
            try (RawClient client = RawClient.connected(broker.port())) {
                QueuePartition left = described(client);
                assertEquals(1, left.getDead());
                assertEquals(0, left.getReady() + left.getWaiting() + left.getLeased());
            }
        }
    }

    private void fill(Broker broker, boolean keyed) throws Exception {
        try (RawClient client = RawClient.connected(broker.port())) {
            Frame topic = client.call(
                    FrameType.CREATE_TOPIC,
                    CreateTopic.newBuilder().setName("jobs").setPartitions(1).build());
            partition = topic.message(Topic.class).getPartitions(0).getPartitionId();
            CreateQueueGroup group = CreateQueueGroup.newBuilder()
                    .setTopic("jobs")
                    .setName("workers")
                    .setKeyed(keyed)
                    .setConfig(QueueConfig.newBuilder()
                            .setMaxFailures(MAX_FAILURES)
                            .setSessionGraceMs(1)
                            .setBackoff(Backoff.newBuilder().setKind(BackoffKind.BACKOFF_NONE)))
                    .build();
            groupId = client.call(FrameType.CREATE_QUEUE_GROUP, group)
                    .message(QueueGroup.class)
                    .getId();
            String[] keysAndValues = new String[2 * RECORDS];
            for (int i = 0; i < RECORDS; i++) {
                keysAndValues[2 * i] = "key " + i;
                keysAndValues[2 * i + 1] = "job " + i;
            }
            poison = client.produce(partition, Batches.keyed(keysAndValues)).getBaseOffset() + RECORDS / 2;
        }
    }

    /** False: nothing is left that it could work on. */
    private boolean workUntilKilled(RawClient consumer, int number) throws Exception {
        QueueOpen open = QueueOpen.newBuilder()
                .setSubscriptionId(1)
                .setPartitionId(partition)
                .setGroupId(groupId)
                .setSession(100 + number)
                .setCreditRecords(RECORDS)
                .setCreditBytes(1 << 30)
                .build();
        assertFalse(consumer.call(FrameType.QUEUE_OPEN, open).isError());
        Queue<Given> given = new ArrayDeque<>();
        while (number > 0 || given.size() < RECORDS) {
            QueuePartition now = number > 0 && given.isEmpty() && !consumer.hasPush() ? described(consumer) : null;
            if (now != null && now.getReady() + now.getWaiting() + now.getLeased() == 0) {
                return false;
            }
            if (now == null || consumer.hasPush()) {
                given.addAll(delivered(consumer));
            }
            while (number > 0 && !given.isEmpty()) {
                if (given.peek().offset == poison) {
                    return true;
                }
                acknowledge(consumer, given.remove());
            }
        }
        // All thousand have been handed to the first one, which works on them in order.
        while (given.element().offset != poison) {
            acknowledge(consumer, given.remove());
        }
        return true;
    }

    private record Given(long offset, int attempt) {}

    private static List<Given> delivered(RawClient consumer) throws Exception {
        Frame push = consumer.push();
        QueueDeliver delivery = push.message(QueueDeliver.class);
        assertEquals("", delivery.getError().getMessage());
        List<Given> records = new ArrayList<>();
        for (Batches.Read record : Batches.read(push.attachment())) {
            int attempt = delivery.getAttemptsCount() == 0 ? 1 : delivery.getAttempts(records.size());
            records.add(new Given(record.offset(), attempt));
        }
        consumer.send(
                FrameType.QUEUE_CREDIT,
                QueueCredit.newBuilder()
                        .setSubscriptionId(1)
                        .setRecords(records.size())
                        .setBytes(push.attachment().readableBytes())
                        .build());
        return records;
    }

    private void acknowledge(RawClient consumer, Given record) throws Exception {
        Settlement ack = Settlement.newBuilder()
                .setVerb(QueueVerb.VERB_ACK)
                .addOffsetSteps(record.offset)
                .addAttempts(record.attempt)
                .build();
        QueueSettle request = QueueSettle.newBuilder()
                .setPartitionId(partition)
                .setGroupId(groupId)
                .addSettlements(ack)
                .build();
        QueueSettleReply reply = consumer.call(FrameType.QUEUE_SETTLE, request).message(QueueSettleReply.class);
        assertEquals(List.of(), reply.getProblemsList());
        assertTrue(done.add(record.offset), () -> record + " came again after its acknowledgement");
    }

    private static QueuePartition described(RawClient client) throws Exception {
        return client.call(
                        FrameType.DESCRIBE_QUEUE_GROUP,
                        DescribeQueueGroup.newBuilder()
                                .setTopic("jobs")
                                .setName("workers")
                                .build())
                .message(QueueGroupDescription.class)
                .getPartitions(0);
    }
}
