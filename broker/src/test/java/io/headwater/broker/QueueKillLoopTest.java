package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Backoff;
import io.headwater.protocol.wire.BackoffKind;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.protocol.wire.Settlement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A broker in a process of its own is killed (SIGKILL) again and again while a queue group works. A ledger holds what was
 * confirmed: no record comes again after its acknowledgement was confirmed, attempts only rise, no confirmed failure is
 * forgotten, a key's records come one at a time and in order; in the end everything is done. {@code
 * -Dheadwater.kills=200} for longer.
 */
class QueueKillLoopTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final int PER_KEY = 4;
    private static final int CREDIT = 20;
    private static final int KEYS = 5;
    /** Or the last life takes for ever. */
    private static final int MOST_WAITING = 500;
    /** Longer than a broker's start on a busy machine, or who comes back holds nothing any more. */
    private static final int GRACE_MS = 2_000;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(7);

    // The ledger, by offset.
    private final Map<Long, String> values = new HashMap<>();
    private final Set<Long> acknowledged = new HashSet<>();
    private final Set<Long> perhapsAcknowledged = new HashSet<>();
    private final Map<Long, Integer> lastAttempt = new HashMap<>();
    private final Map<Long, Integer> failures = new HashMap<>();
    /** What this consumer holds: offset and attempt. */
    private final Map<Long, Integer> held = new HashMap<>();
    /** What it said when the broker was killed, and heard no answer to. */
    private @Nullable Settlement unanswered;

    private boolean keyed;
    private long partition = -1;
    private int groupId;
    private long session;
    private int produced;
    private boolean drains;
    private int killAt;
    private Runnable killer = () -> {};

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void forgetsNothingThatWasConfirmed(boolean ofKeyedGroup) throws Exception {
        keyed = ofKeyedGroup;
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            create(client);
        }
        for (int kill = 0; kill < KILLS; kill++) {
            try (BrokerProcess broker = BrokerProcess.start(directory)) {
                // Every other time the consumer comes back as another one, and what it held is lost.
                boolean sameSession = kill % 2 == 1;
                // Mostly in the middle of work, and now and then at its beginning.
                killAt = kill % 4 == 3 ? 0 : acknowledged.size() + random.nextInt(1, 60);
                int afterMs = random.nextInt(30);
                killer = () -> CompletableFuture.delayedExecutor(afterMs, TimeUnit.MILLISECONDS)
                        .execute(broker::kill);
                try (RawClient client = RawClient.connected(broker.port())) {
                    work(client, sameSession);
                } catch (IOException e) {
                    // That is the kill.
                }
            }
        }
        int before = acknowledged.size();
        drains = true;
        try (BrokerProcess broker = BrokerProcess.start(directory);
                RawClient client = RawClient.connected(broker.port())) {
            killAt = Integer.MAX_VALUE;
            work(client, false);
            perhapsAcknowledged.addAll(acknowledged);
            assertEquals(values.keySet(), perhapsAcknowledged);
        }
        assertTrue(before > KILLS, "work was done between the kills: " + before);
    }

    private void work(RawClient client, boolean sameSession) throws Exception {
        if (!sameSession) {
            session = random.nextLong(1, Long.MAX_VALUE);
            held.clear();
            unanswered = null;
        }
        Frame reply = client.call(
                FrameType.QUEUE_OPEN,
                QueueOpen.newBuilder()
                        .setSubscriptionId(1)
                        .setPartitionId(partition)
                        .setGroupId(groupId)
                        .setSession(session)
                        .setCreditRecords(CREDIT)
                        .setCreditBytes(1 << 30)
                        .setRecordsPerKey(PER_KEY)
                        .build());
        assertFalse(reply.isError(), () -> reply.message().toString());
        if (unanswered != null) {
            settle(client, unanswered);
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!drains || !isAllDone(client)) {
            assertTrue(System.nanoTime() < deadline, "held: " + held + ", " + described(client));
            if (acknowledged.size() >= killAt) {
                killAt = Integer.MAX_VALUE;
                killer.run();
            }
            if (!drains && values.size() < acknowledged.size() + MOST_WAITING) {
                produce(client);
            }
            if (!held.isEmpty()) {
                settleSome(client);
            }
            while (client.hasPush()) {
                take(client, client.push());
            }
        }
    }

    private static QueuePartition described(RawClient client) throws IOException {
        return client.queue("jobs", "workers");
    }

    private static boolean isAllDone(RawClient client) throws IOException {
        QueuePartition now = described(client);
        return now.getFloor() == now.getEndOffset();
    }

    private void create(RawClient client) throws Exception {
        Frame topic = client.call(
                FrameType.CREATE_TOPIC,
                io.headwater.protocol.wire.CreateTopic.newBuilder()
                        .setName("jobs")
                        .setPartitions(1)
                        .build());
        long made = topic.message(io.headwater.protocol.wire.Topic.class)
                .getPartitions(0)
                .getPartitionId();
        groupId = client.call(
                        FrameType.CREATE_QUEUE_GROUP,
                        CreateQueueGroup.newBuilder()
                                .setTopic("jobs")
                                .setName("workers")
                                .setKeyed(keyed)
                                .setConfig(QueueConfig.newBuilder()
                                        .setMaxFailures(-1)
                                        .setSessionGraceMs(GRACE_MS)
                                        .setBackoff(Backoff.newBuilder().setKind(BackoffKind.BACKOFF_NONE)))
                                .build())
                .message(QueueGroup.class)
                .getId();
        partition = made;
    }

    private void produce(RawClient client) throws Exception {
        int count = random.nextInt(1, 6);
        String[] keysAndValues = new String[2 * count];
        for (int i = 0; i < count; i++) {
            keysAndValues[2 * i] = "k" + (produced + i) % KEYS;
            keysAndValues[2 * i + 1] = keysAndValues[2 * i] + "/" + (produced + i);
        }
        var result = client.produce(partition, Batches.keyed(keysAndValues));
        assertEquals(ErrorCode.ERROR_NONE, result.getError().getCode());
        for (int i = 0; i < count; i++) {
            values.put(result.getBaseOffset() + i, keysAndValues[2 * i + 1]);
        }
        produced += count;
    }

    private void take(RawClient client, Frame push) throws Exception {
        QueueDeliver delivery = push.message(QueueDeliver.class);
        assertEquals("", delivery.getError().getMessage());
        List<Batches.Read> records = Batches.read(push.attachment());
        for (int i = 0; i < records.size(); i++) {
            Batches.Read record = records.get(i);
            int attempt = delivery.getAttemptsCount() == 0 ? 1 : delivery.getAttempts(i);
            int failed = delivery.getFailuresCount() == 0 ? 0 : delivery.getFailures(i);
            // The broker was killed before it could say where this one is: nobody else may have it either.
            values.putIfAbsent(record.offset(), record.value());
            assertEquals(values.get(record.offset()), record.value());
            assertFalse(acknowledged.contains(record.offset()), () -> record + " was acknowledged");
            Integer before = lastAttempt.put(record.offset(), attempt);
            assertTrue(before == null || attempt > before, () -> record + ": attempt after " + before);
            assertTrue(failed >= failures.getOrDefault(record.offset(), 0), () -> record + ": a failure is forgotten");
            if (keyed) {
                checkOrder(record);
            }
            perhapsAcknowledged.remove(record.offset());
            assertNull(held.put(record.offset(), attempt));
        }
        client.send(
                FrameType.QUEUE_CREDIT,
                QueueCredit.newBuilder()
                        .setSubscriptionId(1)
                        .setRecords(records.size())
                        .setBytes(push.attachment().readableBytes())
                        .build());
    }

    private void checkOrder(Batches.Read record) {
        String key = record.value().substring(0, record.value().indexOf('/') + 1);
        for (Map.Entry<Long, String> other : values.entrySet()) {
            if (other.getKey() < record.offset() && other.getValue().startsWith(key)) {
                assertTrue(
                        acknowledged.contains(other.getKey())
                                || perhapsAcknowledged.contains(other.getKey())
                                || held.containsKey(other.getKey()),
                        () -> record + " came before " + other + " was done, or came");
            }
        }
    }

    private String keyOf(long offset) {
        String value = values.getOrDefault(offset, "");
        return value.substring(0, value.indexOf('/') + 1);
    }

    /** What a consumer may work on: of each key the first. */
    private List<Long> firstsOfKeys() {
        Map<String, Long> firsts = new HashMap<>();
        held.keySet().forEach(offset -> firsts.merge(keyOf(offset), offset, Math::min));
        return new ArrayList<>(firsts.values());
    }

    private void settleSome(RawClient client) throws Exception {
        List<Long> offsets = keyed ? firstsOfKeys() : new ArrayList<>(held.keySet());
        List<Long> chosen = new ArrayList<>();
        for (long offset : offsets) {
            if (chosen.isEmpty() || random.nextInt(3) > 0) {
                chosen.add(offset);
            }
        }
        int dice = random.nextInt(10);
        QueueVerb verb = dice < 7 ? QueueVerb.VERB_ACK : dice < 9 ? QueueVerb.VERB_FAIL : QueueVerb.VERB_RELEASE;
        Settlement.Builder settlement = Settlement.newBuilder().setVerb(verb);
        long before = 0;
        for (long offset : chosen) {
            settlement.addOffsetSteps(offset - before).addAttempts(held.get(offset));
            before = offset;
        }
        if (verb == QueueVerb.VERB_ACK) {
            perhapsAcknowledged.addAll(chosen);
        }
        settle(client, settlement.build());
    }

    private void settle(RawClient client, Settlement settlement) throws IOException {
        unanswered = settlement;
        QueueSettle request = QueueSettle.newBuilder()
                .setPartitionId(partition)
                .setGroupId(groupId)
                .addSettlements(settlement)
                .build();
        Frame reply = client.call(FrameType.QUEUE_SETTLE, request);
        while (reply.isError() && reply.message(Error.class).getCode() == ErrorCode.ERROR_OVERLOADED) {
            // A keyed group's broker has just started, and reads the keys.
            reply = client.call(FrameType.QUEUE_SETTLE, request);
        }
        // Nobody else may have them: every lease is valid, or was settled just so before the kill.
        assertEquals(
                List.of(), reply.message(QueueSettleReply.class).getProblemsList(), () -> settlement + " of " + held);
        unanswered = null;
        long offset = 0;
        for (long step : settlement.getOffsetStepsList()) {
            offset += step;
            held.remove(offset);
            if (keyed && settlement.getVerb() != QueueVerb.VERB_ACK) {
                String key = keyOf(offset);
                // The broker has taken back what was granted behind it.
                held.keySet().removeIf(other -> keyOf(other).equals(key));
            }
            if (settlement.getVerb() == QueueVerb.VERB_ACK) {
                acknowledged.add(offset);
            } else if (settlement.getVerb() == QueueVerb.VERB_FAIL) {
                failures.merge(offset, 1, Integer::sum);
            }
        }
    }
}
