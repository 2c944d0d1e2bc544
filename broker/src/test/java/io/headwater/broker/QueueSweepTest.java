package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueAdmin.Page;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueAdmin.Step;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueFilter;
import io.headwater.client.QueueFilter.Times;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueRecord;
import io.headwater.client.QueueSweep;
import io.headwater.client.RecordState;
import io.headwater.record.Compression;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records are found by what a group knows of them and by what stands in them: as many as a look at each would find. */
class QueueSweepTest {
    private static final int KEYS = 7;
    private static final int COLOURS = 3;

    @TempDir
    Path directory = Path.of("set by JUnit");

    private Broker broker;
    private HeadwaterClient client;
    private QueueAdmin queues;
    /** What the group should say of each record of the only partition. */
    private final TreeMap<Long, RecordState> states = new TreeMap<>();

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
        client.admin().createTopic("jobs", TopicSettings.defaults().withPartitions(1));
    }

    @AfterEach
    void stop() {
        client.close();
        broker.close();
    }

    /** Everything about a record follows from its offset. */
    private static byte[] key(long offset) {
        return ("key-" + offset % KEYS).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] colour(long offset) {
        return ("colour-" + offset % COLOURS).getBytes(StandardCharsets.UTF_8);
    }

    /** Not in the order of the log. */
    private static long eventMs(long offset) {
        return offset * 7919 % 10_007;
    }

    private void fill(int count, Compression compression) {
        byte[] value = new byte[300];
        try (Producer producer = client.producer().compression(compression).build()) {
            List<CompletableFuture<?>> sent = new ArrayList<>();
            for (long offset = 0; offset < count; offset++) {
                sent.add(producer.send(ProducerRecord.of("jobs", key(offset), value)
                        .withEventTimeMs(eventMs(offset))
                        .withHeaders(
                                List.of(new RecordHeader("colour", colour(offset)), new RecordHeader("empty", null)))));
                states.put(offset, RecordState.READY);
            }
            sent.forEach(CompletableFuture::join);
        }
    }

    /** Of some records that were delivered: dead for one reason or another, leased, waiting, done. */
    private void disturb(int count) {
        try (QueueConsumer consumer = client.queueConsumer()
                .topic("jobs")
                .group("work")
                .detachedLeases()
                .build()) {
            List<QueueRecord> records = new ArrayList<>();
            while (records.size() < count) {
                records.addAll(consumer.receive(count - records.size(), Duration.ofSeconds(10)));
            }
            List<CompletableFuture<?>> said = new ArrayList<>();
            for (QueueRecord record : records) {
                int fate = (int) (record.offset() % 5);
                switch (fate) {
                    case 0 -> said.add(consumer.ack(record));
                    case 1 -> said.add(consumer.reject(record, "no"));
                    case 2 -> said.add(consumer.fail(record, "bad"));
                    case 3 -> said.add(consumer.release(record, Duration.ofHours(1)));
                    default -> said.add(CompletableFuture.completedFuture(null));
                }
                states.put(record.offset(), STATE_OF_FATE.get(fate));
            }
            said.forEach(CompletableFuture::join);
        }
    }

    private static final List<RecordState> STATE_OF_FATE =
            List.of(RecordState.DONE, RecordState.DEAD, RecordState.DEAD, RecordState.WAITING, RecordState.LEASED);

    private List<Long> browse(Set<RecordState> wanted, QueueFilter which) {
        List<Long> found = new ArrayList<>();
        for (Place place = Place.FIRST; place != null; ) {
            Page page = queues.browse("jobs", "work", wanted, which, place, 700);
            assertTrue(page.records().size() <= 700);
            page.records().stream().map(KnownRecord::offset).forEach(found::add);
            place = page.next();
        }
        return found;
    }

    private List<Long> expected(Set<RecordState> wanted, Predicate<Long> which) {
        return states.keySet().stream()
                .filter(offset -> wanted.contains(states.get(offset)) && which.test(offset))
                .toList();
    }

    private void checkRandomFilters(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 30; round++) {
            QueueFilter which = QueueFilter.all();
            Predicate<Long> plain = offset -> true;
            if (random.nextBoolean()) {
                long from = random.nextInt(states.size());
                long until = from + random.nextInt(states.size());
                which = which.within(new Range(0, from, until));
                plain = plain.and(offset -> offset >= from && offset < until);
            }
            if (random.nextBoolean()) {
                byte[] key = key(random.nextInt(KEYS + 1) == KEYS ? -1 : random.nextInt(KEYS));
                which = which.withKey(key);
                plain = plain.and(offset -> Arrays.equals(key, key(offset)));
            }
            if (random.nextBoolean()) {
                long from = random.nextInt(10_000);
                long until = from + random.nextInt(3_000);
                which = which.withEvent(new Times(Instant.ofEpochMilli(from), Instant.ofEpochMilli(until)));
                plain = plain.and(offset -> eventMs(offset) >= from && eventMs(offset) < until);
            }
            if (random.nextBoolean()) {
                byte[] colour = colour(random.nextInt(COLOURS));
                which = which.withHeader("colour", colour).withHeader("empty", new byte[0]);
                plain = plain.and(offset -> Arrays.equals(colour, colour(offset)));
            }
            Set<RecordState> wanted = Set.of(RecordState.values()[random.nextInt(4)], RecordState.DONE);
            if (random.nextInt(3) == 0) {
                wanted = Set.of(RecordState.DEAD);
                which = which.withCauses(Set.of("REJECTED"));
                plain = plain.and(offset -> offset % 5 == 1);
            }
            assertEquals(expected(wanted, plain), browse(wanted, which), "seed " + seed + ": " + which + " " + wanted);
        }
    }

    @Test
    void findsWhatALookAtEachRecordWouldFind() {
        queues.create("jobs", "work", QueueGroupConfig.queue().withMaxFailures(1));
        // More than a page is read of, and more than a page holds.
        fill(12_000, Compression.NONE);
        disturb(9_000);
        checkRandomFilters(1);
    }

    @Test
    void findsTheSameInCompressedBatchesOfAKeyedGroup() {
        queues.create("jobs", "work", QueueGroupConfig.keyedQueue().withMaxFailures(1));
        fill(5_000, Compression.LZ4);
        checkRandomFilters(2);
    }

    @Test
    void doesWhatADryRunSaysAndToNoOther() {
        queues.create("jobs", "work", QueueGroupConfig.queue().withMaxFailures(1));
        fill(4_000, Compression.NONE);
        disturb(3_000);
        QueueFilter red = QueueFilter.all().withHeader("colour", colour(1));
        Predicate<Long> isRed = offset -> offset % COLOURS == 1;

        List<Long> dead = expected(Set.of(RecordState.DEAD), isRed);
        QueueSweep redrive = QueueSweep.redrive(red);
        assertEquals(dead.size(), queues.sweep("jobs", "work", redrive.asDryRun()));
        assertEquals(dead, browse(Set.of(RecordState.DEAD), red));
        Step first = queues.sweep("jobs", "work", redrive, Place.FIRST, 10);
        assertEquals(10, first.records());
        assertEquals(dead.subList(10, dead.size()), browse(Set.of(RecordState.DEAD), red));
        Step second = queues.sweep("jobs", "work", redrive, first.next(), 1);
        assertEquals(1, second.records());
        assertEquals(dead.size() - 11, queues.sweep("jobs", "work", redrive));
        dead.forEach(offset -> states.put(offset, RecordState.READY));

        List<Long> ready = expected(Set.of(RecordState.READY), isRed);
        QueueSweep purge = QueueSweep.purge(Set.of(RecordState.READY), red);
        assertEquals(ready.size(), queues.sweep("jobs", "work", purge.asDryRun()));
        assertEquals(ready.size(), queues.sweep("jobs", "work", purge));
        // Done, and not acknowledged.
        ready.forEach(states::remove);

        assertEquals(0, queues.sweep("jobs", "work", QueueSweep.cancel(red)), "they were delivered");
        for (RecordState state : List.of(RecordState.READY, RecordState.DEAD, RecordState.DONE, RecordState.WAITING)) {
            assertEquals(expected(Set.of(state), offset -> true), browse(Set.of(state), QueueFilter.all()));
        }
        assertEquals(
                expected(Set.of(RecordState.READY), offset -> true).size(),
                queues.purge("jobs", "work", Range.all(), Set.of(RecordState.READY)));
    }

    /** With a mebibyte for what it knows of two hundred thousand records. */
    @Test
    void aSweepDoesNotEndWhereAKeyedGroupHasNoRoomForTheRest() throws Exception {
        int count = 200_000;
        try (Producer producer = client.producer().batchBytes(16 << 10).build()) {
            List<CompletableFuture<?>> sent = new ArrayList<>();
            for (long offset = 0; offset < count; offset++) {
                sent.add(producer.send(ProducerRecord.of("jobs", key(offset), new byte[1])));
            }
            sent.forEach(CompletableFuture::join);
        }
        stop();
        broker = Broker.start(BrokerConfig.onFreePorts(directory).withQueues(new BrokerConfig.Queues(1 << 20)));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
        queues.create("jobs", "work", QueueGroupConfig.keyedQueue());

        try (HeadwaterClient hasty = HeadwaterClient.builder()
                .server("127.0.0.1:" + broker.port())
                .timeout(Duration.ofSeconds(3))
                .build()) {
            HeadwaterException late = assertThrows(
                    HeadwaterException.class, () -> hasty.queueAdmin().redrive("jobs", "work", Range.all()));
            assertTrue(late.getMessage().contains("does not know its records from offset"), late.getMessage());
        }
        assertEquals(count, queues.purge("jobs", "work", Range.all(), Set.of(RecordState.READY)));
    }

    @Test
    void ingestionTimesAreRangesOfTheLog() {
        queues.create("jobs", "work", QueueGroupConfig.queue());
        fill(100, Compression.NONE);
        Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
        Times before = new Times(null, now.minusSeconds(3_600));
        Times around = new Times(now.minusSeconds(3_600), now.plusSeconds(3_600));
        assertEquals(
                List.of(), browse(Set.of(RecordState.READY), QueueFilter.all().withIngestion(before)));
        assertEquals(
                100,
                browse(Set.of(RecordState.READY), QueueFilter.all().withIngestion(around))
                        .size());
        assertEquals(
                0,
                queues.sweep(
                        "jobs",
                        "work",
                        QueueSweep.purge(
                                Set.of(RecordState.READY), QueueFilter.all().withIngestion(before))));
        assertEquals(
                100,
                queues.sweep(
                        "jobs",
                        "work",
                        QueueSweep.purge(
                                Set.of(RecordState.READY), QueueFilter.all().withIngestion(around))));
    }

    @Test
    void refusesWhatCannotBe() {
        queues.create("jobs", "work", QueueGroupConfig.queue());
        refused("expected: one of [", QueueSweep.redrive(QueueFilter.all().withCauses(Set.of("BOREDOM"))));
        refused("without a name", QueueSweep.redrive(QueueFilter.all().withHeader("", new byte[0])));
        refused("leased is its consumer's", QueueSweep.purge(Set.of(RecordState.LEASED), QueueFilter.all()));
        refused("at least one of ready", QueueSweep.purge(Set.of(), QueueFilter.all()));
        QueueFilter many = QueueFilter.all();
        for (int i = 0; i < 17; i++) {
            many = many.withHeader("h" + i, new byte[0]);
        }
        refused("at most 16", QueueSweep.redrive(many));
        HeadwaterException.Rejected nowhere = assertThrows(
                HeadwaterException.Rejected.class, () -> queues.redrive("jobs", "work", Range.partition(1)));
        assertEquals("UNKNOWN_PARTITION", nowhere.code());
        HeadwaterException.Rejected uncommitted = assertThrows(
                HeadwaterException.Rejected.class, () -> browse(Set.of(RecordState.UNCOMMITTED), QueueFilter.all()));
        assertTrue(uncommitted.getMessage().contains("moving or done"), uncommitted.getMessage());
    }

    private void refused(String mentions, QueueSweep sweep) {
        HeadwaterException.Rejected refusal =
                assertThrows(HeadwaterException.Rejected.class, () -> queues.sweep("jobs", "work", sweep));
        assertTrue(refusal.getMessage().contains(mentions), refusal.getMessage());
    }
}
