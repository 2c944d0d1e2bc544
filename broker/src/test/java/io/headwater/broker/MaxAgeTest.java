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
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueGroupConfig.OnDead;
import io.headwater.client.QueueRecord;
import io.headwater.client.RecordState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records that nobody is done with in time, by a clock that the test sets. */
@Timeout(60)
class MaxAgeTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration WAIT = Duration.ofSeconds(20);

    @TempDir
    Path directory = Path.of("set by JUnit");

    private final AtomicLong wallMs = new AtomicLong(1_800_000_000_000L);
    private Broker broker;
    private HeadwaterClient client;
    private QueueAdmin queues;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory), Ports.real().withEpochClock(wallMs::get));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    private void create(QueueGroupConfig config) {
        client.admin()
                .createTopic(
                        "jobs",
                        TopicSettings.defaults()
                                .withWork(WorkSettings.defaults().withMaxAge(HOUR)));
        queues.create("jobs", "work", config.withBackoff(Backoff.none()));
    }

    private void produce(ProducerRecord... records) {
        try (Producer producer = client.producer().build()) {
            for (ProducerRecord record : records) {
                producer.send(record).join();
            }
        }
    }

    private static ProducerRecord record(String key, String value) {
        return ProducerRecord.ofUtf8("jobs", key, value);
    }

    private void passes(Duration time) {
        wallMs.addAndGet(time.toMillis());
    }

    private QueueConsumer consumer() {
        return client.queueConsumer().topic("jobs").group("work").prefetch(1).build();
    }

    private static QueueRecord next(QueueConsumer consumer) {
        List<QueueRecord> some = consumer.receive(1, WAIT);
        assertFalse(some.isEmpty(), "nothing came");
        return some.get(0);
    }

    /** Bounded by the timeout of the test. */
    private PartitionStatus until(Predicate<PartitionStatus> holds) {
        while (true) {
            PartitionStatus now = queues.describe("jobs", "work").partitions().get(0);
            if (holds.test(now)) {
                return now;
            }
            Thread.onSpinWait();
        }
    }

    private List<Long> offsets(RecordState state) {
        return queues.browse("jobs", "work", state, Place.FIRST, 100).records().stream()
                .map(KnownRecord::offset)
                .toList();
    }

    @Test
    void whatWaitsTooLongIsDeadAndWhatIsYoungerIsNot() throws Exception {
        create(QueueGroupConfig.queue());
        produce(record(null, "a"), record(null, "b"));
        passes(Duration.ofMinutes(40));
        produce(record(null, "c"));
        passes(Duration.ofMinutes(25));

        until(status -> status.dead() == 2);
        assertEquals(List.of(0L, 1L), offsets(RecordState.DEAD));
        var dead = queues.explain("jobs", "work", 0, 0);
        assertEquals("DEAD", dead.code());
        assertEquals("TOO_OLD", dead.record().cause());
        assertTrue(dead.text().contains("too old for the topic's maximum age"), dead.text());
        try (QueueConsumer consumer = consumer()) {
            QueueRecord young = next(consumer);
            assertEquals(2, young.offset());
            consumer.ack(young).join();
        }

        // A restart knows it too, and what somebody asks for again is not dead at once.
        stop();
        start();
        until(status -> status.dead() == 2);
        assertEquals(2, queues.redrive("jobs", "work", QueueAdmin.Range.all()));
        stop();
        start();
        try (QueueConsumer consumer = consumer()) {
            assertEquals(0, next(consumer).offset());
        }
    }

    @Test
    void aLeaseGoesOnAndItsRecordDiesWhenItComesBack() {
        create(QueueGroupConfig.queue());
        produce(record(null, "a"), record(null, "waits at the client"), record(null, "waits"));
        try (QueueConsumer consumer = consumer()) {
            QueueRecord held = next(consumer);
            passes(HOUR.plusMinutes(1));
            until(status -> status.dead() == 1);
            assertEquals(List.of(2L), offsets(RecordState.DEAD));

            consumer.fail(held, "too late").join();

            KnownRecord dead = queues.browse("jobs", "work", RecordState.DEAD, Place.FIRST, 1)
                    .records()
                    .get(0);
            assertEquals(List.of(0L, 2L), offsets(RecordState.DEAD));
            assertEquals("TOO_OLD", dead.cause());
            assertEquals("too late", dead.reason());
        }
    }

    @Test
    void whatIsScheduledAgesFromWhenItIsDue() {
        create(QueueGroupConfig.queue());
        Instant due = Instant.ofEpochMilli(wallMs.get()).plus(HOUR.multipliedBy(3));
        produce(record(null, "later").withDeliverAt(due), record(null, "now"));
        passes(HOUR.multipliedBy(2));
        until(status -> status.dead() == 1);
        assertEquals(List.of(1L), offsets(RecordState.DEAD));
        passes(HOUR.plusMinutes(30));
        until(status -> status.ready() == 1);
        passes(Duration.ofMinutes(31));

        until(status -> status.dead() == 2);
    }

    @Test
    void aDeathByAgeHoldsTheKeyWhereDeathsDo() {
        create(QueueGroupConfig.keyedQueue().withOnDead(OnDead.HOLD_KEY));
        produce(record("k", "a"));
        passes(HOUR.minusMinutes(1));
        produce(record("k", "b"), record("other", "c"));
        passes(Duration.ofMinutes(2));

        until(status -> status.dead() == 1);
        assertEquals("KEY_ORDER", queues.explain("jobs", "work", 0, 1).code());
        try (QueueConsumer consumer = consumer()) {
            assertEquals(2, next(consumer).offset());
        }
    }

    @Test
    void theLimitCanBeTakenAwayAndIsCheckedWhenItIsSet() {
        create(QueueGroupConfig.queue());
        produce(record(null, "a"));
        client.admin()
                .alterTopic(
                        "jobs",
                        TopicSettings.defaults()
                                .withWork(WorkSettings.defaults().withMaxAge(Duration.ofMillis(-1))));
        passes(HOUR.multipliedBy(48));
        try (QueueConsumer consumer = consumer()) {
            assertEquals(0, next(consumer).offset());
        }

        HeadwaterException refused = assertThrows(
                HeadwaterException.class,
                () -> client.admin()
                        .alterTopic(
                                "jobs",
                                TopicSettings.defaults()
                                        .withWork(WorkSettings.defaults().withMaxAge(Duration.ofMillis(10)))));
        assertTrue(refused.getMessage().contains("at least 1000"), refused.getMessage());
    }
}
