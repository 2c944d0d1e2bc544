package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.protocol.wire.Settlement;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker in a process of its own is killed (SIGKILL) again and again while a consumer rejects every other record and the
 * dead-letter topic is another owner's. In the end each rejected record is there once, and none that was acknowledged.
 * {@code -Dheadwater.kills=200} for longer.
 */
class DeadLetterKillLoopTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final int CREDIT = 50;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(11);
    private final Set<String> confirmed = new HashSet<>();
    private long jobs;
    private long dead;
    private int groupId;
    private int produced;
    private int settled;
    private long session = 1;

    @Test
    void whatIsRejectedIsInTheDeadLetterTopicOnce() throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            create(client);
        }
        for (int kill = 0; kill < KILLS; kill++) {
            try (BrokerProcess broker = BrokerProcess.start(directory);
                    RawClient client = RawClient.connected(broker.port())) {
                int killAt = settled + random.nextInt(1, 300);
                int afterMs = random.nextInt(12);
                try {
                    work(client, killAt);
                    CompletableFuture.delayedExecutor(afterMs, TimeUnit.MILLISECONDS)
                            .execute(broker::kill);
                    work(client, Integer.MAX_VALUE);
                } catch (IOException e) {
                    // That is the kill.
                }
            }
        }
        int before = settled;
        assertTrue(before > KILLS, "work was done between the kills: " + before);
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            open(client);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!isAllDone(client)) {
                assertTrue(System.nanoTime() < deadline, () -> "not all is done");
                takeAll(client);
            }
            List<String> all = client.values(jobs);
            List<String> letters = client.values(dead);
            assertTrue(all.containsAll(confirmed));
            all.removeIf(value -> !isPoison(value));
            assertFalse(letters.isEmpty());
            letters.sort(null);
            all.sort(null);
            assertEquals(all, letters);
        }
    }

    private static boolean isPoison(String value) {
        return Integer.parseInt(value.substring(1)) % 2 == 1;
    }

    private void create(RawClient client) throws Exception {
        dead = make(client, "dead", "");
        jobs = make(client, "jobs", "dead");
        assertTrue(dead % 2 != jobs % 2, "of different owners");
        groupId = client.call(
                        FrameType.CREATE_QUEUE_GROUP,
                        CreateQueueGroup.newBuilder()
                                .setTopic("jobs")
                                .setName("workers")
                                .setConfig(QueueConfig.newBuilder()
                                        .setMaxFailures(-1)
                                        .setSessionGraceMs(-1))
                                .build())
                .message(QueueGroup.class)
                .getId();
    }

    private static long make(RawClient client, String name, String deadLetter) throws IOException {
        CreateTopic request = CreateTopic.newBuilder()
                .setName(name)
                .setPartitions(1)
                .setConfig(TopicConfig.newBuilder().setDeadLetter(deadLetter))
                .build();
        return client.call(FrameType.CREATE_TOPIC, request)
                .message(Topic.class)
                .getPartitions(0)
                .getPartitionId();
    }

    private void open(RawClient client) throws IOException {
        session++;
        Frame reply = client.call(
                FrameType.QUEUE_OPEN,
                QueueOpen.newBuilder()
                        .setSubscriptionId((int) session)
                        .setPartitionId(jobs)
                        .setGroupId(groupId)
                        .setSession(session)
                        .setCreditRecords(CREDIT)
                        .setCreditBytes(1 << 30)
                        .build());
        assertFalse(reply.isError(), () -> reply.message().toString());
    }

    /** Until so many records are settled. */
    private void work(RawClient client, int until) throws Exception {
        open(client);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        // What a kill left unanswered is in neither count.
        int ahead = produced - settled;
        while (settled < until) {
            assertTrue(System.nanoTime() < deadline, () -> settled + " settled, now " + described(client));
            if (produced - settled < ahead + 400) {
                produce(client);
            }
            takeAll(client);
        }
    }

    private void produce(RawClient client) throws Exception {
        String[] values = new String[random.nextInt(1, 20)];
        for (int i = 0; i < values.length; i++) {
            values[i] = "v" + produced++;
        }
        assertFalse(client.produce(jobs, Batches.of(values)).hasError());
        confirmed.addAll(List.of(values));
    }

    private void takeAll(RawClient client) throws Exception {
        while (client.hasPush()) {
            Frame push = client.push();
            QueueDeliver delivery = push.message(QueueDeliver.class);
            assertEquals("", delivery.getError().getMessage());
            List<Batches.Read> records = Batches.read(push.attachment());
            Settlement.Builder acks = Settlement.newBuilder().setVerb(QueueVerb.VERB_ACK);
            Settlement.Builder rejects = Settlement.newBuilder().setVerb(QueueVerb.VERB_REJECT);
            long lastAck = 0;
            long lastReject = 0;
            for (int i = 0; i < records.size(); i++) {
                long offset = records.get(i).offset();
                int attempt = delivery.getAttemptsCount() == 0 ? 1 : delivery.getAttempts(i);
                if (isPoison(records.get(i).value())) {
                    rejects.addOffsetSteps(offset - lastReject).addAttempts(attempt);
                    lastReject = offset;
                } else {
                    acks.addOffsetSteps(offset - lastAck).addAttempts(attempt);
                    lastAck = offset;
                }
            }
            QueueSettle.Builder settle =
                    QueueSettle.newBuilder().setPartitionId(jobs).setGroupId(groupId);
            for (Settlement.Builder each : List.of(acks, rejects)) {
                if (each.getOffsetStepsCount() > 0) {
                    settle.addSettlements(each);
                }
            }
            Frame reply = client.call(FrameType.QUEUE_SETTLE, settle.build());
            assertFalse(reply.isError(), () -> reply.message().toString());
            settled += records.size();
            client.send(
                    FrameType.QUEUE_CREDIT,
                    QueueCredit.newBuilder()
                            .setSubscriptionId(delivery.getSubscriptionId())
                            .setRecords(records.size())
                            .setBytes(push.attachment().readableBytes())
                            .build());
        }
    }

    private static String described(RawClient client) {
        try {
            return client.queue("jobs", "workers").toString();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean isAllDone(RawClient client) throws IOException {
        QueuePartition now = client.queue("jobs", "workers");
        return now.getFloor() == now.getEndOffset();
    }
}
