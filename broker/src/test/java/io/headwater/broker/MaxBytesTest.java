package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.Overflow;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The limit in bytes: exact, for many producers at once, and over restarts. */
@Timeout(60)
class MaxBytesTest {
    private static final Duration WAIT = Duration.ofSeconds(20);
    /** An envelope, a batch's header, and around a record's value. */
    private static final int OVERHEAD = 64 + 61 + 9;

    private static final int STORED = 1_000;

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker broker;
    private HeadwaterClient client;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
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

    private void create(long maxBytes, Overflow overflow) {
        client.admin()
                .createTopic(
                        "jobs",
                        TopicSettings.defaults()
                                .withWork(WorkSettings.defaults().withMaxBytes(maxBytes, overflow)));
        client.queueAdmin().create("jobs", "work", QueueGroupConfig.queue());
    }

    /** A batch of its own that takes this much in the log. */
    private static ProducerRecord storedIn(int bytes) {
        return ProducerRecord.ofUtf8("jobs", null, "x".repeat(bytes - OVERHEAD));
    }

    private Producer producer() {
        return client.producer().build();
    }

    private boolean isTaken(Producer producer, int bytes) {
        try {
            producer.send(storedIn(bytes)).join();
            return true;
        } catch (CompletionException e) {
            var why = assertInstanceOf(HeadwaterException.Rejected.class, e.getCause());
            assertEquals("QUEUE_FULL", why.code(), why.getMessage());
            return false;
        }
    }

    private QueueConsumer consumer(int prefetch) {
        return client.queueConsumer()
                .topic("jobs")
                .group("work")
                .prefetch(prefetch)
                .build();
    }

    private void acknowledge(int records) {
        try (QueueConsumer consumer = consumer(records)) {
            for (int done = 0; done < records; ) {
                List<QueueRecord> some = consumer.receive(records - done, WAIT);
                assertFalse(some.isEmpty(), "nothing came");
                some.forEach(record -> consumer.ack(record).join());
                done += some.size();
            }
        }
    }

    @Test
    void takesTheLastByteAndNotOneMoreAlsoAfterARestart() throws Exception {
        create(3 * STORED, Overflow.REJECT);
        try (Producer producer = producer()) {
            assertTrue(isTaken(producer, STORED));
            assertTrue(isTaken(producer, STORED));
            assertFalse(isTaken(producer, STORED + 1));
            assertTrue(isTaken(producer, STORED));
            assertFalse(isTaken(producer, OVERHEAD + 1));
        }
        restart();
        try (Producer producer = producer()) {
            assertFalse(isTaken(producer, OVERHEAD + 1));
            acknowledge(1);
            assertFalse(isTaken(producer, STORED + 1));
            assertTrue(isTaken(producer, STORED));
        }
        acknowledge(2);
        restart();
        try (Producer producer = producer()) {
            assertFalse(isTaken(producer, 2 * STORED + 1));
            assertTrue(isTaken(producer, 2 * STORED));
            assertFalse(isTaken(producer, 3 * STORED + 1), "never fits");
        }
    }

    @Test
    void aBatchCountsUntilItsLastRecordIsDoneAndForEachGroup() {
        create(10 * STORED, Overflow.REJECT);
        client.queueAdmin().create("jobs", "audit", QueueGroupConfig.keyedQueue());
        try (Producer producer = client.producer().linger(Duration.ofSeconds(5)).build()) {
            List<CompletableFuture<?>> sent = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                sent.add(producer.send(storedIn(STORED)));
            }
            producer.flush();
            sent.forEach(CompletableFuture::join);
        }
        // One batch: seven times envelope and header less.
        long batch = 8 * STORED - 7 * (64 + 61);
        int room = (int) (10 * STORED - batch);
        try (Producer producer = producer()) {
            acknowledge(7);
            assertFalse(isTaken(producer, room + 200), "the eighth is not done");
            acknowledge(1);
            assertFalse(isTaken(producer, room + 200), "the other group has not begun");
            client.queueAdmin().delete("jobs", "audit");
            assertTrue(isTaken(producer, 8 * STORED));
        }
    }

    @Test
    void manyProducersTogetherNeverTakeMoreAndNoneWaitsForNothing() throws Exception {
        create(50 * STORED, Overflow.REJECT);
        AtomicInteger taken = new AtomicInteger();
        Thread[] threads = new Thread[8];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                try (Producer producer = producer()) {
                    for (int n = 0; n < 20; n++) {
                        taken.addAndGet(isTaken(producer, STORED) ? 1 : 0);
                    }
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertEquals(50, taken.get());
    }

    @Test
    void whoBlocksGoesOnWhenThereIsRoom() {
        create(2 * STORED, Overflow.BLOCK);
        try (Producer producer = producer()) {
            producer.send(storedIn(STORED)).join();
            producer.send(storedIn(STORED)).join();
            CompletableFuture<?> third = producer.send(storedIn(STORED));
            assertFalse(third.isDone());
            acknowledge(1);
            third.join();
        }
    }

    @Test
    void aLimitThatIsSetLaterCountsWhatIsThere() {
        client.admin().createTopic("jobs", TopicSettings.defaults());
        client.queueAdmin().create("jobs", "work", QueueGroupConfig.queue());
        try (Producer producer = producer()) {
            producer.send(storedIn(STORED)).join();
            client.admin()
                    .alterTopic(
                            "jobs",
                            TopicSettings.defaults()
                                    .withWork(WorkSettings.defaults().withMaxBytes(2 * STORED, Overflow.REJECT)));
            assertFalse(isTaken(producer, STORED + 1));
            assertTrue(isTaken(producer, STORED));
        }
    }
}
