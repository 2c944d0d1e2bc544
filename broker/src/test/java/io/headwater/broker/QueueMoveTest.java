package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.client.Admin.Overflow;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.Admin.WorkSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.Explanation;
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueFilter;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.OnDead;
import io.headwater.client.QueueRecord;
import io.headwater.client.QueueSweep;
import io.headwater.client.RecordState;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.testing.FaultyDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Records are moved to another topic by hand: once, and what does not arrive is what it was before. */
@ExtendWith(ExpectedErrors.class)
@Timeout(120)
class QueueMoveTest {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final WorkSettings DEDUPLICATED = WorkSettings.defaults().withDedupWindow(Duration.ofMinutes(10));

    @TempDir
    Path directory = Path.of("set by JUnit");

    private final FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
    private Broker broker;
    private HeadwaterClient client;
    private QueueAdmin queues;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory), Ports.real().withDisk(disk));
        client = HeadwaterClient.builder().server("127.0.0.1:" + broker.port()).build();
        queues = client.queueAdmin();
    }

    @AfterEach
    void stop() {
        disk.heal();
        client.close();
        broker.close();
    }

    private void create(String topic, QueueGroupConfig config, WorkSettings work) {
        client.admin()
                .createTopic(topic, TopicSettings.defaults().withPartitions(1).withWork(work));
        queues.create(topic, "work", config);
    }

    private void create(String topic) {
        create(topic, QueueGroupConfig.queue(), WorkSettings.defaults());
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

    private QueueConsumer consumer(String topic) {
        return client.queueConsumer().topic(topic).group("work").build();
    }

    private static QueueRecord next(QueueConsumer consumer) {
        List<QueueRecord> records = consumer.receive(1, WAIT);
        assertFalse(records.isEmpty(), "nothing came");
        return records.get(0);
    }

    private static String text(QueueRecord record) {
        return new String(record.value(), StandardCharsets.UTF_8);
    }

    private PartitionStatus status(String topic) {
        return queues.describe(topic, "work").partitions().get(0);
    }

    private static QueueSweep toHand(QueueFilter which) {
        return QueueSweep.move(which, "hand");
    }

    private static QueueFilter only(long offset) {
        return QueueFilter.in(Range.record(0, offset));
    }

    @Test
    void aMoveOfWhichNothingIsKnownGoesOnAfterARestart() throws Exception {
        create("jobs");
        create("hand");
        for (int i = 0; i < 10; i++) {
            produce(record("k", "v" + i));
        }
        // The second partition that was ever made.
        disk.failSyncs(1, path -> path.toString().contains("/partitions/2/"));

        HeadwaterException unknown = assertThrows(
                HeadwaterException.OutcomeUnknown.class, () -> queues.sweep("jobs", "work", toHand(QueueFilter.all())));

        assertEquals("MOVE_UNDECIDED", unknown.code());
        Explanation explained = queues.explain("jobs", "work", 0, 3);
        assertEquals("MOVING", explained.code());
        assertTrue(
                explained.text().startsWith("an operator moves it to hand-0, and cannot be moved"), explained.text());
        assertEquals(10, status("jobs").moving());
        assertEquals("hand-0", status("jobs").deadLetters().movingTo());
        assertFalse(status("jobs").deadLetters().problem().isEmpty());
        assertEquals(0, queues.purge("jobs", "work", Range.all(), Set.of(RecordState.READY)));

        stop();
        start();
        while (status("hand").ready() < 10) {
            // Nobody asks for the partition that they come from.
            Thread.onSpinWait();
        }
        while (status("jobs").moving() > 0) {
            Thread.onSpinWait();
        }
        assertEquals(10, status("jobs").floor());
        assertEquals(10, status("hand").ready());
        assertEquals(10, status("hand").endOffset());
        assertEquals("", status("jobs").deadLetters().movingTo());
    }

    @Test
    void whatATargetRefusesIsWhatItWasBefore() {
        create("jobs", QueueGroupConfig.queue().withMaxFailures(1), WorkSettings.defaults());
        create("hand", QueueGroupConfig.queue(), WorkSettings.defaults().withMaxRecords(1, Overflow.REJECT));
        produce(
                record("k", "dead"),
                record("k", "ready"),
                record("k", "later").withDelay(Duration.ofHours(1)),
                record("k", "first"));
        try (QueueConsumer consumer = consumer("jobs")) {
            consumer.reject(next(consumer), "no such mailbox").join();
        }
        assertEquals(1, queues.sweep("jobs", "work", toHand(only(3))));
        List<KnownRecord> before = browse();

        for (long offset = 0; offset < 3; offset++) {
            QueueSweep one = toHand(only(offset));
            HeadwaterException.Rejected full =
                    assertThrows(HeadwaterException.Rejected.class, () -> queues.sweep("jobs", "work", one));
            assertEquals("QUEUE_FULL", full.code());
        }

        assertEquals(before, browse());
        assertEquals(
                List.of(RecordState.DEAD, RecordState.READY, RecordState.WAITING),
                before.stream().map(KnownRecord::state).toList());
        client.admin()
                .alterTopic(
                        "hand",
                        TopicSettings.defaults()
                                .withWork(WorkSettings.defaults().withMaxRecords(100, Overflow.REJECT)));
        assertEquals(3, queues.sweep("jobs", "work", toHand(QueueFilter.all())));
        assertEquals(3, status("hand").ready());
        assertEquals(1, status("hand").waiting());
        assertEquals(4, status("jobs").floor());
    }

    private List<KnownRecord> browse() {
        return queues.browse(
                        "jobs",
                        "work",
                        Set.of(RecordState.DEAD, RecordState.READY, RecordState.WAITING),
                        QueueFilter.all(),
                        Place.FIRST,
                        100)
                .records();
    }

    @Test
    void whatIsMovedLeavesItsKeysLine() {
        create(
                "jobs",
                QueueGroupConfig.keyedQueue().withMaxFailures(1).withOnDead(OnDead.HOLD_KEY),
                WorkSettings.defaults());
        create("hand");
        produce(
                record("a", "a0"),
                record("a", "a1"),
                record("b", "b0"),
                record("a", "a2"),
                record("b", "b1"),
                record("a", "a3"));
        try (QueueConsumer consumer = consumer("jobs")) {
            QueueRecord first = next(consumer);
            assertEquals("a0", text(first));
            consumer.reject(first, "no").join();
            // A dead one holds its key; one behind it goes without a gap being left.
            assertEquals(1, queues.sweep("jobs", "work", toHand(only(3))));
            List<String> came = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                QueueRecord record = next(consumer);
                came.add(text(record));
                consumer.ack(record).join();
            }
            assertEquals(List.of("b0", "b1"), came);
            assertEquals(List.of(), consumer.receive(1, Duration.ofMillis(100)));
            assertEquals(1, queues.sweep("jobs", "work", toHand(only(0)).of(Set.of(RecordState.DEAD))));
            for (String expected : List.of("a1", "a3")) {
                QueueRecord record = next(consumer);
                assertEquals(expected, text(record));
                consumer.ack(record).join();
            }
        }
        try (QueueConsumer consumer = consumer("hand")) {
            assertEquals("a2", text(next(consumer)));
            assertEquals("a0", text(next(consumer)));
        }
    }

    @Test
    void aMovedRecordIsNoDuplicateByItsId() throws Exception {
        create("jobs", QueueGroupConfig.queue(), DEDUPLICATED);
        create("hand", QueueGroupConfig.queue(), DEDUPLICATED);
        produce(record("k", "v").withMessageId("m1"));

        assertEquals(1, queues.sweep("jobs", "work", toHand(QueueFilter.all())));
        assertEquals(1, queues.sweep("hand", "work", QueueSweep.move(QueueFilter.all(), "jobs")));

        assertEquals(1, status("jobs").ready(), "its id is known, and it was not sent again");
        stop();
        start();
        produce(ProducerRecord.ofUtf8("hand", "k", "v").withMessageId("m1"));
        assertEquals(1, status("hand").ready(), "its id was never sent there");
        produce(record("k", "v").withMessageId("m1"));
        assertEquals(1, status("jobs").ready(), "a producer that sends it again");
    }

    @Test
    void whatAsksForSomethingThatNobodyCanReadStays() throws Exception {
        create("jobs");
        create("hand");
        try (RawClient raw = RawClient.connected(broker.port())) {
            // Not flagged, so that nobody looks; the other topic's broker would have to.
            assertFalse(raw.produce(1, Batches.with("hw-priority", "high", "v")).hasError());
        }
        produce(record("k", "v"));

        assertEquals(1, queues.sweep("jobs", "work", toHand(QueueFilter.all()).asDryRun()));
        QueueAdmin.Step step = queues.sweep("jobs", "work", toHand(QueueFilter.all()), Place.FIRST, 0);

        assertEquals(new QueueAdmin.Left(0, 0, 1), step.left());
        assertEquals(1, step.records());
        assertEquals(1, status("jobs").ready());
        assertEquals(1, status("hand").ready());
    }

    @Test
    void aBatchThatCannotBeReadWhenItLeavesGoesLater() {
        create("jobs");
        create("hand");
        String code = "";
        // More than are kept at hand.
        int produced = 6;
        for (int i = 0; i < produced; i++) {
            produce(record("k", "v" + i));
        }
        // The choice reads the records, then the batch does: sooner or later it is the batch that fails, and then the
        // next attempt, of which nobody waits to hear. Two reads in a row fail: those that bring the countdown to 0
        // and -1.
        for (int passing = 1; !code.equals("MOVE_UNDECIDED") && passing < 20; passing++) {
            AtomicInteger reads = new AtomicInteger(passing);
            disk.failReads(
                    path -> path.toString().contains("/partitions/1/")
                            && Math.abs(2 * reads.decrementAndGet() + 1) == 1,
                    0,
                    Long.MAX_VALUE);
            try {
                queues.sweep("jobs", "work", toHand(QueueFilter.all()));
            } catch (HeadwaterException e) {
                code = e.code();
            }
        }
        assertEquals("MOVE_UNDECIDED", code);
        long deadline = System.nanoTime() + WAIT.toNanos();
        // Nobody asks for the first topic meanwhile.
        while (status("hand").ready() < produced && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(produced, status("hand").ready());
    }

    @Test
    void whatCannotBeReadStaysWhereItIs() throws Exception {
        client.admin().createTopic("jobs", TopicSettings.defaults().withPartitions(1));
        try (RawClient raw = RawClient.connected(broker.port())) {
            // Nobody looks into them, as there is no group. Of the first, a search can read the first record; of the
            // second, all of them.
            byte[] three = Batches.of("a", "b", "c");
            assertFalse(raw.produce(1, Batches.gzipped(three, QueueMoveTest::brokenInTheMiddle))
                    .hasError());
            assertFalse(raw.produce(1, Batches.gzipped(three, records -> Arrays.copyOf(records, records.length + 1)))
                    .hasError());
        }
        produce(record("k", "v"));
        queues.create("jobs", "work", QueueGroupConfig.queue());
        create("hand");

        QueueSweep all = toHand(QueueFilter.all());
        QueueAdmin.Step rehearsed = queues.sweep("jobs", "work", all.asDryRun(), Place.FIRST, 0);
        QueueAdmin.Step step = queues.sweep("jobs", "work", all, Place.FIRST, 0);

        assertEquals(1, rehearsed.records());
        assertEquals(new QueueAdmin.Left(0, 0, 6), rehearsed.left());
        assertEquals(1, step.records());
        assertEquals(new QueueAdmin.Left(0, 0, 6), step.left());
        assertEquals(6, status("jobs").ready());
        assertEquals(1, status("hand").ready());
    }

    /** Three records of the same size, of which the second says that it is smaller. */
    private static byte[] brokenInTheMiddle(byte[] records) {
        records[records.length / 3] = 2;
        return records;
    }

    @Test
    void aRehearsalCountsWhatIsTooLargeAsTheMoveDoes() throws Exception {
        client.admin().createTopic("jobs", TopicSettings.defaults().withPartitions(1));
        try (RawClient raw = RawClient.connected(broker.port())) {
            // Small as it is, and a copy is not compressed.
            assertFalse(raw.produce(1, Batches.gzipped(Batches.ofOne(1 << 20), records -> records))
                    .hasError());
        }
        queues.create("jobs", "work", QueueGroupConfig.queue());
        create("hand");
        for (QueueSweep sweep : List.of(toHand(QueueFilter.all()).asDryRun(), toHand(QueueFilter.all()))) {
            QueueAdmin.Step step = queues.sweep("jobs", "work", sweep, Place.FIRST, 0);
            assertEquals(0, step.records());
            assertEquals(new QueueAdmin.Left(0, 0, 1), step.left());
        }
    }

    @Test
    void whatRotsBeforeItLeavesHasNotArrived() throws Exception {
        create("jobs");
        create("hand");
        // More than are kept at hand.
        for (int i = 0; i < 6; i++) {
            produce(record("k", "value-" + i));
        }
        // It is read for the choice: together with the others, and then as the first of each by itself.
        AtomicInteger reads = new AtomicInteger(5);
        disk.failReads(
                path -> {
                    if (path.toString().contains("/partitions/1/") && reads.decrementAndGet() == 0) {
                        replaceInLog("value-0", "valueX0");
                    }
                    return false;
                },
                0,
                Long.MAX_VALUE);

        assertThrows(
                HeadwaterException.OutcomeUnknown.class, () -> queues.sweep("jobs", "work", toHand(QueueFilter.all())));

        // Its bytes are damage of the log, and not its own fault.
        assertThrows(HeadwaterException.class, () -> queues.explain("jobs", "work", 0, 3));
        assertEquals(0, status("hand").endOffset());
        replaceInLog("valueX0", "value-0");
        stop();
        start();
        long deadline = System.nanoTime() + WAIT.toNanos();
        while (status("hand").ready() < 6 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(6, status("hand").ready());
    }

    /** In the files of the first partition that was ever made. */
    private void replaceInLog(String text, String other) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(path -> path.toString().contains("/partitions/1/"))
                    .toList()) {
                int at = Files.readString(file, StandardCharsets.ISO_8859_1).indexOf(text);
                if (at >= 0) {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.write(ByteBuffer.wrap(other.getBytes(StandardCharsets.ISO_8859_1)), at);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatOperatorsMoveIsCounted() throws Exception {
        create("jobs");
        create("hand");
        produce(record("k", "v0"), record("k", "v1"), record("k", "v2"));
        assertEquals(2, queues.sweep("jobs", "work", toHand(QueueFilter.in(new Range(0, 0, 2)))));
        String labels = "{group=\"work\",topic=\"jobs\"}";
        while (BrokerMetrics.value(broker, "headwater_queue_moved_by_hand_total" + labels) < 2) {
            // As of the last second.
            Thread.onSpinWait();
        }
        assertEquals(2, BrokerMetrics.value(broker, "headwater_queue_moved_by_hand_total" + labels));
        assertEquals(0, BrokerMetrics.value(broker, "headwater_queue_moved_total" + labels));
    }

    @Test
    void aPageMovesNoMoreThanItWasAskedFor() {
        create("jobs");
        create("hand");
        for (int i = 0; i < 7; i++) {
            produce(record("k", "v" + i));
        }
        QueueAdmin.Step step = queues.sweep("jobs", "work", toHand(QueueFilter.all()), Place.FIRST, 3);
        assertEquals(3, step.records());
        assertEquals(new Place(0, 3), step.next());
        assertEquals(3, status("hand").ready());
        assertEquals(4, queues.sweep("jobs", "work", toHand(QueueFilter.all()).asDryRun()));
        assertEquals(4, status("jobs").ready());
    }
}
