package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueAdmin.Step;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueFilter;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import io.headwater.client.QueueSweep;
import io.headwater.client.RecordState;
import io.headwater.client.Settlement;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.GetQueueGroups;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroups;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueOperation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A group is given again what it was done with. */
class QueueReplayTest {
    private static final Duration WAIT = Duration.ofSeconds(20);

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker broker;
    private HeadwaterClient client;
    private QueueAdmin queues;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory)
                .withThreads(new BrokerConfig.Threads(1, 2))
                .withStorage(new BrokerConfig.Storage(1 << 20, 60_000, 100, 0, 0, 1 << 20)));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private void create(QueueGroupConfig config, WorkSettings work) {
        client.admin()
                .createTopic("jobs", TopicSettings.defaults().withPartitions(1).withWork(work));
        queues.create("jobs", "work", config);
    }

    private void produce(int from, int until, int keys, int valueBytes) {
        try (Producer producer = client.producer().batchBytes(64 << 10).build()) {
            List<CompletableFuture<?>> sent = new ArrayList<>();
            for (int i = from; i < until; i++) {
                String value = i + " ".repeat(valueBytes);
                sent.add(producer.send(ProducerRecord.ofUtf8("jobs", keys == 0 ? null : "key-" + i % keys, value)));
            }
            sent.forEach(CompletableFuture::join);
        }
    }

    private QueueConsumer consumer(int prefetch) {
        return client.queueConsumer()
                .topic("jobs")
                .group("work")
                .prefetch(prefetch)
                .build();
    }

    private static List<QueueRecord> receive(QueueConsumer consumer, int count) {
        List<QueueRecord> records = new ArrayList<>();
        while (records.size() < count) {
            List<QueueRecord> some = consumer.receive(count - records.size(), WAIT);
            assertFalse(some.isEmpty(), "only " + records.size() + " came");
            records.addAll(some);
        }
        return records;
    }

    private static List<Long> offsets(List<QueueRecord> records) {
        return records.stream().map(QueueRecord::offset).toList();
    }

    private void ackAll(int count) {
        try (QueueConsumer consumer = consumer(500)) {
            List<CompletableFuture<?>> acked = new ArrayList<>();
            for (int left = count; left > 0; left--) {
                acked.add(consumer.ack(receive(consumer, 1).get(0)));
            }
            acked.forEach(CompletableFuture::join);
        }
    }

    private PartitionStatus status() {
        return queues.describe("jobs", "work").partitions().get(0);
    }

    private long replay(QueueFilter which) {
        return queues.sweep("jobs", "work", QueueSweep.replay(which));
    }

    private long startOffset() {
        return client.admin().describeTopic("jobs").getPartitions(0).getStartOffset();
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long giveUpNs = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < giveUpNs, what);
            Thread.onSpinWait();
        }
    }

    @Test
    void aLeaseOfTheFirstLifeIsWorthNothingInTheSecondAlsoAfterARestart() throws Exception {
        create(QueueGroupConfig.queue().withBackoff(QueueGroupConfig.Backoff.none()), WorkSettings.defaults());
        produce(0, 3, 0, 0);
        List<String> tokens = new ArrayList<>();
        try (QueueConsumer consumer = consumer(1)) {
            for (int left = 3; left > 0; left--) {
                QueueRecord record = receive(consumer, 1).get(0);
                tokens.add(record.token());
                if (record.offset() == 2 && record.deliveries() == 1) {
                    left++;
                    consumer.fail(record, "once").join();
                } else {
                    consumer.ack(record).join();
                }
            }
        }
        client.settle(tokens.get(0), Settlement.ack());

        assertEquals(3, replay(QueueFilter.all()));

        client.close();
        broker.close();
        start();
        assertEquals(3, status().ready());
        try (QueueConsumer consumer = consumer(1)) {
            for (int offset = 0; offset < 3; offset++) {
                QueueRecord again = receive(consumer, 1).get(0);
                assertEquals(offset, again.offset());
                assertEquals(3, again.deliveries(), "one of them was delivered twice");
                assertEquals(0, again.failures());
                for (String token : tokens) {
                    for (Settlement settlement :
                            List.of(Settlement.ack(), Settlement.release(), Settlement.extend(Duration.ofSeconds(9)))) {
                        boolean isDone = settlement.verb() == Settlement.Verb.ACK && done(token) < again.offset();
                        if (!isDone) {
                            assertThrows(HeadwaterException.StaleLease.class, () -> client.settle(token, settlement));
                        }
                    }
                }
                consumer.ack(again).join();
            }
        }
        assertEquals(3, status().floor());
    }

    /** The offset that a token is about. */
    private static long done(String token) {
        return ByteBuffer.wrap(Base64.getUrlDecoder().decode(token)).getLong(12);
    }

    @Test
    void theRecordsOfAKeyComeInTheirPlaceAmongThoseThatWait() {
        create(QueueGroupConfig.keyedQueue(), WorkSettings.defaults());
        produce(0, 30, 3, 0);
        ackAll(20);
        try (QueueConsumer consumer = consumer(3)) {
            List<QueueRecord> held = receive(consumer, 3);
            assertEquals(List.of(20L, 21L, 22L), offsets(held));
            assertEquals(7, replay(QueueFilter.all().withKey("key-0".getBytes(StandardCharsets.UTF_8))), "0, 3 … 18");
            assertEquals(4, replay(QueueFilter.in(new Range(0, 1, 6))), "1, 2, 4, 5; 3 is ready");
            held.forEach(record -> consumer.ack(record).join());
            List<List<Long>> byKey = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (int left = 18; left > 0; left--) {
                QueueRecord record = receive(consumer, 1).get(0);
                byKey.get((int) record.offset() % 3).add(record.offset());
                consumer.ack(record).join();
            }
            assertEquals(List.of(0L, 3L, 6L, 9L, 12L, 15L, 18L, 24L, 27L), byKey.get(0));
            assertEquals(List.of(1L, 4L, 25L, 28L), byKey.get(1));
            assertEquals(List.of(2L, 5L, 23L, 26L, 29L), byKey.get(2));
        }
        assertEquals(30, status().floor());
    }

    @Test
    void whatIsReplayedIsNeededAgain() {
        create(QueueGroupConfig.queue(), WorkSettings.defaults());
        produce(0, 400, 0, 20_000);
        ackAll(400);
        client.admin()
                .alterTopic(
                        "jobs",
                        TopicSettings.defaults()
                                .withWork(WorkSettings.defaults()
                                        .withDeleteOnAck(true)
                                        .withAckedGrace(Duration.ofSeconds(2))));
        // Upkeep sees that all is done, and means to remove it when the grace is over.
        long seenNs = System.nanoTime() + 500_000_000;
        while (System.nanoTime() < seenNs) {
            Thread.onSpinWait();
        }
        assertEquals(100, replay(QueueFilter.in(new Range(0, 100, 200))));

        eventually("what is before goes", () -> startOffset() > 0);
        assertTrue(startOffset() <= 100);
        // More comes and goes, so that segments are sealed and rewritten around it.
        produce(400, 600, 0, 20_000);
        try (QueueConsumer consumer = consumer(500)) {
            List<QueueRecord> again = receive(consumer, 300);
            assertEquals(
                    LongStream.range(100, 200).boxed().toList(), offsets(again).subList(0, 100));
            again.forEach(record -> consumer.ack(record).join());
        }
        eventually("all goes", () -> startOffset() > 200);
        Step late =
                queues.sweep("jobs", "work", QueueSweep.replay(QueueFilter.in(new Range(0, 100, 200))), Place.FIRST, 0);
        assertEquals(0, late.records());
        assertEquals(100, late.gone());
    }

    @Test
    void onlyWhatWasAcknowledgedComesAgainAlsoAfterARestart() throws Exception {
        create(QueueGroupConfig.queue(), WorkSettings.defaults());
        client.admin().createTopic("elsewhere", TopicSettings.defaults());
        produce(0, 10, 0, 0);
        queues.purge("jobs", "work", new Range(0, 2, 4), Set.of(RecordState.READY));
        queues.sweep("jobs", "work", QueueSweep.move(QueueFilter.in(new Range(0, 4, 6)), "elsewhere"));
        produce(10, 11, 0, 0);
        ackAll(7);
        assertEquals(0, status().ready());
        client.close();
        broker.close();
        start();

        String[] texts = new String[11];
        for (int offset = 0; offset < 11; offset++) {
            texts[offset] = queues.explain("jobs", "work", 0, offset).text();
        }
        for (int offset = 0; offset < 11; offset++) {
            String expected =
                    offset < 2 || offset > 5 ? "acknowledged" : offset < 4 ? "purged" : "moved to another topic";
            assertTrue(texts[offset].contains(expected), offset + ": " + texts[offset]);
        }
        assertEquals(7, replay(QueueFilter.all()));
        assertEquals(0, replay(QueueFilter.all()));
        try (QueueConsumer consumer = consumer(7)) {
            assertEquals(List.of(0L, 1L, 6L, 7L, 8L, 9L, 10L), offsets(receive(consumer, 7)));
        }
    }

    private QueueOperateReply operate(QueueOperate page) throws Exception {
        try (RawClient raw = RawClient.connected(broker.port())) {
            return raw.call(FrameType.QUEUE_OPERATE, page).message(QueueOperateReply.class);
        }
    }

    @Test
    void aPageThatIsAskedForAgainIsNotDoneAgain() throws Exception {
        create(QueueGroupConfig.queue(), WorkSettings.defaults());
        produce(0, 5, 0, 0);
        ackAll(5);
        QueueOperate page;
        try (RawClient raw = RawClient.connected(broker.port())) {
            GetQueueGroups known = GetQueueGroups.newBuilder().setTopic("jobs").build();
            QueueGroup group = raw.call(FrameType.GET_QUEUE_GROUPS, known)
                    .message(QueueGroups.class)
                    .getGroups(0);
            page = QueueOperate.newBuilder()
                    .setPartitionId(group.getPartitionIds(0))
                    .setGroupId(group.getId())
                    .setOperation(QueueOperation.QUEUE_REPLAY)
                    .setUntilOffset(4)
                    .setMax(3)
                    .setRequestId(-77)
                    .build();
        }
        QueueOperateReply first = operate(page);
        assertEquals(3, first.getRecords());
        assertEquals(3, first.getNextOffset());
        ackAll(2);
        assertEquals(first, operate(page));
        assertEquals(1, status().ready());

        client.close();
        broker.close();
        start();

        assertEquals(first, operate(page));
        assertEquals(1, status().ready());
        assertEquals(3, operate(page.toBuilder().setRequestId(78).build()).getRecords(), "two, and the next");
        assertEquals(4, status().ready());
    }

    @Test
    void aReplayLeavesRecordsThatAreNotDoneAsTheyAre() {
        create(QueueGroupConfig.queue().withMaxFailures(1), WorkSettings.defaults());
        produce(0, 4, 0, 0);
        try (QueueConsumer consumer = consumer(4)) {
            List<QueueRecord> held = receive(consumer, 4);
            consumer.ack(held.get(0)).join();
            consumer.reject(held.get(1), "no").join();
            consumer.release(held.get(2), Duration.ofHours(1)).join();
            assertEquals(0, queues.sweep("jobs", "work", QueueSweep.replay(QueueFilter.in(new Range(0, 1, 4)))));
            assertEquals(
                    1,
                    queues.sweep(
                            "jobs", "work", QueueSweep.replay(QueueFilter.all()).asDryRun()));
            assertEquals(1, status().leased());
            assertEquals(1, status().dead());
            assertEquals(1, status().waiting());
            queues.purge("jobs", "work", Range.all(), Set.of(RecordState.DEAD));
            assertEquals(1, replay(QueueFilter.all()), "not what was purged");
            assertEquals(0, status().dead());
        }
    }
}
