package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueRecord;
import io.headwater.client.Settlement;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.QueueVerb;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several records of a key with one consumer at a time: in order, whatever becomes of them. */
@Timeout(120)
class KeyedRunsTest {
    private static final int KEYS = 5;
    private static final int RECORDS = 2_000;

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker broker;
    private HeadwaterClient admin;
    private long partition;

    @BeforeEach
    void starts() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        admin = client();
        try (RawClient raw = RawClient.connected(broker.port())) {
            partition = raw.createTopic("jobs", 1).getPartitions(0).getPartitionId();
        }
        admin.queueAdmin()
                .create(
                        "jobs",
                        "work",
                        QueueGroupConfig.keyedQueue().withMaxFailures(-1).withBackoff(Backoff.none()));
    }

    @AfterEach
    void stops() throws Exception {
        admin.close();
        broker.close();
    }

    private HeadwaterClient client() {
        return HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
    }

    private void produce(int count) {
        try (Producer producer = admin.producer().build()) {
            for (int i = 0; i < count; i++) {
                var unused = producer.send(ProducerRecord.ofUtf8("jobs", "key-" + i % KEYS, "" + i));
            }
            producer.flush();
        }
    }

    private QueueAdmin.PartitionStatus status() {
        return admin.queueAdmin().describe("jobs", "work").partitions().get(0);
    }

    // ---- over the wire

    private QueueOpen.Builder opening(QueueAdmin.Group group, int perKey) {
        return QueueOpen.newBuilder()
                .setSubscriptionId(1)
                .setPartitionId(partition)
                .setGroupId(group.id())
                .setSession(7)
                .setCreditRecords(100)
                .setCreditBytes(1 << 20)
                .setRecordsPerKey(perKey);
    }

    @Test
    void whatIsBehindARecordThatFailsComesBackWithIt() throws Exception {
        produce(4 * KEYS);
        QueueAdmin.Group group = admin.queueAdmin().describe("jobs", "work").group();
        try (RawClient raw = RawClient.connected(broker.port())) {
            raw.call(FrameType.QUEUE_OPEN, opening(group, 3).build());
            Frame push = raw.push();
            QueueDeliver delivery = push.message(QueueDeliver.class);
            List<Batches.Read> records = Batches.read(push.attachment());
            assertEquals(3 * KEYS, records.size(), "three of each key");
            assertEquals(2 * KEYS, delivery.getFollowers());
            assertEquals(
                    List.of(0L, 1L, 2L, 3L, 4L),
                    records.subList(0, KEYS).stream().map(Batches.Read::offset).toList());

            // The second of key-0 fails; the first of key-1 is released.
            settle(raw, group, QueueVerb.VERB_ACK, 0);
            settle(raw, group, QueueVerb.VERB_FAIL, 5);
            QueueSettleReply stale = settle(raw, group, QueueVerb.VERB_ACK, 10);
            assertEquals(1, stale.getProblemsCount(), "the third of key-0 is not this consumer's any more");

            push = raw.push();
            assertEquals(List.of(5L), offsets(push), "what has failed comes alone");
            assertEquals(List.of(2), push.message(QueueDeliver.class).getAttemptsList());
            assertEquals(List.of(1), push.message(QueueDeliver.class).getFailuresList());

            settle(raw, group, QueueVerb.VERB_ACK, 5, 2);
            push = raw.push();
            assertEquals(List.of(10L, 15L), offsets(push));
            assertEquals(List.of(2, 1), push.message(QueueDeliver.class).getAttemptsList());
            assertEquals(List.of(), push.message(QueueDeliver.class).getFailuresList(), "none has failed");
            assertEquals(1, push.message(QueueDeliver.class).getFollowers());
            assertEquals(1, status().returned().failed());
            assertEquals(1, status().returned().released());
        }
    }

    private static List<Long> offsets(Frame push) throws Exception {
        return Batches.read(push.attachment()).stream()
                .map(Batches.Read::offset)
                .toList();
    }

    private QueueSettleReply settle(RawClient raw, QueueAdmin.Group group, QueueVerb verb, long offset)
            throws Exception {
        return settle(raw, group, verb, offset, 1);
    }

    private QueueSettleReply settle(RawClient raw, QueueAdmin.Group group, QueueVerb verb, long offset, int attempt)
            throws Exception {
        return raw.call(
                        FrameType.QUEUE_SETTLE,
                        QueueSettle.newBuilder()
                                .setPartitionId(partition)
                                .setGroupId(group.id())
                                .addSettlements(io.headwater.protocol.wire.Settlement.newBuilder()
                                        .setVerb(verb)
                                        .addOffsetSteps(offset)
                                        .addAttempts(attempt))
                                .build())
                .message(QueueSettleReply.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 101})
    void refusesWhatCannotBe(int perKey) throws Exception {
        QueueAdmin.Group group = admin.queueAdmin().describe("jobs", "work").group();
        try (RawClient raw = RawClient.connected(broker.port())) {
            Frame reply = raw.call(FrameType.QUEUE_OPEN, opening(group, perKey).build());
            assertEquals(
                    ErrorCode.ERROR_INVALID_REQUEST, reply.message(Error.class).getCode());
            reply = raw.call(
                    FrameType.QUEUE_OPEN, opening(group, 2).setSession(0).build());
            assertTrue(reply.message(Error.class).getMessage().contains("detached"), reply.toString());
        }
    }

    // ---- with the client

    private final Map<String, Integer> atWork = new ConcurrentHashMap<>();
    /** By key: the last that was done. */
    private final Map<String, Integer> done = new ConcurrentHashMap<>();

    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    private final AtomicInteger failed = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16})
    void handlersHaveOneRecordOfAKeyAtATimeInOrder(int perKey) throws Exception {
        produce(RECORDS);
        List<HeadwaterClient> clients = List.of(client(), client());
        List<QueueConsumer> consumers = clients.stream()
                .map(client -> client.queueConsumer()
                        .topic("jobs")
                        .group("work")
                        .prefetch(60)
                        .concurrency(3)
                        .recordsPerKey(perKey)
                        .build())
                .toList();
        List<Thread> threads = consumers.stream()
                .map(consumer -> new Thread(() -> consumer.run(this::work)))
                .toList();
        threads.forEach(Thread::start);
        long giveUpNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (status().acked() < RECORDS) {
            assertTrue(System.nanoTime() < giveUpNs, () -> "a key is stuck: " + status());
        }
        consumers.forEach(QueueConsumer::close);
        for (Thread thread : threads) {
            thread.join();
        }
        clients.forEach(HeadwaterClient::close);

        assertEquals(List.of(), List.copyOf(wrong));
        assertEquals(RECORDS, status().floor());
        assertTrue(failed.get() > RECORDS / 50, "failed: " + failed);
        boolean tookBack = status().returned().released() > 0;
        assertEquals(perKey > 1, tookBack, "what was behind a failed one: " + status().returned());
    }

    private static String text(byte @Nullable [] bytes) {
        return new String(Objects.requireNonNull(bytes), StandardCharsets.UTF_8);
    }

    private void work(QueueRecord record) {
        String key = text(record.key());
        int number = Integer.parseInt(text(record.value()));
        Integer other = atWork.putIfAbsent(key, number);
        if (other != null) {
            wrong.add(key + ": " + number + " while " + other + " is at work");
        }
        int last = done.getOrDefault(key, number % KEYS - KEYS);
        if (number != last + KEYS) {
            wrong.add(key + ": " + number + " after " + last);
        }
        boolean fails = ThreadLocalRandom.current().nextInt(20) == 0;
        if (!fails) {
            done.put(key, number);
        }
        atWork.remove(key);
        if (fails) {
            failed.incrementAndGet();
            throw new IllegalStateException("now and then");
        }
    }

    private QueueConsumer.Builder consumer() {
        return admin.queueConsumer().topic("jobs").group("work");
    }

    /** Receives up to a record of a key and acknowledges the others. */
    private QueueRecord next(QueueConsumer consumer, String key) {
        while (true) {
            List<QueueRecord> records = consumer.receive(1, Duration.ofSeconds(20));
            assertEquals(1, records.size(), "nothing comes: " + status());
            if (text(records.get(0).key()).equals(key)) {
                return records.get(0);
            }
            consumer.ack(records.get(0));
        }
    }

    @Test
    void aLeaseThatTheBrokerHasEndedHoldsItsKeyNoLonger() {
        produce(3 * KEYS);
        try (QueueConsumer consumer = consumer().build()) {
            QueueRecord first = next(consumer, "key-0");
            admin.settle(first.token(), Settlement.release());
            var stale = assertThrows(
                    CompletionException.class,
                    () -> consumer.extend(first, Duration.ofHours(1)).join());
            assertInstanceOf(HeadwaterException.StaleLease.class, stale.getCause());
            // It is not settled: its lease is not its consumer's any more.
            for (long offset : new long[] {0, KEYS, 2 * KEYS}) {
                QueueRecord again = next(consumer, "key-0");
                assertEquals(offset, again.offset());
                assertEquals(2, again.deliveries());
                assertEquals(0, again.failures());
                consumer.ack(again).join();
            }
        }
        assertEquals(3 * KEYS, status().floor());
    }

    @Test
    void whatIsBehindARecordThatSomebodyElseSettlesComesWithoutAFailure() {
        produce(3 * KEYS);
        try (QueueConsumer consumer = consumer().lease(Duration.ofSeconds(2)).build()) {
            admin.settle(next(consumer, "key-0").token(), Settlement.ack());
            for (long offset : new long[] {KEYS, 2 * KEYS}) {
                QueueRecord behind = next(consumer, "key-0");
                assertEquals(offset, behind.offset());
                assertEquals(0, behind.failures());
                consumer.ack(behind).join();
            }
            assertEquals(0, status().returned().expired());
        }
        assertEquals(3 * KEYS, status().floor());
    }

    @Test
    void whatNobodySettlesInTimeHoldsItsKeyNoLonger() throws Exception {
        produce(3 * KEYS);
        try (HeadwaterClient client = client();
                QueueConsumer consumer = client.queueConsumer()
                        .topic("jobs")
                        .group("work")
                        .lease(Duration.ofSeconds(1))
                        .build()) {
            List<QueueRecord> first = consumer.receive(100, Duration.ofSeconds(20));
            assertEquals(KEYS, first.size(), "one of each key is handed out");
            first.subList(1, KEYS).forEach(consumer::ack);
            // The first one is forgotten by who got it.
            QueueRecord forgotten = first.get(0);
            int received = KEYS;
            List<Long> ofItsKey = new java.util.ArrayList<>();
            while (received < 3 * KEYS + 1) {
                for (QueueRecord record : consumer.receive(100, Duration.ofSeconds(20))) {
                    received++;
                    if (Objects.equals(text(record.key()), text(forgotten.key()))) {
                        ofItsKey.add(record.offset());
                    }
                    consumer.ack(record).join();
                }
            }
            assertEquals(List.of(0L, 5L, 10L), ofItsKey, "in order, when its lease had run out");
        }
        assertEquals(3 * KEYS, status().floor());
    }
}
