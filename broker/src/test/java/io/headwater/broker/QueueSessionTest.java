package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.HeldLeases;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueOpen;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A consumer that comes back with its session and says what had reached it. */
class QueueSessionTest {
    private static final int SESSION = 7;

    @TempDir
    Path directory;

    private Broker broker;
    private RawClient client;
    private long partition;
    private QueueGroup group;

    @BeforeEach
    void starts() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        client = RawClient.connected(broker.port());
        partition = client.createTopic("jobs", 1).getPartitions(0).getPartitionId();
        CreateQueueGroup create = CreateQueueGroup.newBuilder()
                .setTopic("jobs")
                .setName("workers")
                .setConfig(QueueConfig.newBuilder().setSessionGraceMs(60_000))
                .build();
        group = client.call(FrameType.CREATE_QUEUE_GROUP, create).message(QueueGroup.class);
        client.produce(partition, Batches.of("a", "b", "c"));
    }

    @AfterEach
    void stops() throws Exception {
        client.close();
        broker.close();
    }

    private QueueOpen.Builder opening() {
        return QueueOpen.newBuilder()
                .setSubscriptionId(1)
                .setPartitionId(partition)
                .setGroupId(group.getId())
                .setSession(SESSION)
                .setCreditRecords(10)
                .setCreditBytes(1 << 20);
    }

    private static HeldLeases.Builder held(long... offsets) {
        HeldLeases.Builder held = HeldLeases.newBuilder();
        long before = 0;
        for (long offset : offsets) {
            held.addOffsetSteps(offset - before);
            before = offset;
        }
        return held;
    }

    /** Value and attempt. */
    private static List<String> received(RawClient at, int count) throws Exception {
        List<String> all = new ArrayList<>();
        while (all.size() < count) {
            Frame push = at.push();
            QueueDeliver deliver = push.message(QueueDeliver.class);
            assertEquals(0, deliver.getFailuresCount(), "nobody is charged");
            List<Batches.Read> records = Batches.read(push.attachment());
            for (int i = 0; i < records.size(); i++) {
                int attempt = deliver.getAttemptsCount() == 0 ? 1 : deliver.getAttempts(i);
                all.add(records.get(i).value() + attempt);
            }
        }
        return all;
    }

    private void openAndLose() throws Exception {
        try (RawClient first = RawClient.connected(broker.port())) {
            assertFalse(first.call(FrameType.QUEUE_OPEN, opening().build()).isError());
            assertEquals(List.of("a1", "b1", "c1"), received(first, 3));
        }
    }

    @Test
    void whatNeverReachedItComesAgainAtOnce() throws Exception {
        openAndLose();
        client.call(FrameType.QUEUE_OPEN, opening().setHeld(held(2, 0)).build());
        assertEquals(List.of("b2"), received(client, 1));
    }

    @Test
    void whoHoldsAnEarlierDeliveryOfARecordDoesNotHoldIt() throws Exception {
        openAndLose();
        client.call(FrameType.QUEUE_OPEN, opening().setHeld(held()).build());
        assertEquals(List.of("a2", "b2", "c2"), received(client, 3));
        try (RawClient again = RawClient.connected(broker.port())) {
            HeldLeases.Builder both = held(0, 0, 1, 2)
                    .addAttempts(2)
                    .addAttempts(1)
                    .addAttempts(1)
                    .addAttempts(2);
            again.call(FrameType.QUEUE_OPEN, opening().setHeld(both).build());
            assertEquals(List.of("b3"), received(again, 1));
        }
    }

    @Test
    void whoSettlesNothingGetsAllThatItHasCreditFor() throws Exception {
        for (int i = 0; i < 40; i++) {
            client.produce(partition, Batches.ofOne(200_000));
        }
        client.call(
                FrameType.QUEUE_OPEN,
                opening().setCreditRecords(40).setCreditBytes(100 << 20).build());
        assertEquals(40, received(client, 40).size());
    }

    @Test
    void whoSaysNothingKeepsAll() throws Exception {
        openAndLose();
        client.call(FrameType.QUEUE_OPEN, opening().build());
        client.produce(partition, Batches.of("d"));
        assertEquals(List.of("d1"), received(client, 1));
    }

    @Test
    void refusesWhatMakesNoSenseAndChangesNothing() throws Exception {
        openAndLose();
        HeldLeases.Builder many = HeldLeases.newBuilder();
        for (int i = 0; i <= 100_000; i++) {
            many.addOffsetSteps(1);
        }
        for (HeldLeases.Builder odd : List.of(many, held(0, 1).addAttempts(1))) {
            Error refused =
                    client.failure(FrameType.QUEUE_OPEN, opening().setHeld(odd).build());
            assertEquals(ErrorCode.ERROR_INVALID_REQUEST, refused.getCode());
            assertTrue(refused.getMessage().contains("expected"), refused.getMessage());
        }
        HeldLeases.Builder strange = held(Long.MAX_VALUE, 2, 1, 0).addAttempts(-1);
        strange.addAttempts(1).addAttempts(1).addAttempts(1);
        client.call(FrameType.QUEUE_OPEN, opening().setHeld(strange).build());
        client.produce(partition, Batches.of("d"));
        assertEquals(List.of("d1"), received(client, 1));
    }
}
