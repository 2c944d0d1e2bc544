package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakeBroker;
import io.headwater.client.fake.FakeBroker.Fate;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.Compression;
import io.headwater.record.KeyHash;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@NullUnmarked
@SuppressWarnings("FutureReturnValueIgnored")
class ProducerTest {
    private FakeBroker broker;
    private HeadwaterClient client;

    @BeforeEach
    void start() {
        broker = new FakeBroker();
        client = client(Duration.ofSeconds(10));
    }

    private HeadwaterClient client(Duration timeout) {
        return HeadwaterClient.builder()
                .server(broker.server())
                .timeout(timeout)
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private List<String> read(String topic) {
        try (StreamConsumer consumer =
                client.streamConsumer().topics(topic).until(Position.end()).build()) {
            List<String> values = new ArrayList<>();
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    values.add(new String(record.value(), StandardCharsets.UTF_8));
                }
            }
            return values;
        }
    }

    @Test
    void acknowledgesEachRecordWithItsOffset() {
        broker.createTopic("t", 1);
        try (Producer producer = client.producer().build()) {
            List<CompletableFuture<Producer.Acknowledgement>> sent = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                sent.add(producer.send(ProducerRecord.ofUtf8("t", null, "value-" + i)));
            }
            for (int i = 0; i < 1000; i++) {
                Producer.Acknowledgement ack = sent.get(i).join();
                assertEquals(i, ack.offset());
                assertFalse(ack.duplicate());
                assertEquals(AckLevel.PERSISTED, ack.level());
            }
        }
        List<String> values = read("t");
        assertEquals(1000, values.size());
        assertEquals("value-999", values.get(999));
    }

    @Test
    void sendsAKeyWhereKafkaWouldSendIt() {
        broker.createTopic("t", 7);
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < 50; i++) {
                String key = "key-" + i;
                int expected = KeyHash.partitionFor(key.getBytes(StandardCharsets.UTF_8), 7);
                assertEquals(
                        expected,
                        producer.send(ProducerRecord.ofUtf8("t", key, "v"))
                                .join()
                                .partition());
            }
            assertEquals(
                    3,
                    producer.send(ProducerRecord.ofUtf8("t", "key", "v").withPartition(3))
                            .join()
                            .partition());
        }
    }

    @Test
    void spreadsRecordsWithoutAKey() {
        broker.createTopic("t", 3);
        try (Producer producer = client.producer().build()) {
            int[] seen = new int[3];
            for (int i = 0; i < 30; i++) {
                seen[producer.send(ProducerRecord.ofUtf8("t", null, "v")).join().partition()]++;
            }
            for (int count : seen) {
                assertTrue(count > 0, "a partition got nothing");
            }
        }
    }

    @Test
    void fillsBatchesWhileTheBrokerIsBusy() {
        broker.createTopic("t", 1);
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "first")).join();
            for (int i = 0; i < 100_000; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "value-" + i));
            }
            producer.flush();
            int batches = broker.on(self -> self.produceBatches);
            assertTrue(batches < 2_000, batches + " batches for 100,000 records");
        }
    }

    @Test
    void compressesWithEveryCodec() {
        for (Compression compression : Compression.values()) {
            String topic = "t-" + compression;
            broker.createTopic(topic, 1);
            try (Producer producer = client.producer().compression(compression).build()) {
                for (int i = 0; i < 500; i++) {
                    producer.send(ProducerRecord.ofUtf8(topic, null, "the same words again and again " + i));
                }
                producer.flush();
            }
            assertEquals(500, read(topic).size());
        }
    }

    @Test
    void retriesAreIdempotentAndKeepOrderWhenConnectionsDrop() {
        broker.createTopic("t", 4);
        SplittableRandom random = new SplittableRandom(7);
        AtomicInteger dropped = new AtomicInteger();
        broker.produceFate(frame -> {
            int dice = random.nextInt(6);
            if (dice < 2) {
                dropped.incrementAndGet();
            }
            return dice == 0 ? Fate.DROP_BEFORE_STORING : dice == 1 ? Fate.DROP_AFTER_STORING : Fate.ANSWER;
        });
        int duplicates = 0;
        int records = 20_000;
        try (Producer producer = client.producer().batchBytes(16 * 1024).build()) {
            List<CompletableFuture<Producer.Acknowledgement>> sent = new ArrayList<>();
            for (int i = 0; i < records; i++) {
                sent.add(producer.send(ProducerRecord.ofUtf8("t", "key-" + i % 10, "key-" + i % 10 + ":" + i)));
                if (i % 500 == 0) {
                    sent.get(i).join();
                }
            }
            for (CompletableFuture<Producer.Acknowledgement> each : sent) {
                duplicates += each.join().duplicate() ? 1 : 0;
            }
        }
        assertTrue(dropped.get() > 3, "the test dropped too few connections: " + dropped);
        assertTrue(duplicates > 0, "no retry met a batch that was stored already");
        broker.produceFate(frame -> Fate.ANSWER);
        List<String> values = read("t");
        assertEquals(records, values.size());
        Map<String, Integer> last = new HashMap<>();
        for (String value : values) {
            String[] parts = value.split(":");
            int number = Integer.parseInt(parts[1]);
            Integer before = last.put(parts[0], number);
            assertTrue(before == null || before < number, parts[0] + ": " + number + " after " + before);
        }
    }

    @Test
    void closesTheGapBehindABatchThatFailed() {
        broker.createTopic("t", 1);
        AtomicInteger count = new AtomicInteger();
        broker.produceRefusal(batch ->
                count.incrementAndGet() % 5 == 3 ? Errors.of(ErrorCode.ERROR_CORRUPT_BATCH, "the test says so") : null);
        int failed = 0;
        List<String> expected = new ArrayList<>();
        try (Producer producer = client.producer().batchBytes(1024).build()) {
            List<CompletableFuture<Producer.Acknowledgement>> sent = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                sent.add(producer.send(ProducerRecord.ofUtf8("t", null, "value-" + i)));
            }
            for (int i = 0; i < 2_000; i++) {
                try {
                    sent.get(i).join();
                    expected.add("value-" + i);
                } catch (CompletionException e) {
                    assertInstanceOf(HeadwaterException.Rejected.class, e.getCause());
                    failed++;
                }
            }
        }
        assertTrue(failed > 0 && failed < 2_000, failed + " failed");
        assertEquals(expected, read("t"));
    }

    @Test
    void retriesWhatTheBrokerCouldNotTakeForTheMoment() {
        broker.createTopic("t", 1);
        // By chance, from a seed: what is refused must not always be the first of those that are sent again together.
        Random random = new Random(7);
        broker.produceRefusal(
                batch -> random.nextInt(4) == 0 ? Errors.of(ErrorCode.ERROR_OVERLOADED, "the test says so") : null);
        List<String> expected = new ArrayList<>();
        try (Producer producer = client.producer().batchBytes(4096).build()) {
            for (int i = 0; i < 2_000; i++) {
                expected.add("value-" + i);
                producer.send(ProducerRecord.ofUtf8("t", null, "value-" + i));
            }
            producer.flush();
        }
        assertEquals(expected, read("t"));
    }

    @Test
    void goesOnUnderANewIdentityWhenTheBrokerForgotIt() {
        broker.createTopic("t", 1);
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "before")).join();
            broker.on(self -> {
                self.partition("t", 0).forgetProducers();
                return 0;
            });
            assertEquals(
                    1,
                    producer.send(ProducerRecord.ofUtf8("t", null, "after"))
                            .join()
                            .offset());
        }
        assertEquals(List.of("before", "after"), read("t"));
    }

    @Test
    void neverSendsUnderANewIdentityWhatMayBeStored() {
        broker.createTopic("t", 1);
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "before")).join();
            AtomicInteger frames = new AtomicInteger();
            broker.produceFate(frame -> frames.getAndIncrement() == 0 ? Fate.DROP_AFTER_STORING : Fate.ANSWER);
            broker.produceRefusal(batch -> frames.get() == 2
                    ? Errors.unknownOutcome(ErrorCode.ERROR_UNKNOWN_PRODUCER, "the test says so")
                    : null);
            CompletableFuture<Producer.Acknowledgement> unsure =
                    producer.send(ProducerRecord.ofUtf8("t", null, "unsure"));
            CompletionException failure = assertThrows(CompletionException.class, unsure::join);
            assertInstanceOf(HeadwaterException.OutcomeUnknown.class, failure.getCause());
            producer.send(ProducerRecord.ofUtf8("t", null, "after")).join();
        }
        assertEquals(List.of("before", "unsure", "after"), read("t"));
    }

    /** It would take the connection from under what the other one waits for. */
    @Test
    void whoeverClosesTheClientWaitsForWhoeverClosesAProducer() throws Exception {
        broker.createTopic("t", 1);
        CompletableFuture<Boolean> arrived = new CompletableFuture<>();
        try (HeadwaterClient own = client(Duration.ofSeconds(2))) {
            Producer producer = own.producer().build();
            producer.send(ProducerRecord.ofUtf8("t", null, "before")).join();
            broker.produceFate(frame -> {
                arrived.complete(true);
                return Fate.SILENCE;
            });
            var unsure = producer.send(ProducerRecord.ofUtf8("t", null, "unsure"));
            arrived.join();
            Thread other = new Thread(producer::close, "other");
            other.setUncaughtExceptionHandler((thread, expected) -> {});
            other.start();
            while (other.getState() == Thread.State.NEW || other.getState() == Thread.State.RUNNABLE) {
                Thread.onSpinWait();
            }
            own.close();
            assertTrue(unsure.isDone());
            other.join();
        }
    }

    @Test
    void closingDoesNotCallDefiniteWhatMayBeStored() throws Exception {
        broker.createTopic("t", 1);
        CompletableFuture<Producer.Acknowledgement> unsure;
        CompletableFuture<Boolean> arrived = new CompletableFuture<>();
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "before")).join();
            broker.produceFate(frame -> {
                arrived.complete(true);
                return Fate.DROP_AFTER_STORING;
            });
            unsure = producer.send(ProducerRecord.ofUtf8("t", null, "unsure"));
            arrived.join();
            Thread.currentThread().interrupt();
            assertThrows(HeadwaterException.class, producer::close);
            assertTrue(Thread.interrupted());
        }
        CompletionException failure = assertThrows(CompletionException.class, unsure::join);
        assertInstanceOf(HeadwaterException.OutcomeUnknown.class, failure.getCause());
    }

    @Test
    void refusesARecordOverTheLimitBeforeItIsSent() {
        broker.on(self -> self.maxRecordBytes = 2000);
        broker.createTopic("t", 1);
        try (Producer producer = client.producer().build()) {
            CompletionException failure = assertThrows(
                    CompletionException.class,
                    () -> producer.send(ProducerRecord.of("t", new byte[2000])).join());
            assertEquals("RECORD_TOO_LARGE", ((HeadwaterException) failure.getCause()).code());
            producer.send(ProducerRecord.of("t", new byte[1900])).join();
        }
    }

    @Test
    void namesATopicThatIsMissing() {
        try (Producer producer = client.producer().build()) {
            CompletionException failure = assertThrows(
                    CompletionException.class,
                    () -> producer.send(ProducerRecord.ofUtf8("none", null, "v"))
                            .join());
            HeadwaterException.Rejected rejected =
                    assertInstanceOf(HeadwaterException.Rejected.class, failure.getCause());
            assertEquals("UNKNOWN_TOPIC", rejected.code());
        }
    }

    @Test
    void blocksWhileItsMemoryIsFull() throws Exception {
        broker.createTopic("t", 1);
        CompletableFuture<Fate> answer = new CompletableFuture<>();
        try (Producer producer = client.producer()
                .batchBytes(16 * 1024)
                .maxMemoryBytes(64 * 1024)
                .build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "v")).join();
            broker.produceFate(frame -> answer.join());
            List<CompletableFuture<Producer.Acknowledgement>> sent = Collections.synchronizedList(new ArrayList<>());
            Thread sender = new Thread(() -> {
                for (int i = 0; i < 80; i++) {
                    sent.add(producer.send(ProducerRecord.of("t", new byte[1000])));
                }
            });
            sender.start();
            while (sender.getState() != Thread.State.TIMED_WAITING) {
                assertTrue(sender.isAlive(), "80 KB went into 64 KiB");
                Thread.onSpinWait();
            }
            assertTrue(sent.size() < 80);
            answer.complete(Fate.ANSWER);
            sender.join();
            for (int i = 0; i < 80; i++) {
                assertEquals(1 + i, sent.get(i).join().offset());
            }
        } finally {
            answer.complete(Fate.ANSWER);
        }
    }

    @Test
    void saysSoWhenItsMemoryStaysFull() throws Exception {
        broker.createTopic("t", 1);
        CountDownLatch arrived = new CountDownLatch(1);
        broker.produceFate(frame -> {
            arrived.countDown();
            return Fate.SILENCE;
        });
        try (HeadwaterClient impatient = client(Duration.ofMillis(600));
                Producer producer = impatient
                        .producer()
                        .batchBytes(16 * 1024)
                        .maxMemoryBytes(64 * 1024)
                        .build()) {
            List<CompletableFuture<Producer.Acknowledgement>> sent = new ArrayList<>();
            // Again, until one has arrived: on a busy machine the time may be up before anything has left.
            do {
                sent.add(producer.send(ProducerRecord.ofUtf8("t", null, "v")));
            } while (!arrived.await(600, TimeUnit.MILLISECONDS));
            for (int i = 0; i < 80; i++) {
                sent.add(producer.send(ProducerRecord.of("t", new byte[1000])));
            }
            int unknown = 0;
            for (CompletableFuture<Producer.Acknowledgement> each : sent) {
                Throwable why =
                        assertThrows(CompletionException.class, each::join).getCause();
                unknown += why instanceof HeadwaterException.OutcomeUnknown ? 1 : 0;
            }
            assertTrue(unknown > 0, "what was sent has an unknown outcome");
            broker.produceFate(frame -> Fate.ANSWER);
        }
    }

    @Test
    void saysAtOnceThatNoBrokerIsThere() {
        int port = broker.port();
        broker.close();
        try (HeadwaterClient lonely =
                        HeadwaterClient.builder().server("127.0.0.1:" + port).build();
                Producer producer = lonely.producer().build()) {
            CompletionException failure = assertThrows(
                    CompletionException.class,
                    () -> producer.send(ProducerRecord.ofUtf8("t", null, "v")).join());
            assertEquals("UNREACHABLE", ((HeadwaterException) failure.getCause()).code());
        }
        broker = new FakeBroker();
    }

    @Test
    void waitsForTheLingerTime() {
        broker.createTopic("t", 1);
        try (Producer producer =
                client.producer().linger(Duration.ofMillis(200)).build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "warm")).join();
            int before = broker.on(self -> self.produceBatches);
            List<CompletableFuture<Producer.Acknowledgement>> sent = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                sent.add(producer.send(ProducerRecord.ofUtf8("t", null, "v" + i)));
            }
            sent.forEach(CompletableFuture::join);
            assertEquals(1, broker.on(self -> self.produceBatches) - before);
        }
    }

    /** What the broker has been told of reserved headers, a batch each. */
    private List<Boolean> reserved() {
        List<Boolean> reserved = Collections.synchronizedList(new ArrayList<>());
        broker.produceFate(produce -> {
            produce.getBatchesList().forEach(batch -> reserved.add(batch.getReservedHeaders()));
            return Fate.ANSWER;
        });
        return reserved;
    }

    private List<String> headersOfTheLast(String topic) {
        try (StreamConsumer consumer =
                client.streamConsumer().topics(topic).until(Position.end()).build()) {
            List<String> headers = List.of();
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    headers = record.headers().stream()
                            .map(header -> header.name() + "="
                                    + new String(Objects.requireNonNull(header.value()), StandardCharsets.UTF_8))
                            .toList();
                }
            }
            return headers;
        }
    }

    @Test
    void saysInReservedHeadersWhatQueueGroupsAreToDo() {
        broker.createTopic("t", 1);
        List<Boolean> reserved = reserved();
        RecordHeader own = new RecordHeader("own", "1".getBytes(StandardCharsets.UTF_8));
        try (Producer producer = client.producer().build()) {
            ProducerRecord plain = ProducerRecord.ofUtf8("t", null, "v").withHeaders(List.of(own));
            producer.send(plain).join();
            assertEquals(List.of("own=1"), headersOfTheLast("t"));
            producer.send(plain.withDelay(Duration.ofHours(1))
                            .withDeliverAt(Instant.ofEpochMilli(1234))
                            .withPriority(7)
                            .withMessageId("\u00e9"))
                    .join();
            assertEquals(
                    List.of("own=1", "hw-deliver-at=1234", "hw-priority=7", "hw-message-id=\u00e9"),
                    headersOfTheLast("t"));
            long before = Instant.now().toEpochMilli();
            producer.send(plain.withDeliverAt(Instant.ofEpochMilli(1234)).withDelay(Duration.ofMinutes(1)))
                    .join();
            long after = Instant.now().toEpochMilli();
            String header = headersOfTheLast("t").get(1);
            long at = Long.parseLong(header.substring("hw-deliver-at=".length()));
            assertTrue(at >= before + 60_000 && at <= after + 60_000, header);
        }
        assertEquals(List.of(false, true, true), reserved);
    }

    @Test
    void sendsARecordWithoutAKeyWhereItsMessageIdSays() {
        broker.createTopic("t", 7);
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < 20; i++) {
                String id = "id-" + i;
                int byId = KeyHash.partitionFor(id.getBytes(StandardCharsets.UTF_8), 7);
                int byKey = KeyHash.partitionFor("key".getBytes(StandardCharsets.UTF_8), 7);
                ProducerRecord record = ProducerRecord.ofUtf8("t", null, "v").withMessageId(id);
                assertEquals(byId, producer.send(record).join().partition());
                assertEquals(
                        byKey,
                        producer.send(ProducerRecord.ofUtf8("t", "key", "v").withMessageId(id))
                                .join()
                                .partition());
            }
        }
    }

    @Test
    void refusesWishesThatCannotBe() {
        ProducerRecord record = ProducerRecord.ofUtf8("t", null, "v");
        var reserved = assertThrows(
                IllegalArgumentException.class,
                () -> record.withHeaders(List.of(new RecordHeader("hw-priority", new byte[] {'9'}))));
        assertTrue(reserved.getMessage().startsWith("header hw-priority"), reserved.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> new ProducerRecord("t", -1, null, null, List.of(new RecordHeader("hw-x", null)), -1));
        assertThrows(IllegalArgumentException.class, () -> record.withPriority(10));
        assertThrows(IllegalArgumentException.class, () -> record.withPriority(-1));
        assertThrows(IllegalArgumentException.class, () -> record.withDelay(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> record.withDeliverAt(Instant.ofEpochMilli(-1)));
    }
}
