package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.HostPort;
import io.headwater.client.Admin.DedupSettings;
import io.headwater.client.Admin.Overflow;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import io.headwater.client.StreamConsumer;
import io.headwater.record.Compression;
import io.headwater.storage.EntryAudit;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogVerifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records that are sent again with the message id that they had, by a clock that the test sets. */
@Timeout(60)
class DeduplicationTest {
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Duration WAIT = Duration.ofSeconds(20);

    @TempDir
    Path directory = Path.of("set by JUnit");

    private final AtomicLong wallMs = new AtomicLong(1_800_000_000_000L);
    private Broker broker;
    private HeadwaterClient client;

    @BeforeEach
    void start() throws Exception {
        start(BrokerConfig.onFreePorts(directory));
    }

    private void start(BrokerConfig config) throws Exception {
        broker = Broker.start(config, Ports.real().withEpochClock(wallMs::get));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private void restart() throws Exception {
        stop();
        start();
    }

    private void create(WorkSettings work) {
        client.admin().createTopic("jobs", TopicSettings.defaults().withWork(work.withDedupWindow(WINDOW)));
    }

    private static ProducerRecord record(String id, String value) {
        return ProducerRecord.ofUtf8("jobs", null, value).withMessageId(id);
    }

    private Acknowledgement send(String id) {
        try (Producer producer = client.producer().build()) {
            return producer.send(record(id, id)).join();
        }
    }

    /** All in one batch. */
    private List<Acknowledgement> sendTogether(Compression compression, String... ids) {
        try (Producer producer = client.producer()
                .compression(compression)
                .linger(Duration.ofSeconds(5))
                .build()) {
            List<CompletableFuture<Acknowledgement>> sent = new ArrayList<>();
            for (String id : ids) {
                sent.add(producer.send(record(id, id)));
            }
            producer.flush();
            return sent.stream().map(CompletableFuture::join).toList();
        }
    }

    private List<String> stored() {
        return stored(client);
    }

    static List<String> stored(HeadwaterClient client) {
        List<String> values = new ArrayList<>();
        try (StreamConsumer consumer =
                client.streamConsumer().topics("jobs").until(Position.end()).build()) {
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    values.add(new String(record.value(), StandardCharsets.UTF_8));
                }
            }
        }
        return values;
    }

    private PartitionStatus status() {
        return client.queueAdmin().describe("jobs", "work").partitions().get(0);
    }

    private List<QueueRecord> receive(QueueConsumer consumer, int count) {
        List<QueueRecord> records = new ArrayList<>();
        while (records.size() < count) {
            List<QueueRecord> some = consumer.receive(count - records.size(), WAIT);
            assertFalse(some.isEmpty(), "only " + records.size() + " came");
            records.addAll(some);
        }
        return records;
    }

    @Test
    void whatIsSentAgainIsConfirmedAndStoredOnceAlsoAfterARestart() throws Exception {
        create(WorkSettings.defaults());
        Acknowledgement first = send("a");
        send("b");
        Acknowledgement again = send("a");
        assertTrue(again.duplicate());
        assertEquals(first.offset(), again.offset());
        restart();

        assertTrue(send("b").duplicate());
        assertFalse(send("c").duplicate());
        assertEquals(List.of("a", "b", "c"), stored());
    }

    @Test
    void aBatchIsStoredWithoutItsDuplicates() throws Exception {
        create(WorkSettings.defaults());
        for (Compression compression : List.of(Compression.NONE, Compression.ZSTD)) {
            String x = compression.name();
            List<Acknowledgement> answers = sendTogether(compression, x + 1, x + 2, x + 1, x + 3, x + 2);
            assertEquals(5, answers.size());
            sendTogether(compression, x + 3, x + 4, x + 1);
            List<Acknowledgement> nothingNew = sendTogether(compression, x + 4, x + 2);
            assertTrue(nothingNew.get(0).duplicate());
        }
        stop();
        List<LogVerifier.Finding> findings = new ArrayList<>();
        assertTrue(
                LogVerifier.verify(new FileSystemDisk(), directory, List.of(), EntryAudit.NONE, findings::add)
                        .intact(),
                findings.toString());
        start();

        assertEquals(List.of("NONE1", "NONE2", "NONE3", "NONE4", "ZSTD1", "ZSTD2", "ZSTD3", "ZSTD4"), stored());
        assertTrue(sendTogether(Compression.ZSTD, "NONE4", "ZSTD4").get(0).duplicate());
    }

    @Test
    void theWindowEnds() {
        create(WorkSettings.defaults());
        send("a");
        wallMs.addAndGet(WINDOW.toMillis() - 1);
        send("a");
        assertEquals(1, stored().size());
        wallMs.addAndGet(1);
        assertFalse(send("a").duplicate());
        wallMs.addAndGet(WINDOW.toMillis() - 1);
        assertTrue(send("a").duplicate());

        assertEquals(2, stored().size());
    }

    @Test
    void aRestartKnowsWhatIsInTheWindowAndNothingElse() throws Exception {
        create(WorkSettings.defaults());
        send("old");
        wallMs.addAndGet(Duration.ofMinutes(6).toMillis());
        send("young");
        wallMs.addAndGet(Duration.ofMinutes(5).toMillis());
        restart();

        assertTrue(send("young").duplicate());
        assertFalse(send("old").duplicate());
    }

    @Test
    void theSequenceOfAProducerGoesOnBehindABatchOfDuplicates() throws Exception {
        create(WorkSettings.defaults());
        send("a");
        int port = broker.port();
        try (Producer producer = client.producer().build()) {
            assertTrue(producer.send(record("a", "a")).join().duplicate());
            broker.close();
            BrokerConfig free = BrokerConfig.onFreePorts(directory);
            BrokerConfig again = free.withNetwork(new BrokerConfig.Network(
                    new HostPort("127.0.0.1", port),
                    free.network().advertise(),
                    free.network().admin(),
                    false,
                    free.network().maxFrameBytes(),
                    free.network().maxConnections(),
                    free.network().maxInFlightBytes()));
            broker = Broker.start(again, Ports.real().withEpochClock(wallMs::get));
            assertFalse(producer.send(record("b", "b")).join().duplicate());
            assertTrue(producer.send(record("a", "a")).join().duplicate());
        }
        assertEquals(List.of("a", "b"), stored());
    }

    @Test
    void hostileIds() throws Exception {
        create(WorkSettings.defaults());
        String huge = "x".repeat(64 << 10);
        for (String id : List.of("", "", huge, huge + "y", huge, "\u0000", "\u0000", "\ud83d\ude00")) {
            send(id);
        }
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("jobs", null, "no id")).join();
            producer.send(ProducerRecord.ofUtf8("jobs", null, "no id")).join();
        }
        restart();
        assertTrue(send(huge).duplicate());

        // An empty id is none.
        assertEquals(2 + 2 + 1 + 1 + 2, stored().size());
    }

    @Test
    void queueGroupsSeeEachOnceAndAreDoneWithTheHoles() throws Exception {
        create(WorkSettings.defaults().withMaxRecords(3, Overflow.REJECT));
        client.queueAdmin().create("jobs", "work", QueueGroupConfig.queue());
        client.queueAdmin().create("jobs", "keyed", QueueGroupConfig.keyedQueue());
        sendTogether(Compression.NONE, "a", "b", "a", "c", "b");
        assertTrue(send("c").duplicate(), "confirmed though the topic is full");
        assertEquals(3, status().ready());
        CompletionException full = assertThrows(CompletionException.class, () -> send("d"));
        assertEquals(
                "QUEUE_FULL",
                assertInstanceOf(HeadwaterException.Rejected.class, full.getCause())
                        .code());
        restart();

        for (String group : List.of("keyed", "work")) {
            try (QueueConsumer consumer =
                    client.queueConsumer().topic("jobs").group(group).build()) {
                List<QueueRecord> records = receive(consumer, 3);
                assertEquals(
                        List.of(0L, 1L, 3L),
                        records.stream().map(QueueRecord::offset).toList());
                records.forEach(record -> consumer.ack(record).join());
                assertEquals(List.of(), consumer.receive(1, Duration.ofMillis(100)));
            }
        }
        assertEquals(6, status().floor());
        send("d");
        assertEquals(1, status().ready());
    }

    @Test
    void aDelayedRecordComesOnce() {
        create(WorkSettings.defaults());
        client.queueAdmin().create("jobs", "work", QueueGroupConfig.queue());
        Instant due = Instant.ofEpochMilli(wallMs.get()).plus(Duration.ofHours(1));
        try (Producer producer = client.producer().linger(Duration.ofSeconds(5)).build()) {
            List<CompletableFuture<Acknowledgement>> sent = new ArrayList<>();
            for (String id : List.of("a", "a", "b")) {
                sent.add(producer.send(record(id, id).withDeliverAt(due)));
            }
            producer.flush();
            sent.forEach(CompletableFuture::join);
            CompletableFuture<Acknowledgement> again =
                    producer.send(record("b", "b").withDeliverAt(due));
            producer.flush();
            assertTrue(again.join().duplicate());
        }

        PartitionStatus status = status();
        assertEquals(2, status.waiting());
        assertEquals(0, status.ready() + status.leased());
    }

    @Test
    void atTheCapProducersWaitUntilTheOldestAreTooOld() {
        create(WorkSettings.defaults().withDedup(new DedupSettings(WINDOW, 1_000)));
        sendTogether(
                Compression.NONE,
                IntStream.range(0, 1_000).mapToObj(i -> "id" + i).toArray(String[]::new));
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("jobs", null, "no id")).join();
            CompletableFuture<Acknowledgement> waits = producer.send(record("one more", "one more"));
            assertFalse(waits.isDone());
            assertEquals(1_001, stored().size());
            wallMs.addAndGet(2 * WINDOW.toMillis());
            waits.join();
        }
        assertEquals(1_002, stored().size());
    }

    @Test
    void anAcknowledgedRecordIsNotForgottenBeforeItsTime() throws Exception {
        stop();
        BrokerConfig small = BrokerConfig.onFreePorts(directory)
                .withStorage(new BrokerConfig.Storage(1 << 20, 60_000, 100, 0, 0, 1 << 20));
        start(small);
        create(WorkSettings.defaults().withDeleteOnAck(true));
        client.queueAdmin().create("jobs", "work", QueueGroupConfig.queue());
        send("a");
        String filler = "x".repeat(100_000);
        try (Producer producer = client.producer().build();
                QueueConsumer consumer =
                        client.queueConsumer().topic("jobs").group("work").build()) {
            for (int i = 0; i < 40; i++) {
                producer.send(ProducerRecord.ofUtf8("jobs", null, filler)).join();
            }
            receive(consumer, 41).forEach(record -> consumer.ack(record).join());
        }
        // As long as the upkeep needs to drop a segment of a topic without a window.
        AtomicInteger ticks = new AtomicInteger();
        while (ticks.incrementAndGet() < 200) {
            wallMs.addAndGet(1_000);
            client.admin().describeTopic("jobs");
        }
        stop();
        start(small);

        assertTrue(send("a").duplicate());
    }

    @Test
    void idsAreOfTheMemoryOfQueuesAndGoAlsoWhenNoneComesAnyMore() throws Exception {
        stop();
        start(BrokerConfig.onFreePorts(directory)
                .withStorage(new BrokerConfig.Storage(1 << 20, 60_000, 100, 0, 0, 1 << 20)));
        create(WorkSettings.defaults());
        send("a");
        sendTogether(Compression.NONE, "a", "b", "b");
        assertEquals(2, BrokerMetrics.value(broker, "headwater_produce_duplicate_records_total"));
        String used = "headwater_queue_memory_bytes{use=\"ids\"}";
        assertTrue(BrokerMetrics.value(broker, used) > 0);
        assertEquals(256 << 20, BrokerMetrics.value(broker, "headwater_queue_memory_limit_bytes"));

        wallMs.addAndGet(2 * WINDOW.toMillis());
        // The test's time limit ends this where nothing is given back.
        while (BrokerMetrics.value(broker, used) > 0) {
            client.admin().describeTopic("jobs");
        }
        assertFalse(send("a").duplicate());
    }

    @Test
    void isRefusedWhereItMakesNoSense() {
        HeadwaterException refused = assertThrows(
                HeadwaterException.class,
                () -> client.admin()
                        .createTopic(
                                "compacted",
                                TopicSettings.defaults()
                                        .withCompact(true)
                                        .withWork(WorkSettings.defaults().withDedupWindow(WINDOW))));
        assertTrue(refused.getMessage().contains("compaction removes records"), refused.getMessage());
        refused = assertThrows(
                HeadwaterException.class,
                () -> client.admin()
                        .createTopic(
                                "jobs",
                                TopicSettings.defaults()
                                        .withWork(WorkSettings.defaults().withDedupWindow(Duration.ofDays(8)))));
        assertTrue(refused.getMessage().contains("7 d"), refused.getMessage());
    }
}
