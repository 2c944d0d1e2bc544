package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakeBroker;
import io.headwater.client.fake.FakeQueues;
import io.headwater.client.fake.FakeQueues.Fate;
import io.headwater.protocol.wire.RecordState;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs handlers. Each record is a batch of its own. */
@Timeout(60)
@NullUnmarked
class QueueHandlerTest {
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
        broker.on(self -> {
            self.queues.create("t", "g");
            return 0;
        });
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private <T> T ask(Function<FakeQueues, T> question) {
        return broker.on(self -> question.apply(self.queues));
    }

    private long number(ToLongFunction<FakeQueues> question) {
        return ask(question::applyAsLong);
    }

    private void eventually(Function<FakeQueues, Boolean> condition) {
        long giveUpNs = System.nanoTime() + 20_000_000_000L;
        while (!ask(condition)) {
            assertTrue(System.nanoTime() < giveUpNs, "it does not happen");
            Thread.onSpinWait();
        }
    }

    private long count(RecordState state) {
        return ask(queues -> queues.count(state));
    }

    private void fill(int count) {
        try (Producer producer = client.producer().build()) {
            for (int i = 0; i < count; i++) {
                producer.send(ProducerRecord.ofUtf8("t", null, "" + i)).join();
            }
        }
    }

    private QueueConsumer.Builder consumer() {
        return client.queueConsumer().topic("t").group("g");
    }

    private static CompletableFuture<Void> run(QueueConsumer consumer, QueueConsumer.Handler handler) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                consumer.run(handler);
                ended.complete(null);
            } catch (Throwable e) {
                ended.completeExceptionally(e);
            }
        });
        thread.start();
        return ended;
    }

    @Test
    void acknowledgesWhatItsHandlersProcess() throws Exception {
        fill(40);
        CyclicBarrier four = new CyclicBarrier(4);
        Set<Long> offsets = ConcurrentHashMap.newKeySet();
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        QueueConsumer consumer = consumer().concurrency(4).build();
        CompletableFuture<Void> run = run(consumer, record -> {
            offsets.add(record.offset());
            threads.add(Thread.currentThread());
            four.await();
        });
        eventually(queues -> queues.count(RecordState.RECORD_DONE) == 40);
        consumer.close();
        run.join();
        assertEquals(40, offsets.size());
        assertEquals(4, threads.size());
        ask(queues -> {
            FakeQueues.Item item = queues.item("t", 0, 39);
            assertTrue(item.processingStartMs > 0 && item.processingEndMs >= item.processingStartMs);
            return 0;
        });
    }

    @Test
    void failsWhatItsHandlerThrowsAtAndGoesOn() {
        fill(3);
        QueueConsumer consumer = consumer().build();
        CompletableFuture<Void> run = run(consumer, record -> {
            if (record.offset() == 1 && record.deliveries() == 1) {
                throw new IllegalStateException("not today");
            }
            if (record.offset() == 2 && record.deliveries() == 1) {
                throw new IllegalStateException();
            }
        });
        eventually(queues -> queues.count(RecordState.RECORD_DONE) == 3);
        consumer.close();
        run.join();
        assertEquals("not today", ask(queues -> queues.item("t", 0, 1).reason));
        assertEquals("java.lang.IllegalStateException", ask(queues -> queues.item("t", 0, 2).reason));
        assertEquals(0, number(queues -> queues.item("t", 0, 0).failures));
        assertEquals(1, number(queues -> queues.item("t", 0, 1).failures));
    }

    @Test
    void endsWithAnErrorOfItsHandler() {
        fill(2);
        AssertionError broken = new AssertionError("broken");
        try (QueueConsumer consumer = consumer().concurrency(2).build()) {
            assertSame(
                    broken,
                    assertThrows(
                            AssertionError.class,
                            () -> consumer.run(record -> {
                                throw broken;
                            })));
        }
        assertTrue(ask(queues -> queues.item("t", 0, 0).failures + queues.item("t", 0, 1).failures) >= 1);
    }

    @Test
    void extendsLeasesWhileItsHandlerRuns() {
        fill(2);
        ask(queues -> queues.leaseMs = 1_000);
        CountDownLatch finish = new CountDownLatch(1);
        QueueConsumer consumer = consumer().build();
        CompletableFuture<Void> run = run(consumer, record -> finish.await());
        eventually(queues -> queues.delivered == 2
                && queues.item("t", 0, 0).extensions.size() >= 2
                && queues.item("t", 0, 1).extensions.size() >= 2);
        finish.countDown();
        eventually(queues -> queues.count(RecordState.RECORD_DONE) == 2);
        consumer.close();
        run.join();
    }

    @Test
    void givesBackWhatItHasNotBegunAndFinishesTheRest() throws Exception {
        fill(10);
        ask(queues -> queues.leaseMs = 1_000);
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch finish = new CountDownLatch(1);
        QueueConsumer consumer = consumer().concurrency(2).build();
        CompletableFuture<Void> run = run(consumer, record -> {
            begun.countDown();
            finish.await();
        });
        begun.await();
        eventually(queues -> queues.delivered == 10);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(consumer::close);
        eventually(queues -> queues.count(RecordState.RECORD_READY) == 8);
        assertEquals(2, count(RecordState.RECORD_LEASED));
        assertFalse(run.isDone());
        assertFalse(closed.isDone());
        int extensions = ask(queues -> queues.item("t", 0, 0).extensions.size());
        eventually(queues -> queues.item("t", 0, 0).extensions.size() > extensions);
        finish.countDown();
        closed.join();
        run.join();
        assertEquals(2, count(RecordState.RECORD_DONE));
        assertEquals(8, count(RecordState.RECORD_READY));
        assertEquals(10, number(queues -> queues.delivered), "nothing came again");
        ask(queues -> {
            for (int i = 0; i < 10; i++) {
                assertEquals(0, queues.item("t", 0, i).failures);
            }
            return 0;
        });
    }

    @Test
    void interruptsHandlersThatDoNotEndInTime() {
        fill(3);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        QueueConsumer consumer = consumer().drain(Duration.ofMillis(30)).build();
        CompletableFuture<Void> run = run(consumer, record -> {
            begun.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                thrown.set(e);
                throw e;
            }
        });
        eventually(queues -> queues.delivered == 3 && begun.getCount() == 0);
        consumer.close();
        run.join();
        assertTrue(thrown.get() instanceof InterruptedException);
        assertEquals(3, count(RecordState.RECORD_READY));
        assertEquals(0, number(queues -> queues.item("t", 0, 0).failures));
    }

    @Test
    void mayBeClosedByItsHandler() {
        fill(5);
        AtomicInteger handled = new AtomicInteger();
        QueueConsumer consumer = consumer().build();
        consumer.run(record -> {
            handled.incrementAndGet();
            consumer.close();
        });
        assertEquals(1, handled.get());
        assertEquals(1, count(RecordState.RECORD_DONE));
        assertEquals(4, count(RecordState.RECORD_READY));
        assertThrows(IllegalStateException.class, () -> consumer.receive(1, Duration.ZERO));
    }

    @Test
    void settlesWhatItHasProcessedThoughTheConnectionIsLostMeanwhile() {
        fill(12);
        AtomicInteger frames = new AtomicInteger();
        ask(queues -> queues.fate = unused -> frames.getAndIncrement() % 3 == 1 ? Fate.DROP_AFTER : Fate.ANSWER);
        AtomicInteger handled = new AtomicInteger();
        QueueConsumer consumer = consumer().build();
        CompletableFuture<Void> run = run(consumer, record -> {
            // All are here before the first connection is lost, and each is settled by a frame of its own.
            eventually(queues -> queues.delivered == 12
                    && (record.offset() == 0
                            || queues.item("t", 0, record.offset() - 1).state == RecordState.RECORD_DONE));
            assertEquals(1, record.deliveries());
            handled.incrementAndGet();
        });
        eventually(queues -> queues.count(RecordState.RECORD_DONE) == 12);
        ask(queues -> queues.fate = unused -> Fate.ANSWER);
        consumer.close();
        run.join();
        assertEquals(12, handled.get());
        assertTrue(broker.on(self -> self.connections) > 2);
    }

    @Test
    void endsWhenItsThreadIsInterrupted() throws Exception {
        fill(1);
        try (QueueConsumer consumer = consumer().concurrency(2).build()) {
            AtomicReference<Boolean> interrupted = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                consumer.run(record -> {});
                interrupted.set(Thread.currentThread().isInterrupted());
            });
            thread.start();
            eventually(queues -> queues.count(RecordState.RECORD_DONE) == 1);
            thread.interrupt();
            thread.join();
            assertTrue(interrupted.get());
        }
    }

    @Test
    void isClosedWholeByAThreadThatWasInterrupted() {
        fill(5);
        try {
            QueueConsumer consumer = consumer().build();
            consumer.run(record -> {
                eventually(queues -> queues.delivered == 5);
                Thread.currentThread().interrupt();
                consumer.close();
            });
            assertTrue(Thread.currentThread().isInterrupted());
        } finally {
            Thread.interrupted();
        }
        assertEquals(1, count(RecordState.RECORD_DONE));
        assertEquals(4, count(RecordState.RECORD_READY));
    }
}
