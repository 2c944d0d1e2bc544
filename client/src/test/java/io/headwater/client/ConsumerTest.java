package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.StreamConsumer.TopicPartition;
import io.headwater.client.fake.FakeBroker;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.record.Compression;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@NullUnmarked
@SuppressWarnings("FutureReturnValueIgnored")
class ConsumerTest {
    private static final Duration WAIT = Duration.ofSeconds(10);

    private FakeBroker broker;
    private HeadwaterClient client;

    @BeforeEach
    void start() {
        broker = new FakeBroker();
        client = HeadwaterClient.builder()
                .server(broker.server())
                .timeout(Duration.ofSeconds(10))
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    /** Records {@code 0 … count-1}, a batch each {@code batch}, with event time and ingestion time 1000 × the batch. */
    private void fill(String topic, int count, int batch) {
        try (Producer producer = client.producer().linger(Duration.ofSeconds(5)).build()) {
            for (int i = 0; i < count; i++) {
                int second = i / batch;
                if (i % batch == 0) {
                    producer.flush();
                    broker.clock(second * 1000L);
                }
                producer.send(ProducerRecord.ofUtf8(topic, null, "" + i).withEventTimeMs(second * 1000L));
            }
            producer.flush();
        }
    }

    private static List<Integer> drain(StreamConsumer consumer) {
        List<Integer> values = new ArrayList<>();
        while (!consumer.isAtEnd()) {
            consumer.poll(WAIT).forEach(record -> values.add(number(record)));
        }
        return values;
    }

    private static int number(ConsumedRecord record) {
        return Integer.parseInt(new String(record.value(), StandardCharsets.UTF_8));
    }

    private static List<Integer> range(int from, int until) {
        List<Integer> values = new ArrayList<>();
        for (int i = from; i < until; i++) {
            values.add(i);
        }
        return values;
    }

    @Test
    void handsOutEverythingThatARecordCarries() {
        broker.createTopic("t", 1);
        broker.clock(77_000);
        for (Compression compression : Compression.values()) {
            try (Producer producer = client.producer().compression(compression).build()) {
                producer.send(ProducerRecord.of("t", new byte[] {1}, new byte[] {2, 3})
                                .withEventTimeMs(5)
                                .withHeaders(
                                        List.of(new RecordHeader("h", new byte[] {9}), new RecordHeader("h", null))))
                        .join();
                producer.send(ProducerRecord.of("t", null)).join();
            }
        }
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").until(Position.end()).build()) {
            List<ConsumedRecord> records = new ArrayList<>();
            while (!consumer.isAtEnd()) {
                records.addAll(consumer.poll(WAIT));
            }
            assertEquals(10, records.size());
            for (int i = 0; i < 10; i += 2) {
                ConsumedRecord full = records.get(i);
                assertEquals(i, full.offset());
                assertEquals("t", full.topic());
                assertEquals(0, full.partition());
                assertEquals(5, full.eventTimeMs());
                assertEquals(77_000, full.ingestionTimeMs());
                assertArrayEquals(new byte[] {1}, full.key());
                assertArrayEquals(new byte[] {2, 3}, full.value());
                assertEquals(2, full.valueView().remaining());
                assertTrue(full.valueView().isReadOnly());
                assertEquals("h", full.headers().get(0).name());
                assertArrayEquals(new byte[] {9}, full.headers().get(0).value());
                assertNull(full.headers().get(1).value());
                assertNull(records.get(i + 1).key());
                assertNull(records.get(i + 1).value());
                assertNull(records.get(i + 1).valueView());
            }
        }
    }

    @Test
    void startsAndEndsWhereItIsTold() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        broker.clock(20_000);
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .from(Position.offset(13))
                .until(Position.offset(57))
                .build()) {
            assertEquals(range(13, 57), drain(consumer));
        }
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .from(Position.ingestedAt(Instant.ofEpochMilli(3000)))
                .until(Position.ingestedAt(Instant.ofEpochMilli(7000)))
                .build()) {
            assertEquals(range(30, 70), drain(consumer));
        }
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .from(Position.end())
                .until(Position.end())
                .build()) {
            assertEquals(List.of(), drain(consumer));
        }
    }

    @Test
    void filtersByEventTimeAndFindsLateRecords() {
        broker.createTopic("t", 1);
        try (Producer producer = client.producer().build()) {
            long[] times = {100, 900, 250, 1000, 299, 50, 300, 200};
            for (int i = 0; i < times.length; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i).withEventTimeMs(times[i]))
                        .join();
            }
        }
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .from(Position.eventAt(Instant.ofEpochMilli(200)))
                .until(Position.eventAt(Instant.ofEpochMilli(300)))
                .build()) {
            assertEquals(List.of(2, 4, 7), drain(consumer));
        }
    }

    @Test
    void movesALargeTopicThroughASmallBuffer() {
        broker.createTopic("t", 2);
        try (Producer producer = client.producer().batchBytes(8 * 1024).build()) {
            for (int i = 0; i < 20_000; i++) {
                producer.send(ProducerRecord.ofUtf8("t", "" + i, "" + i));
            }
        }
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .until(Position.end())
                .maxBufferedBytes(20_000)
                .maxPollRecords(700)
                .build()) {
            Set<Integer> seen = new HashSet<>(drain(consumer));
            assertEquals(20_000, seen.size());
        }
    }

    @Test
    void pollsNoMoreThanItWasTold() {
        broker.createTopic("t", 1);
        fill("t", 100, 100);
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").maxPollRecords(30).build()) {
            assertEquals(30, consumer.poll(WAIT).size());
            assertEquals(30, consumer.poll(WAIT).size());
            assertEquals(30, consumer.poll(WAIT).size());
            assertFalse(consumer.poll(WAIT).isEmpty());
            assertEquals(0, consumer.poll(Duration.ZERO).size());
        }
    }

    @Test
    void seeksWhileItReads() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").maxPollRecords(15).build()) {
            assertEquals(0, number(consumer.poll(WAIT).get(0)));
            consumer.seek("t", 0, Position.offset(50));
            assertEquals(50, number(consumer.poll(WAIT).get(0)));
            consumer.seek("t", 0, Position.beginning());
            assertEquals(0, number(consumer.poll(WAIT).get(0)));
        }
    }

    @Test
    void goesOnWhereItWasWhenTheConnectionDrops() {
        broker.createTopic("t", 1);
        fill("t", 1000, 10);
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .until(Position.end())
                .maxPollRecords(7)
                .maxBufferedBytes(500)
                .build()) {
            List<Integer> values = new ArrayList<>();
            int polls = 0;
            while (!consumer.isAtEnd()) {
                if (polls++ % 20 == 10) {
                    broker.dropConnections();
                }
                consumer.poll(WAIT).forEach(record -> values.add(number(record)));
            }
            assertEquals(range(0, 1000), values);
        }
        assertTrue(broker.on(self -> self.connections) > 3);
    }

    @Test
    void goesOnWhereItWasWhenTheConnectionIsGoneWithoutAReset() {
        broker.createTopic("t", 1);
        fill("t", 10, 10);
        try (HeadwaterClient waiting = HeadwaterClient.builder()
                        .server(broker.server())
                        .timeout(Duration.ofSeconds(3))
                        .keepAlive(Duration.ofMillis(100))
                        .build();
                StreamConsumer consumer = waiting.streamConsumer().topics("t").build()) {
            assertFalse(consumer.poll(WAIT).isEmpty());
            broker.fallSilent();
            try (HeadwaterClient other =
                            HeadwaterClient.builder().server(broker.server()).build();
                    Producer producer = other.producer().build()) {
                producer.send(ProducerRecord.ofUtf8("t", null, "10")).join();
            }
            assertEquals(10, number(consumer.poll(WAIT).get(0)));
        }
    }

    @Test
    void countsWhatIsNotCreditedYetWhenItSubscribesAgain() {
        broker.createTopic("t", 1);
        fill("t", 10, 10);
        int bytes = broker.on(self -> self.partition("t", 0).entries.get(0).bytes().length);
        int most = 8 * bytes;
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").maxBufferedBytes(most).build()) {
            assertFalse(consumer.poll(WAIT).isEmpty());
            assertEquals(most, (long) broker.on(self -> self.firstCredit));
            broker.dropConnections();
            while (broker.on(self -> self.subscribes) < 2) {
                consumer.poll(Duration.ofMillis(5));
            }
            // Less than a quarter is consumed: it will be credited together with what comes next.
            assertEquals(most - bytes, (long) broker.on(self -> self.firstCredit));
        }
    }

    @Test
    void reportsDamageAndHandsOutNothingOfIt() {
        broker.createTopic("t", 1);
        fill("t", 30, 10);
        int bytes = broker.on(self -> self.partition("t", 0).entries.get(1).bytes().length);
        for (int at = 0; at < bytes; at++) {
            int position = at;
            spoilSecond(position, Integer.MAX_VALUE);
            try (StreamConsumer consumer = client.streamConsumer().topics("t").build()) {
                List<Integer> values = new ArrayList<>();
                HeadwaterException failure = assertThrows(HeadwaterException.Rejected.class, () -> {
                    while (true) {
                        consumer.poll(WAIT).forEach(record -> values.add(number(record)));
                    }
                });
                assertEquals("CORRUPT_BATCH", failure.code());
                assertEquals(range(0, 10), values, "byte " + position);
            }
        }
    }

    /** The second of three entries, the first times that it is sent. */
    private void spoilSecond(int position, int times) {
        AtomicInteger sent = new AtomicInteger();
        broker.courier((deliver, entry, out) -> {
            byte[] copy = entry.clone();
            if (deliver.getNextOffset() == 20 && sent.getAndIncrement() < times) {
                copy[position] ^= 0x10;
            }
            out.accept(deliver, copy);
        });
    }

    @Test
    void readsDamageAgainAndHasItCheckedBefore() {
        broker.createTopic("t", 1);
        fill("t", 30, 10);
        spoilSecond(70, 1);
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").until(Position.end()).build()) {
            assertEquals(range(0, 30), drain(consumer));
        }
        assertEquals(2, (int) broker.on(self -> self.subscribes));
        assertEquals(10, (long) broker.on(self -> self.recheckFrom));
    }

    @Test
    void namesTheValidRangeWhenAnOffsetIsGone() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        broker.on(self -> self.partition("t", 0).startOffset = 40);
        try (StreamConsumer consumer =
                client.streamConsumer().topics("t").from(Position.offset(7)).build()) {
            var failure = assertThrows(HeadwaterException.Rejected.class, () -> consumer.poll(WAIT));
            assertEquals("OFFSET_OUT_OF_RANGE", failure.code());
            assertEquals(40, failure.validFrom());
            assertEquals(100, failure.validUntil());
            consumer.seek("t", 0, Position.offset(60));
            assertEquals(60, number(consumer.poll(WAIT).get(0)));
        }
        try (StreamConsumer consumer = client.streamConsumer()
                .topics("t")
                .from(Position.offset(7))
                .onOutOfRange(StreamConsumer.OutOfRange.EARLIEST)
                .build()) {
            assertEquals(40, number(consumer.poll(WAIT).get(0)));
        }
    }

    @Test
    void startsLaterWhereItWouldHaveStartedWhenTheBrokerIsOverloaded() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        broker.on(self -> self.partition("t", 0).positions.put("g", 40L));
        AtomicInteger refusals = new AtomicInteger();
        // A wait beyond the client's timeout: the request is not asked again by itself.
        broker.findRefusal(find -> refusals.incrementAndGet() <= 2
                ? Errors.retryAfter(ErrorCode.ERROR_OVERLOADED, "the test says so", 60_000)
                : null);
        try (StreamConsumer consumer = member(client).until(Position.end()).build()) {
            assertEquals(range(40, 100), drain(consumer));
        }
        assertEquals(3, refusals.get());
    }

    @Test
    void endsAtATimeOfTheBrokersClockAlsoWhereNothingComes() {
        broker.createTopic("t", 2);
        broker.clock(10_000);
        try (Producer producer = client.producer().build();
                StreamConsumer consumer = client.streamConsumer()
                        .topics("t")
                        .until(Position.ingestedAt(Instant.ofEpochMilli(10_300)))
                        .build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "1").withPartition(0))
                    .join();
            assertEquals(1, number(consumer.poll(WAIT).get(0)));
            assertEquals(0, consumer.poll(Duration.ofMillis(700)).size());
            assertFalse(consumer.isAtEnd(), "the broker's clock has not come there");
            broker.clock(10_299);
            producer.send(ProducerRecord.ofUtf8("t", null, "2").withPartition(0))
                    .join();
            assertEquals(2, number(consumer.poll(WAIT).get(0)));
            broker.clock(10_300);
            assertEquals(List.of(), drain(consumer));
            producer.send(ProducerRecord.ofUtf8("t", null, "3").withPartition(1))
                    .join();
            assertEquals(0, consumer.poll(Duration.ofMillis(100)).size());
        }
    }

    @Test
    void wakesUpAWaitingPoll() {
        broker.createTopic("t", 1);
        try (StreamConsumer consumer = client.streamConsumer().topics("t").build()) {
            consumer.wakeup();
            assertEquals(0, consumer.poll(Duration.ofDays(1)).size());
        }
    }

    @Test
    void namesATopicThatIsMissing() {
        try (StreamConsumer consumer = client.streamConsumer().topics("none").build()) {
            assertEquals(
                    "UNKNOWN_TOPIC",
                    assertThrows(HeadwaterException.Rejected.class, () -> consumer.poll(WAIT))
                            .code());
        }
    }

    private StreamConsumer.Builder member(HeadwaterClient owner) {
        return owner.streamConsumer().topics("t").group("g");
    }

    private long position(int partition) {
        return broker.on(self -> self.partition("t", partition).positions.getOrDefault("g", -1L));
    }

    @Test
    void continuesFromTheCommittedPosition() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        try (StreamConsumer consumer = member(client).maxPollRecords(10).build()) {
            assertFalse(consumer.poll(WAIT).isEmpty());
            consumer.commit();
            assertEquals(10, position(0));
            assertEquals(10, number(consumer.poll(WAIT).get(0)));
        }
        assertEquals(10, position(0), "what was polled last was not known to be processed");
        try (StreamConsumer consumer = member(client).build()) {
            assertEquals(10, number(consumer.poll(WAIT).get(0)));
        }
    }

    @Test
    void joinsAgainWhereTheBrokerCouldNotLetItIn() {
        broker.createTopic("t", 1);
        fill("t", 10, 10);
        AtomicInteger asked = new AtomicInteger();
        broker.joinRefusal(
                join -> asked.incrementAndGet() == 1 ? Errors.of(ErrorCode.ERROR_DISK_FULL, "the test says so") : null);
        try (StreamConsumer consumer = member(client).build()) {
            var failure = assertThrows(HeadwaterException.Retriable.class, () -> consumer.poll(WAIT));
            assertEquals("DISK_FULL", failure.code());
            assertFalse(consumer.poll(WAIT).isEmpty());
        }
        assertEquals(2, asked.get());
    }

    @Test
    void commitsByItselfAfterProcessing() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        try (StreamConsumer consumer = member(client)
                .maxPollRecords(10)
                .autoCommitInterval(Duration.ZERO)
                .build()) {
            consumer.poll(WAIT);
            assertEquals(-1, position(0));
            consumer.poll(WAIT);
        }
        assertEquals(10, position(0));
    }

    @Test
    void commitsNothingWhereNothingWasReadOrSought() {
        broker.createTopic("t", 3);
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("t", null, "7").withPartition(1))
                    .join();
            producer.send(ProducerRecord.ofUtf8("t", null, "8").withPartition(2))
                    .join();
        }
        try (StreamConsumer consumer = member(client).until(Position.end()).build()) {
            consumer.run(record -> {
                if (number(record) == 8) {
                    consumer.seek("t", 2, Position.beginning());
                    consumer.wakeup();
                }
            });
        }
        assertEquals(-1, position(0));
        assertEquals(1, position(1));
        assertEquals(0, position(2), "the user has moved it there");
    }

    /** Else what came before the next start would be skipped. */
    @Test
    void keepsTheEndWhereItBeganToRead() {
        broker.createTopic("t", 1);
        fill("t", 20, 10);
        try (StreamConsumer consumer =
                member(client).from(Position.end()).until(Position.end()).build()) {
            assertEquals(List.of(), drain(consumer));
        }
        assertEquals(20, position(0));
    }

    @Test
    void runsAHandlerToTheEndAndCommits() {
        broker.createTopic("t", 3);
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < 1000; i++) {
                producer.send(ProducerRecord.ofUtf8("t", "" + i, "" + i));
            }
        }
        Set<Integer> seen = new HashSet<>();
        try (StreamConsumer consumer = member(client).until(Position.end()).build()) {
            consumer.run(record -> seen.add(number(record)));
        }
        assertEquals(1000, seen.size());
        long committed = 0;
        for (int i = 0; i < 3; i++) {
            committed += position(i);
        }
        assertEquals(1000, committed);
    }

    @Test
    void aSeekEndsWhatARunHadReadBefore() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        List<Integer> values = new ArrayList<>();
        try (StreamConsumer consumer = member(client).until(Position.end()).build()) {
            consumer.run(record -> {
                values.add(number(record));
                if (values.size() == 21) {
                    consumer.seek("t", 0, Position.beginning());
                }
            });
        }
        List<Integer> expected = range(0, 21);
        expected.addAll(range(0, 100));
        assertEquals(expected, values);
        assertEquals(100, position(0));
    }

    @Test
    void doesNotCommitTheRecordThatTheHandlerFailedAt() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        try (StreamConsumer consumer = member(client).build()) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> consumer.run(record -> {
                        if (number(record) == 42) {
                            throw new IllegalArgumentException("the test says so");
                        }
                    }));
        }
        assertEquals(42, position(0));
    }

    @Test
    void goesOnWithTheRecordThatTheHandlerFailedAt() {
        broker.createTopic("t", 1);
        fill("t", 100, 10);
        List<Integer> values = new ArrayList<>();
        try (StreamConsumer consumer = member(client).until(Position.end()).build()) {
            for (int failing : new int[] {0, 42, 99}) {
                assertThrows(
                        IllegalArgumentException.class,
                        () -> consumer.run(record -> {
                            if (number(record) == failing) {
                                throw new IllegalArgumentException("the test says so");
                            }
                            values.add(number(record));
                        }));
                assertEquals(failing == 0 ? -1 : failing, position(0));
            }
            consumer.run(record -> values.add(number(record)));
        }
        assertEquals(range(0, 100), values);
        assertEquals(100, position(0));
    }

    /** What was handed out together with the record that the handler failed at comes again too. */
    @Test
    void handlesEveryRecordOfEveryPartitionOnceThoughTheHandlerFails() {
        broker.createTopic("t", 3);
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < 300; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i).withPartition(i % 3));
            }
        }
        List<Integer> values = new ArrayList<>();
        AtomicInteger calls = new AtomicInteger();
        try (StreamConsumer consumer = member(client).until(Position.end()).build()) {
            for (int run = 0; run < 8; run++) {
                try {
                    consumer.run(record -> {
                        if (calls.incrementAndGet() % 50 == 0) {
                            throw new IllegalArgumentException("the test says so");
                        }
                        values.add(number(record));
                    });
                } catch (IllegalArgumentException e) {
                    assertEquals("the test says so", e.getMessage());
                }
            }
        }
        for (int i = 0; i < 3; i++) {
            int partition = i;
            List<Integer> seen =
                    values.stream().filter(value -> value % 3 == partition).toList();
            assertEquals(
                    range(0, 300).stream()
                            .filter(value -> value % 3 == partition)
                            .toList(),
                    seen);
            assertEquals(100, position(i));
        }
    }

    @Test
    void sharesPartitionsAndHandsThemOverWithoutLossOrRepeat() {
        broker.createTopic("t", 4);
        int records = 4000;
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < records; i++) {
                producer.send(ProducerRecord.ofUtf8("t", "" + i, "" + i).withPartition(i % 4));
            }
        }
        List<Integer> seen = new ArrayList<>();
        try (HeadwaterClient second =
                        HeadwaterClient.builder().server(broker.server()).build();
                StreamConsumer one = member(client).maxPollRecords(50).build()) {
            one.poll(WAIT).forEach(record -> seen.add(number(record)));
            assertEquals(4, one.assignment().size());
            try (StreamConsumer two = member(second).maxPollRecords(50).build()) {
                // One may have read everything before the other has its share.
                while (seen.size() < records || two.assignment().size() < 2) {
                    one.poll(Duration.ofMillis(5)).forEach(record -> seen.add(number(record)));
                    two.poll(Duration.ofMillis(5)).forEach(record -> seen.add(number(record)));
                }
                assertEquals(2, one.assignment().size());
                assertEquals(2, two.assignment().size());
            }
        }
        assertEquals(records, new HashSet<>(seen).size());
        assertEquals(records, seen.size(), "a record came twice though nobody failed");
    }

    @Test
    void keepsItsPlaceInTheGroupWhenTheConnectionDrops() {
        broker.createTopic("t", 2);
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < 2000; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i).withPartition(i % 2));
            }
        }
        List<Integer> seen = new ArrayList<>();
        try (StreamConsumer consumer = member(client)
                .maxPollRecords(20)
                .maxBufferedBytes(2000)
                .until(Position.end())
                .build()) {
            int polls = 0;
            while (!consumer.isAtEnd()) {
                if (polls++ % 30 == 15) {
                    broker.dropConnections();
                }
                consumer.poll(WAIT).forEach(record -> seen.add(number(record)));
            }
        }
        assertEquals(2000, seen.size());
        assertEquals(2000, new HashSet<>(seen).size());
    }

    @Test
    void closeFromAnotherThreadEndsARun() {
        broker.createTopic("t", 1);
        fill("t", 10, 10);
        StreamConsumer consumer = client.streamConsumer().topics("t").build();
        AtomicInteger handled = new AtomicInteger();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        CompletableFuture<Void> run = CompletableFuture.runAsync(
                        () -> consumer.run(record -> handled.incrementAndGet()))
                .whenComplete((done, why) -> failure.set(why));
        while (handled.get() < 10) {
            Thread.onSpinWait();
        }
        consumer.close();
        run.join();
        assertNull(failure.get());
        assertFalse(consumer.isAtEnd());
    }

    @Test
    void readsOnlyThePartitionsItWasTold() {
        broker.createTopic("t", 3);
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < 30; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i).withPartition(i % 3));
            }
        }
        try (StreamConsumer consumer = client.streamConsumer()
                .partitions(new TopicPartition("t", 1))
                .until(Position.end())
                .build()) {
            List<Integer> values = drain(consumer);
            assertEquals(10, values.size());
            assertTrue(values.stream().allMatch(value -> value % 3 == 1));
        }
    }

    @Test
    void endsAreConfirmedUnlessTheUserWantsThoseThatTheLeaderBelievesIn() {
        broker.createTopic("t", 1);
        fill("t", 10, 5);
        List<FindOffset> asked = new CopyOnWriteArrayList<>();
        broker.findRefusal(find -> {
            asked.add(find);
            return null;
        });
        for (boolean local : List.of(false, true)) {
            asked.clear();
            StreamConsumer.Builder builder = client.streamConsumer().topics("t").until(Position.end());
            if (local) {
                builder.localEnds();
            }
            try (StreamConsumer consumer = builder.build()) {
                assertEquals(range(0, 10), drain(consumer));
                consumer.seek("t", 0, Position.ingestedAt(Instant.ofEpochMilli(1_000)));
            }
            // Where a log begins can be said by whoever has it.
            assertEquals(
                    List.of(Anchor.ANCHOR_END, Anchor.ANCHOR_BEGINNING, Anchor.ANCHOR_INGESTION_TIME),
                    asked.stream().map(FindOffset::getAnchor).toList());
            assertEquals(
                    List.of(local, true, local),
                    asked.stream().map(FindOffset::getLocal).toList());
        }
    }

    @Test
    void anEndThatNobodyConfirmsIsAskedForUntilTheTimeIsUpAndTheReasonIsTold() {
        broker.createTopic("t", 1);
        fill("t", 10, 5);
        try (HeadwaterClient impatient = HeadwaterClient.builder()
                        .server(broker.server())
                        .timeout(Duration.ofSeconds(1))
                        .build();
                StreamConsumer consumer = impatient
                        .streamConsumer()
                        .partitions(new TopicPartition("t", 0))
                        .build()) {
            assertFalse(consumer.poll(WAIT).isEmpty());
            AtomicInteger asked = new AtomicInteger();
            broker.findRefusal(find -> {
                asked.incrementAndGet();
                return Errors.elsewhere(ErrorCode.ERROR_NOT_LEADER, "too few have confirmed; try again", 0, "");
            });

            var failure = assertThrows(HeadwaterException.Retriable.class, () -> consumer.seek("t", 0, Position.end()));

            assertTrue(
                    failure.getMessage().endsWith("the last answer: too few have confirmed; try again"),
                    failure::getMessage);
            assertTrue(asked.get() > 2, () -> "asked " + asked);
        }
    }
}
