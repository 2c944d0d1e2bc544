package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueRecord;
import io.headwater.client.RecordState;
import io.headwater.client.Settlement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Queue and keyed groups over a real broker, its real disk, and the real client. */
@Timeout(60)
class QueuesEndToEndTest {
    private static final Duration WAIT = Duration.ofSeconds(20);

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker broker;
    private HeadwaterClient client;
    private QueueAdmin queues;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        connect();
    }

    private void connect() {
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private void create(int partitions, QueueGroupConfig config) {
        client.admin().createTopic("jobs", TopicSettings.defaults().withPartitions(partitions));
        queues.create("jobs", "work", config);
    }

    private void produce(ProducerRecord... records) {
        try (Producer producer = client.producer().build()) {
            List<CompletableFuture<Acknowledgement>> sent = new ArrayList<>();
            for (ProducerRecord record : records) {
                sent.add(producer.send(record));
            }
            sent.forEach(CompletableFuture::join);
        }
    }

    private static ProducerRecord[] numbers(int count, int keys) {
        ProducerRecord[] records = new ProducerRecord[count];
        for (int i = 0; i < count; i++) {
            records[i] = ProducerRecord.ofUtf8("jobs", keys == 0 ? null : "key-" + i % keys, "" + i);
        }
        return records;
    }

    private QueueConsumer.Builder consumer() {
        return client.queueConsumer().topic("jobs").group("work");
    }

    private static String text(QueueRecord record) {
        return new String(record.value(), StandardCharsets.UTF_8);
    }

    private static List<String> texts(List<QueueRecord> records) {
        return records.stream().map(QueuesEndToEndTest::text).toList();
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

    private long count(ToLongFunction<QueueAdmin.PartitionStatus> what) {
        return queues.describe("jobs", "work").partitions().stream()
                .mapToLong(what)
                .sum();
    }

    @Test
    void handsOutEveryRecordOnceAndSettlesIt() {
        create(4, QueueGroupConfig.queue());
        produce(numbers(2_000, 50));
        try (QueueConsumer consumer = consumer().prefetch(100).build()) {
            Set<String> seen = ConcurrentHashMap.newKeySet();
            List<CompletableFuture<Void>> acks = new ArrayList<>();
            for (QueueRecord record : receive(consumer, 2_000)) {
                assertTrue(seen.add(text(record)), text(record));
                assertEquals(1, record.deliveries());
                assertEquals(0, record.failures());
                acks.add(consumer.ack(record));
            }
            acks.forEach(CompletableFuture::join);
            assertEquals(2_000, count(QueueAdmin.PartitionStatus::acked));
            assertEquals(List.of(), consumer.receive(1, Duration.ofMillis(50)));
        }
        assertEquals(2_000, count(QueueAdmin.PartitionStatus::delivered));
    }

    @Test
    void keepsTheOrderOfEachKeyUnderManyHandlers() throws Exception {
        create(2, QueueGroupConfig.keyedQueue().withBackoff(Backoff.none()));
        produce(numbers(1_000, 20));
        Map<String, Integer> last = new ConcurrentHashMap<>();
        Set<String> atWork = ConcurrentHashMap.newKeySet();
        CountDownLatch left = new CountDownLatch(1_000);
        try (QueueConsumer consumer = consumer().concurrency(8).prefetch(200).build()) {
            CompletableFuture<Void> run = CompletableFuture.runAsync(() -> consumer.run(record -> {
                String key = new String(record.key(), StandardCharsets.UTF_8);
                int number = Integer.parseInt(text(record));
                assertTrue(atWork.add(key), "two of a key at once");
                try {
                    if (number % 7 == 0 && record.failures() == 0) {
                        throw new IllegalStateException("the first time it fails");
                    }
                    Integer before = last.put(key, number);
                    assertTrue(before == null || before < number, before + " before " + number);
                    left.countDown();
                } finally {
                    atWork.remove(key);
                }
            }));
            left.await();
            consumer.close();
            run.join();
        }
        assertEquals(1_000, count(QueueAdmin.PartitionStatus::acked));
        assertEquals(143, count(status -> status.returned().failed()));
        assertEquals(0, count(status -> status.leased() + status.ready()));
    }

    @Test
    void everyVerbDoesWhatItSays() {
        create(1, QueueGroupConfig.queue().withBackoff(Backoff.none()).withMaxFailures(2));
        produce(numbers(4, 0));
        try (QueueConsumer consumer = consumer().build()) {
            List<QueueRecord> first = receive(consumer, 4);
            consumer.ack(first.get(0)).join();
            consumer.release(first.get(1)).join();
            QueueRecord released = receive(consumer, 1).get(0);
            assertEquals("1", text(released));
            assertEquals(2, released.deliveries());
            assertEquals(0, released.failures());
            consumer.fail(first.get(2), "cannot").join();
            QueueRecord failed = receive(consumer, 1).get(0);
            assertEquals("2", text(failed));
            assertEquals(1, failed.failures());
            consumer.fail(failed, "cannot again").join();
            consumer.reject(first.get(3), "never").join();
            assertEquals(2, count(QueueAdmin.PartitionStatus::dead));
            consumer.extend(released, Duration.ofHours(1)).join();
            assertTrue(released.leaseUntilMs() - first.get(0).leaseUntilMs() > 3_500_000);
            client.settle(released.token(), Settlement.ack());
            client.settle(released.token(), Settlement.ack());
            var stale = assertThrows(
                    HeadwaterException.StaleLease.class,
                    () -> client.settle(first.get(2).token(), Settlement.ack()));
            assertEquals(RecordState.DEAD, stale.state());
        }
    }

    @Test
    void operatesAndExplains() {
        create(2, QueueGroupConfig.keyedQueue());
        produce(
                ProducerRecord.ofUtf8("jobs", "a", "1"),
                ProducerRecord.ofUtf8("jobs", "a", "2"),
                ProducerRecord.ofUtf8("jobs", "b", "3"));
        byte[] key = "a".getBytes(StandardCharsets.UTF_8);
        assertEquals("NO_CONSUMER", queues.explain("jobs", "work", key).code());
        Map<String, QueueRecord> held = new HashMap<>();
        try (QueueConsumer consumer = consumer().name("me").build()) {
            receive(consumer, 2).forEach(record -> held.put(text(record), record));
            QueueRecord one = held.get("1");
            var explained = queues.explain("jobs", "work", one.partition(), one.offset() + 1);
            assertEquals("LEASED", explained.code(), explained.text());
            assertTrue(explained.text().contains("with me"), explained.text());
            assertTrue(explained.text().contains("behind the record at offset " + one.offset()), explained.text());
            assertEquals(one.offset(), explained.behindOffset());
            assertEquals("me", explained.partition().consumers().get(0).name());
            var page = queues.browse("jobs", "work", RecordState.LEASED, Place.FIRST, 1);
            assertEquals(1, page.records().size());
            assertEquals("me", page.records().get(0).holder());
            assertEquals(
                    2,
                    queues.browse("jobs", "work", RecordState.LEASED, page.next(), 10)
                            .records()
                            .size());
            consumer.reject(one, "no good").join();
            consumer.ack(held.get("3")).join();
            receive(consumer, 1);
        }
        // The second of the key came back when its consumer left in order.
        assertEquals(1, count(QueueAdmin.PartitionStatus::ready));
        queues.pause("jobs", "work");
        assertEquals(2, count(status -> status.paused() ? 1 : 0));
        assertEquals(1, queues.redrive("jobs", "work", Range.all()));
        assertEquals(2, queues.purge("jobs", "work", Range.all(), Set.of(RecordState.READY)));
        queues.resume("jobs", "work");
        assertEquals(0, count(status -> status.ready() + status.dead()));
        QueueAdmin.Page none = queues.browse("jobs", "work", RecordState.DEAD, Place.FIRST, 10);
        assertEquals(List.of(), none.records());
        assertNull(none.next());
        assertEquals(
                Duration.ofSeconds(7),
                queues.alter("jobs", "work", QueueGroupConfig.queue().withLease(Duration.ofSeconds(7)))
                        .settings()
                        .lease());
        assertEquals(
                List.of("work"),
                queues.list("jobs").stream().map(QueueAdmin.Group::name).toList());
        queues.delete("jobs", "work");
        assertEquals(List.of(), queues.list());
    }

    @Test
    void deliversWhatItsProducerWantsFirstAndLater() {
        create(1, QueueGroupConfig.queue());
        produce(
                ProducerRecord.ofUtf8("jobs", null, "later").withDelay(Duration.ofSeconds(3)),
                ProducerRecord.ofUtf8("jobs", null, "plain"),
                ProducerRecord.ofUtf8("jobs", null, "urgent").withPriority(9));
        assertEquals(1, count(QueueAdmin.PartitionStatus::waiting));
        try (QueueConsumer consumer = consumer().build()) {
            assertEquals(List.of("urgent", "plain"), texts(receive(consumer, 2)));
            assertEquals(List.of("later"), texts(receive(consumer, 1)));
        }
    }

    @Test
    void survivesARestartOfTheBroker() throws Exception {
        create(1, QueueGroupConfig.queue().withBackoff(Backoff.none()));
        produce(numbers(10, 0));
        List<String> tokens = new ArrayList<>();
        try (QueueConsumer consumer = consumer().detachedLeases().prefetch(4).build()) {
            receive(consumer, 4).forEach(record -> tokens.add(record.token()));
        }
        client.settle(tokens.get(0), Settlement.ack());
        client.settle(tokens.get(1), Settlement.fail("once"));
        client.close();
        broker.close();
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        connect();
        client.settle(tokens.get(0), Settlement.ack());
        client.settle(tokens.get(2), Settlement.ack());
        try (QueueConsumer consumer = consumer().build()) {
            List<QueueRecord> rest = receive(consumer, 7);
            assertEquals(List.of("1", "4", "5", "6", "7", "8", "9"), texts(rest));
            assertEquals(2, rest.get(0).deliveries());
            assertEquals(1, rest.get(0).failures());
            assertArrayEquals("1".getBytes(StandardCharsets.UTF_8), rest.get(0).value());
            assertEquals(List.of(), consumer.receive(1, Duration.ofMillis(50)));
        }
    }

    @Test
    void saysThatThereIsNoSuchGroup() {
        client.admin().createTopic("jobs", TopicSettings.defaults());
        try (QueueConsumer consumer = consumer().build()) {
            for (int i = 0; i < 2; i++) {
                var failure = assertThrows(HeadwaterException.Rejected.class, () -> consumer.receive(1, WAIT));
                assertEquals("UNKNOWN_GROUP", failure.code());
            }
        }
    }

    @Test
    void endsWhenItsGroupIsDeleted() {
        create(2, QueueGroupConfig.queue());
        produce(numbers(10, 10));
        try (QueueConsumer consumer = consumer().concurrency(2).build()) {
            CountDownLatch handled = new CountDownLatch(10);
            CompletableFuture<Void> deleted = CompletableFuture.runAsync(() -> {
                try {
                    handled.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                queues.delete("jobs", "work");
            });
            var failure =
                    assertThrows(HeadwaterException.Rejected.class, () -> consumer.run(record -> handled.countDown()));
            assertEquals("UNKNOWN_GROUP", failure.code());
            deleted.join();
        }
    }
}
