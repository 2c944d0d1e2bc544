package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueRecord;
import io.headwater.client.RecordState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What consumers say of failures stays with the records, and a lease says since when it is held. */
@Timeout(60)
class FailureReasonsTest {
    private static final Duration WAIT = Duration.ofSeconds(20);

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker broker;
    private HeadwaterClient client;
    private QueueAdmin queues;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
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

    private void create(QueueGroupConfig config, ProducerRecord... records) {
        client.admin().createTopic("jobs", TopicSettings.defaults());
        queues.create("jobs", "work", config.withBackoff(Backoff.none()));
        try (Producer producer = client.producer().build()) {
            for (ProducerRecord record : records) {
                producer.send(record).join();
            }
        }
    }

    private QueueConsumer consumer() {
        return client.queueConsumer().topic("jobs").group("work").build();
    }

    private static QueueRecord next(QueueConsumer consumer) {
        List<QueueRecord> some = consumer.receive(1, WAIT);
        assertFalse(some.isEmpty(), "nothing came");
        return some.get(0);
    }

    private KnownRecord only(RecordState state) {
        List<KnownRecord> found =
                queues.browse("jobs", "work", state, Place.FIRST, 10).records();
        assertEquals(1, found.size());
        return found.get(0);
    }

    @Test
    void theLastReasonIsShownAndDeliveredAndSurvivesARestart() throws Exception {
        create(QueueGroupConfig.queue().withMaxFailures(3), ProducerRecord.ofUtf8("jobs", null, "a"));
        try (QueueConsumer consumer = consumer()) {
            QueueRecord first = next(consumer);
            assertEquals("", first.lastFailure());
            consumer.fail(first, "card declined").join();
            QueueRecord second = next(consumer);
            assertEquals("card declined", second.lastFailure());
            consumer.fail(second, "\u20ac".repeat(300)).join();
        }
        restart();

        try (QueueConsumer consumer = consumer()) {
            QueueRecord third = next(consumer);
            assertEquals("\u20ac".repeat(85), third.lastFailure(), "256 bytes of it");
            consumer.fail(third, "the account is closed").join();
        }
        restart();

        KnownRecord dead = only(RecordState.DEAD);
        assertEquals("the account is closed", dead.reason());
        assertEquals("FAILED", dead.cause());
        var explained = queues.explain("jobs", "work", 0, 0);
        assertEquals("DEAD", explained.code());
        assertEquals("the account is closed", explained.record().reason());
        assertTrue(
                explained.text().contains("failed 3 times (limit 3); the last time its consumer said"),
                explained.text());
        queues.redrive("jobs", "work", QueueAdmin.Range.all());
        assertEquals("the account is closed", only(RecordState.READY).reason());
    }

    @Test
    void aKeySaysWhoHoldsItAndSinceWhen() throws Exception {
        create(
                QueueGroupConfig.keyedQueue().withSessionGrace(Duration.ofSeconds(30)),
                ProducerRecord.ofUtf8("jobs", "k", "a"),
                ProducerRecord.ofUtf8("jobs", "k", "b"));
        // One at a time: it would have both at once.
        QueueConsumer consumer =
                client.queueConsumer().topic("jobs").group("work").prefetch(1).build();
        long before = System.currentTimeMillis();
        next(consumer);

        KnownRecord held = only(RecordState.LEASED);
        assertTrue(held.sinceMs() >= before - 1_000 && held.sinceMs() <= held.untilMs() - 29_000, held.toString());
        var behind = queues.explain("jobs", "work", 0, 1);
        assertEquals("KEY_HELD", behind.code());
        assertTrue(behind.text().matches(".*at offset 0, which .* works on since 20.*, for .* more"), behind.text());

        // A lease that the broker only knows from its log: when it was granted is not told, and not made up.
        broker.close();
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        try (HeadwaterClient other =
                HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build()) {
            var explained = other.queueAdmin().explain("jobs", "work", 0, 1);
            while (explained.code().equals("OPENING")) {
                explained = other.queueAdmin().explain("jobs", "work", 0, 1);
            }
            assertEquals("KEY_HELD", explained.code());
            assertTrue(explained.text().contains("since before the broker started"), explained.text());
        }
        consumer.close();
    }

    @Test
    void aReasonThatIsHostileIsOnlyText() throws Exception {
        create(QueueGroupConfig.queue(), ProducerRecord.ofUtf8("jobs", null, "a"));
        String hostile = "\u0000\u001b[2J\n\"}{" + "\ud83d\ude00".repeat(1_000);
        try (QueueConsumer consumer = consumer()) {
            consumer.reject(next(consumer), hostile).join();
        }
        restart();

        KnownRecord dead = only(RecordState.DEAD);
        assertTrue(hostile.startsWith(dead.reason()), dead.reason());
        assertEquals(9 + 61 * 4, dead.reason().getBytes(StandardCharsets.UTF_8).length, "whole characters");
        assertEquals("REJECTED", dead.cause());
    }
}
