package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakeBroker;
import io.headwater.client.fake.FakeQueues;
import io.headwater.client.fake.FakeQueues.Fate;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Receives and settles. Each record is a batch of its own. */
@Timeout(60)
@NullUnmarked
class QueueConsumerTest {
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
        broker.createTopic("t", 1);
        change(queues -> queues.create("t", "g"));
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private <T> T ask(Function<FakeQueues, T> question) {
        return broker.on(self -> question.apply(self.queues));
    }

    private void change(java.util.function.Consumer<FakeQueues> action) {
        ask(queues -> {
            action.accept(queues);
            return 0;
        });
    }

    private long number(ToLongFunction<FakeQueues> question) {
        return ask(question::applyAsLong);
    }

    private long count(io.headwater.protocol.wire.RecordState state) {
        return number(queues -> queues.count(state));
    }

    private void eventually(Function<FakeQueues, Boolean> condition) {
        long giveUpNs = System.nanoTime() + 20_000_000_000L;
        while (!ask(condition)) {
            assertTrue(System.nanoTime() < giveUpNs, "it does not happen");
            Thread.onSpinWait();
        }
    }

    private void fill(int count) {
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < count; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i).withPartition(0))
                        .join();
            }
        }
    }

    private QueueConsumer.Builder consumer() {
        return client.queueConsumer().topic("t").group("g");
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

    private static List<Integer> numbers(List<QueueRecord> records) {
        return records.stream()
                .map(record -> Integer.parseInt(new String(record.value(), StandardCharsets.UTF_8)))
                .toList();
    }

    private static HeadwaterException failure(CompletableFuture<Void> future) {
        var thrown = assertThrows(CompletionException.class, future::join);
        return assertInstanceOf(HeadwaterException.class, thrown.getCause());
    }

    @Test
    void handsOutEverythingThatIsKnown() {
        broker.clock(77_000);
        try (Producer producer = client.producer().build()) {
            producer.send(ProducerRecord.ofUtf8("t", "k", "v")
                            .withEventTimeMs(5)
                            .withHeaders(List.of(new RecordHeader("h", new byte[] {9}))))
                    .join();
        }
        try (QueueConsumer consumer =
                consumer().name("me").lease(Duration.ofSeconds(40)).build()) {
            QueueRecord record = receive(consumer, 1).get(0);
            assertEquals("t", record.topic());
            assertEquals(0, record.partition());
            assertEquals(0, record.offset());
            assertEquals("k", new String(record.key(), StandardCharsets.UTF_8));
            assertEquals(5, record.eventTimeMs());
            assertEquals(77_000, record.ingestionTimeMs());
            assertEquals("h", record.headers().get(0).name());
            assertEquals(1, record.deliveries());
            assertEquals(0, record.failures());
            QueueOpen open = ask(queues -> queues.opens.get(0));
            assertEquals("me", open.getConsumerName());
            assertEquals(40_000, open.getLeaseMs());
            assertNotEquals(0, open.getSession());
            long firstEnd = record.leaseUntilMs();
            consumer.extend(record, Duration.ofSeconds(100)).join();
            assertTrue(record.leaseUntilMs() - firstEnd >= 60_000, record.leaseUntilMs() + " after " + firstEnd);
            consumer.fail(record, "no").join();
            QueueRecord again = receive(consumer, 1).get(0);
            assertEquals(2, again.deliveries());
            assertEquals(1, again.failures());
            assertNotEquals(record.token(), again.token());
            consumer.ack(again).join();
            assertEquals(1L, count(io.headwater.protocol.wire.RecordState.RECORD_DONE));
        }
    }

    @Test
    void whatIsSaidWhileOthersAreOnTheirWayTravelsTogether() {
        fill(100);
        try (QueueConsumer consumer = consumer().build()) {
            List<QueueRecord> records = receive(consumer, 100);
            change(queues -> queues.fate = unused -> Fate.HOLD);
            List<CompletableFuture<Void>> acks = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                int sent = i + 1;
                acks.add(consumer.ack(records.get(i)));
                eventually(queues -> queues.held() == sent);
            }
            for (int i = 2; i < 98; i++) {
                acks.add(consumer.ack(records.get(i)));
            }
            CompletableFuture<Void> one = consumer.fail(records.get(98), "one");
            CompletableFuture<Void> two = consumer.fail(records.get(99), "two", Duration.ofMinutes(1));
            assertEquals(2, number(queues -> queues.settles.size()));
            assertFalse(acks.get(0).isDone());
            change(queues -> {
                queues.fate = unused -> Fate.ANSWER;
                queues.answerHeld();
            });
            acks.forEach(CompletableFuture::join);
            one.join();
            two.join();
            assertEquals(3, number(queues -> queues.settles.size()));
            QueueSettle together = ask(queues -> queues.settles.get(2));
            assertEquals(3, together.getSettlementsCount());
            assertEquals(96, together.getSettlements(0).getOffsetStepsCount());
            assertEquals(0, together.getSettlements(0).getAttemptsCount(), "all for the first time");
            assertEquals("one", together.getSettlements(1).getReason());
            assertFalse(together.getSettlements(1).getHasDelay());
            assertEquals(60_000, together.getSettlements(2).getDelayMs());
            assertTrue(together.getSettlements(0).getProcessingStartMs() > 0);
            assertTrue(together.getSettlements(0).getProcessingEndMs()
                    >= together.getSettlements(0).getProcessingStartMs());
        }
    }

    @Test
    void repeatsWhatWasSaidOnAConnectionThatIsLost() {
        for (Fate lost : List.of(Fate.DROP_BEFORE, Fate.DROP_AFTER)) {
            broker.createTopic("u", 1);
            change(queues -> {
                queues.create("u", "g");
                queues.opens.clear();
                queues.settles.clear();
                AtomicInteger frames = new AtomicInteger();
                queues.fate = unused -> frames.getAndIncrement() == 0 ? lost : Fate.ANSWER;
            });
            try (Producer producer = client.producer().build();
                    QueueConsumer consumer =
                            client.queueConsumer().topic("u").group("g").build()) {
                producer.send(ProducerRecord.ofUtf8("u", null, "0")).join();
                consumer.ack(receive(consumer, 1).get(0)).join();
                List<QueueSettle> settles = ask(queues -> List.copyOf(queues.settles));
                assertEquals(2, settles.size(), lost.toString());
                assertEquals(settles.get(0), settles.get(1));
                List<QueueOpen> opens = ask(queues -> List.copyOf(queues.opens));
                assertEquals(2, opens.size());
                assertEquals(opens.get(0).getSession(), opens.get(1).getSession());
            }
        }
    }

    @Test
    void saysWhichLeasesAreStaleAndWhatTheRecordIsNow() {
        fill(3);
        try (QueueConsumer consumer = consumer().build()) {
            List<QueueRecord> records = receive(consumer, 3);
            change(queues -> {
                queues.fate = unused -> Fate.HOLD;
                queues.item("t", 0, 1).state = io.headwater.protocol.wire.RecordState.RECORD_DEAD;
            });
            CompletableFuture<Void> first = consumer.ack(records.get(0));
            CompletableFuture<Void> stale = consumer.ack(records.get(1));
            CompletableFuture<Void> last = consumer.ack(records.get(2));
            eventually(queues -> queues.settles.stream()
                                    .flatMap(settle -> settle.getSettlementsList().stream())
                                    .mapToInt(settlement -> settlement.getOffsetStepsCount())
                                    .sum()
                            == 3
                    || queues.held() == 2);
            change(queues -> {
                queues.fate = unused -> Fate.ANSWER;
                queues.answerHeld();
            });
            first.join();
            last.join();
            var failure = assertInstanceOf(HeadwaterException.StaleLease.class, failure(stale));
            assertEquals(RecordState.DEAD, failure.state());
            assertEquals("STALE_LEASE", failure.code());
            assertTrue(failure.getMessage().contains("t-0@1"), failure.getMessage());
        }
    }

    @Test
    void settlesByTokenAlone() {
        fill(1);
        String token;
        try (QueueConsumer consumer = consumer().detachedLeases().build()) {
            token = receive(consumer, 1).get(0).token();
            assertEquals(0, number(queues -> queues.opens.get(0).getSession()));
        }
        assertTrue(token.matches("[A-Za-z0-9_-]+"), token);
        client.settle(token, Settlement.ack());
        client.settle(token, Settlement.ack());
        var stale = assertThrows(
                HeadwaterException.StaleLease.class, () -> client.settle(token, Settlement.fail("too late")));
        assertEquals(RecordState.DONE, stale.state());
        for (String bad : List.of("", "abc", token + "AAAA", "not base64!")) {
            var failure =
                    assertThrows(HeadwaterException.Rejected.class, () -> client.settle(bad, Settlement.ack()), bad);
            assertEquals("INVALID_REQUEST", failure.code());
        }
    }

    @Test
    void asksForHalfOfThePrefetchAgainWhenThatIsTaken() {
        fill(100);
        try (QueueConsumer consumer = consumer().prefetch(10).build()) {
            assertEquals(List.of(0, 1, 2, 3), numbers(receive(consumer, 4)));
            eventually(queues -> queues.delivered == 10);
            assertEquals(0, number(queues -> queues.credits.size()));
            receive(consumer, 1);
            eventually(queues -> queues.delivered == 15);
            assertEquals(1, number(queues -> queues.credits.size()));
            receive(consumer, 95);
        }
    }

    @Test
    void asksAgainForWhatWasErasedMeanwhile() {
        fill(20);
        change(queues -> queues.erased = 3);
        try (QueueConsumer consumer = consumer().prefetch(8).build()) {
            assertEquals(20, receive(consumer, 20).size());
        }
    }

    @Test
    void boundsTheBytesThatWait() {
        fill(20);
        try (QueueConsumer consumer = consumer().prefetchBytes(1).build()) {
            receive(consumer, 1);
            eventually(queues -> queues.delivered == 2);
            assertEquals(19, receive(consumer, 19).size());
            assertTrue(ask(queues -> queues.credits.size()) >= 19);
        }
    }

    @Test
    void keepsWhatItHasWhenItsConnectionIsLost() {
        fill(30);
        try (QueueConsumer consumer = consumer().prefetch(10).build()) {
            List<QueueRecord> records = new ArrayList<>(receive(consumer, 1));
            eventually(queues -> queues.delivered == 10);
            broker.dropConnections();
            eventually(queues -> queues.opens.size() == 2);
            List<QueueOpen> opens = ask(queues -> List.copyOf(queues.opens));
            assertEquals(opens.get(0).getSession(), opens.get(1).getSession());
            assertEquals(List.of(), held(opens.get(0)), "it begins with nothing");
            assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), held(opens.get(1)));
            assertEquals(1, opens.get(1).getCreditRecords(), "nine of ten are still here");
            eventually(queues -> queues.settles.stream()
                    .anyMatch(settle -> settle.getSettlements(0).getVerb() == QueueVerb.VERB_EXTEND
                            && settle.getSettlements(0).getOffsetStepsCount() == 9));
            records.addAll(receive(consumer, 29));
            assertEquals(30, numbers(records).stream().distinct().count());
            for (QueueRecord record : records) {
                assertEquals(1, record.deliveries());
                consumer.ack(record).join();
            }
        }
    }

    private static List<Integer> held(QueueOpen open) {
        assertTrue(open.hasHeld());
        assertEquals(
                open.getHeld().getOffsetStepsCount(),
                open.getHeld().getAttemptsList().stream()
                        .filter(attempt -> attempt == 1)
                        .count());
        List<Integer> held = new ArrayList<>();
        long at = 0;
        for (long step : open.getHeld().getOffsetStepsList()) {
            at += step;
            held.add((int) at);
        }
        return held;
    }

    @Test
    void holdsWhatItHasNotHeardToBeSettled() {
        fill(4);
        change(queues -> queues.fate =
                settle -> settle.getSettlements(0).getOffsetSteps(0) == 0 ? Fate.DROP_AFTER : Fate.ANSWER);
        try (QueueConsumer consumer = consumer().build()) {
            List<QueueRecord> records = receive(consumer, 4);
            consumer.ack(records.get(1)).join();
            consumer.extend(records.get(2), Duration.ofSeconds(20)).join();
            change(queues -> queues.item("t", 0, 3).state = io.headwater.protocol.wire.RecordState.RECORD_DEAD);
            assertEquals("STALE_LEASE", failure(consumer.ack(records.get(3))).code());
            CompletableFuture<Void> acked = consumer.ack(records.get(0));
            eventually(queues -> queues.opens.size() >= 2);
            assertEquals(List.of(0, 2), held(ask(queues -> queues.opens.get(1))));
            change(queues -> queues.fate = unused -> Fate.ANSWER);
            acked.join();
        }
    }

    @Test
    void doesNotHandOutWhatItLostMeanwhile() {
        fill(5);
        try (QueueConsumer consumer = consumer().build()) {
            receive(consumer, 1);
            eventually(queues -> queues.delivered == 5);
            change(queues -> {
                for (int i = 1; i < 4; i++) {
                    queues.item("t", 0, i).state = io.headwater.protocol.wire.RecordState.RECORD_DEAD;
                }
            });
            broker.dropConnections();
            eventually(queues -> !queues.settles.isEmpty());
            // Answers come in order: the one before is there.
            client.admin().topics();
            assertEquals(List.of(4), numbers(receive(consumer, 1)));
        }
    }

    @Test
    void extendsTheLeasesOfWhatWaitsAndNotOfWhatItHandedOut() {
        fill(2);
        change(queues -> queues.leaseMs = 1_000);
        try (QueueConsumer consumer = consumer().build()) {
            receive(consumer, 1);
            eventually(queues ->
                    queues.delivered == 2 && queues.item("t", 0, 1).extensions.size() >= 2);
            assertEquals(List.of(), ask(queues -> queues.item("t", 0, 0).extensions));
            assertEquals(
                    1_000, number(queues -> queues.item("t", 0, 1).extensions.get(0)));
            assertEquals(List.of(1), numbers(receive(consumer, 1)));
        }
    }

    @Test
    void returnsWhatNobodySettledWhenItIsClosed() {
        fill(10);
        try (QueueConsumer consumer = consumer().build()) {
            consumer.ack(receive(consumer, 3).get(0));
            eventually(queues -> queues.delivered == 10);
        }
        assertEquals(1L, count(io.headwater.protocol.wire.RecordState.RECORD_DONE));
        assertEquals(9L, count(io.headwater.protocol.wire.RecordState.RECORD_READY));
        boolean released = ask(queues -> queues.closes.get(0).getRelease());
        assertTrue(released);
    }

    @Test
    void leavesDetachedLeasesToTheirTokensWhenItIsClosed() {
        fill(10);
        try (QueueConsumer consumer = consumer().detachedLeases().build()) {
            receive(consumer, 3);
            eventually(queues -> queues.delivered == 10);
        }
        assertEquals(3L, count(io.headwater.protocol.wire.RecordState.RECORD_LEASED));
        assertEquals(7L, count(io.headwater.protocol.wire.RecordState.RECORD_READY));
    }

    @Test
    void takesNothingMoreWhenItIsClosed() {
        fill(2);
        QueueConsumer consumer = consumer().build();
        QueueRecord record = receive(consumer, 1).get(0);
        CompletableFuture<List<QueueRecord>> waiting = CompletableFuture.supplyAsync(() -> {
            receive(consumer, 1);
            return consumer.receive(1, Duration.ofDays(1));
        });
        eventually(queues -> queues.delivered == 2);
        consumer.close();
        consumer.close();
        assertFalse(waiting.handle((records, why) -> why == null && !records.isEmpty())
                .join());
        assertEquals(List.of(), consumer.receive(1, WAIT));
        assertEquals("CLOSED", failure(consumer.ack(record)).code());
    }

    @Test
    void findsThePartitionsOfATopicThatHasGrown() {
        try (QueueConsumer consumer = consumer().build()) {
            assertEquals(List.of(), consumer.receive(1, Duration.ofMillis(20)));
            broker.on(self -> {
                self.grow("t");
                self.queues.refresh("t", "g");
                return 0;
            });
            try (Producer producer = client.producer().build()) {
                producer.send(ProducerRecord.ofUtf8("t", null, "7").withPartition(1))
                        .join();
            }
            broker.dropConnections();
            QueueRecord record = receive(consumer, 1).get(0);
            assertEquals(1, record.partition());
            consumer.ack(record).join();
        }
    }

    @Test
    void triesAgainWhatIsRefusedForNow() {
        fill(1);
        AtomicInteger refusals = new AtomicInteger();
        change(queues -> queues.refusal = unused ->
                refusals.getAndIncrement() < 2 ? Errors.of(ErrorCode.ERROR_OVERLOADED, "the test says so") : null);
        try (QueueConsumer consumer = consumer().build()) {
            assertEquals(1, receive(consumer, 1).size());
            assertEquals(3, refusals.get());
        }
    }

    @Test
    void saysWhyNothingMoreCanCome() {
        fill(1);
        try (QueueConsumer consumer =
                client.queueConsumer().topic("t").group("unknown").build()) {
            for (int i = 0; i < 2; i++) {
                var failure = assertThrows(HeadwaterException.Rejected.class, () -> consumer.receive(1, WAIT));
                assertEquals("UNKNOWN_GROUP", failure.code());
            }
        }
        try (QueueConsumer consumer = consumer().build()) {
            eventually(queues -> queues.delivered == 1);
            change(queues -> queues.endAll(Errors.of(ErrorCode.ERROR_SESSION_TAKEN, "somebody else")));
            client.admin().topics();
            assertEquals(1, receive(consumer, 1).size(), "what came before it");
            var failure = assertThrows(HeadwaterException.Rejected.class, () -> consumer.receive(1, WAIT));
            assertEquals("SESSION_TAKEN", failure.code());
        }
        change(queues -> {
            queues.damages = true;
            queues.endLeases();
        });
        try (QueueConsumer consumer = consumer().build()) {
            var failure = assertThrows(HeadwaterException.Rejected.class, () -> consumer.receive(1, WAIT));
            assertEquals("CORRUPT_BATCH", failure.code());
        }
    }

    @Test
    void saysAtOnceThatItNeverReachedTheBroker() {
        int port;
        try (FakeBroker gone = new FakeBroker()) {
            port = gone.port();
        }
        try (HeadwaterClient lonely =
                        HeadwaterClient.builder().server("127.0.0.1:" + port).build();
                QueueConsumer consumer =
                        lonely.queueConsumer().topic("t").group("g").build()) {
            var failure = assertThrows(HeadwaterException.Retriable.class, () -> consumer.receive(1, WAIT));
            assertEquals("UNREACHABLE", failure.code());
        }
    }

    @Test
    void refusesWhatCannotBe() {
        try (QueueConsumer consumer = consumer().build()) {
            assertThrows(IllegalArgumentException.class, () -> consumer.receive(0, WAIT));
            assertEquals(List.of(), consumer.receive(1, Duration.ZERO));
            assertThrows(IllegalStateException.class, () -> consumer.run(record -> {}));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> client.queueConsumer().topic("t").build());
        assertThrows(
                IllegalArgumentException.class, () -> consumer().prefetch(0).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> consumer().prefetchBytes(0).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> consumer().lease(Duration.ofMillis(999)).build());
        assertThrows(
                IllegalArgumentException.class, () -> consumer().concurrency(0).build());
        assertThrows(IllegalArgumentException.class, () -> Settlement.extend(Duration.ofHours(13)));
        assertThrows(IllegalArgumentException.class, () -> Settlement.release(Duration.ofMillis(-1)));
    }
}
