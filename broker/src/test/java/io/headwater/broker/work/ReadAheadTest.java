package io.headwater.broker.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.net.TestConnection;
import io.headwater.broker.partition.OwnDisk;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.Wishes;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.HeapBudget.Use;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.LogSlice;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
    private static final PartitionInfo INFO = new PartitionInfo(1, 1, "alarms", 0, 1);
    private static final QueueGroupInfo GROUP = new QueueGroupInfo(1, "g", QueuePolicy.PLAIN, 30_000, 0);
    private static final long START_MS = 1_800_000_000_000L;
    private static final long FIRST_DUE_MS = START_MS + 60_000;
    private static final int BATCHES = 24;
    private static final int RECORDS = 40;
    private static final int VALUE_BYTES = 2_500;
    /** What one turn reads, as a whole batch may be read beyond it. */
    private static final int MOST_OF_A_TURN = 3 * ReadAhead.STEP_BYTES;

    private final FaultyDisk disk = new FaultyDisk(new MemoryDisk());
    private final HeapBudget memory = new HeapBudget(4 << 20);
    private long nowMs = START_MS;
    private boolean isServed = true;
    private DataDirectory data;
    private Partition partition;
    private RecordShelf shelf;
    private ReadAhead readAhead;

    @BeforeEach
    void open() throws Exception {
        data = SteppedDirectory.open(Path.of("/data"), disk, () -> nowMs, Runnable::run);
        serve();
    }

    @AfterEach
    void close() throws Exception {
        data.close();
    }

    private void serve() throws Exception {
        partition = Partition.open(
                INFO, data.log(1), new OwnDisk(data.log(1), INFO.epoch()), () -> nowMs, List.of(GROUP), memory, now());
        EntryMaps maps = new EntryMaps(memory);
        shelf = new RecordShelf(partition.log(), maps);
        readAhead = new ReadAhead(partition, maps, engine -> isServed);
    }

    /** As after a start: nothing is known but what the log says. */
    private void restart() throws Exception {
        shelf.clear();
        partition.close();
        data.close();
        data = SteppedDirectory.open(Path.of("/data"), disk, () -> nowMs, Runnable::run);
        serve();
    }

    private Now now() {
        return new Now(nowMs - START_MS, nowMs);
    }

    private QueueEngine engine() {
        return Objects.requireNonNull(partition.queues().engine(1));
    }

    /** When records are due, by batch and number in the batch. */
    private interface Due {
        long atMs(int batch, int index);
    }

    /** Each millisecond one of the next batch. */
    private static long scattered(int batch, int index) {
        return FIRST_DUE_MS + (long) index * BATCHES + batch;
    }

    private void append(Compression compression, int valueBytes, Due due) throws Exception {
        for (int b = 0; b < BATCHES; b++) {
            ByteBuffer target = ByteBuffer.allocate(1 << 20);
            RecordBatchBuilder builder = new RecordBatchBuilder(compression).reset(target);
            for (int i = 0; i < RECORDS; i++) {
                byte[] value = new byte[valueBytes];
                new SplittableRandom(b * RECORDS + i).nextBytes(value);
                byte[] at = Long.toString(due.atMs(b, i)).getBytes(StandardCharsets.UTF_8);
                assertTrue(builder.append(0, null, value, List.of(new RecordHeader("hw-deliver-at", at))));
            }
            builder.finish(-1, (short) -1, -1);
            RecordBatch batch = new RecordBatch().wrap(target, 0);
            Wishes wishes = Wishes.of(batch, new RecordCursor());
            assertNull(partition.append(batch, new EventTimes(), wishes).error());
            partition.appendQueueOps();
            partition.flush();
        }
    }

    private void append(Due due) throws Exception {
        append(Compression.NONE, VALUE_BYTES, due);
    }

    /** Turns until there is nothing more to do; what each of them read. */
    private List<Long> turns() throws Exception {
        List<Long> read = new ArrayList<>();
        boolean more = true;
        while (more) {
            long before = disk.bytesRead();
            more = readAhead.step(now());
            read.add(disk.bytesRead() - before);
            assertTrue(read.size() < 10_000, "no end");
        }
        return read;
    }

    private long readIn(long laterMs) throws Exception {
        nowMs += laterMs;
        return turns().stream().mapToLong(Long::longValue).sum();
    }

    /** How many records are read for one that is due. */
    private int readFor(int batch, int index) throws Exception {
        RecordShelf.Shelved entry =
                Objects.requireNonNull(shelf.holding(new long[] {(long) batch * RECORDS + index}, 0));
        return Objects.requireNonNull(entry.records()).recordCount();
    }

    /** Those of other batches than the shelf has room for. */
    private int wholeReads() throws Exception {
        int whole = 0;
        for (int b = 0; b < BATCHES; b++) {
            whole += readFor(b, 0) > 1 ? 1 : 0;
        }
        return whole;
    }

    @Test
    void withoutItTheFirstOfEachBatchIsReadWithAllOthers() throws Exception {
        append(ReadAheadTest::scattered);
        nowMs = FIRST_DUE_MS;
        assertEquals(BATCHES, wholeReads());
    }

    @Test
    void whatIsDueSoonIsReadByItselfWhenItIsDue() throws Exception {
        append(ReadAheadTest::scattered);
        assertEquals(0, readIn(0), "a minute before");
        assertEquals(0, readIn(60_000 - ReadAhead.AHEAD_MS - 1), "just before");
        assertEquals(0, memory.usedBytes(Use.PLACES));
        assertTrue(readIn(100) > BATCHES * RECORDS * VALUE_BYTES, "all of them");

        nowMs = FIRST_DUE_MS;
        assertEquals(0, wholeReads());
    }

    @Test
    void aRestartForgetsItAndItIsDoneAgain() throws Exception {
        append(ReadAheadTest::scattered);
        readIn(60_000 - ReadAhead.AHEAD_MS + 100);
        restart();
        assertEquals(0, memory.usedBytes(Use.PLACES));
        turns();
        assertEquals(0, wholeReads());
    }

    @Test
    void aTurnReadsLittleAndKnownBatchesAreNotReadAgain() throws Exception {
        append(ReadAheadTest::scattered);
        restart();
        nowMs = FIRST_DUE_MS - ReadAhead.AHEAD_MS + 100;
        List<Long> turns = turns();
        for (long read : turns) {
            // The first reader of a segment after a start checks it as well.
            assertTrue(read <= MOST_OF_A_TURN, "in one turn: " + read);
        }
        assertTrue(turns.size() >= BATCHES * RECORDS * VALUE_BYTES / MOST_OF_A_TURN, "turns: " + turns);
        for (int i = 0; i < 100; i++) {
            assertEquals(0, readIn(100));
        }
        assertEquals(0, wholeReads());
    }

    @Test
    void looksAtABoundedNumberOfRecordsInATurn() throws Exception {
        append((batch, index) -> FIRST_DUE_MS);
        nowMs = FIRST_DUE_MS - 1;
        readAhead.step(now());
        int left = 0;
        for (int told = engine().dueSoon(FIRST_DUE_MS, 100).length; told > 0; ) {
            left += told;
            told = engine().dueSoon(FIRST_DUE_MS, 100).length;
        }
        assertEquals(BATCHES * RECORDS - ReadAhead.MOST_RECORDS, left);
    }

    @Test
    void whatComesInTheOrderOfTheLogIsLeftToItsReader() throws Exception {
        append((batch, index) -> FIRST_DUE_MS + 100L * batch);
        for (int i = 0; i < 700; i++) {
            readIn(100);
        }
        assertEquals(0, memory.usedBytes(Use.PLACES));
    }

    /** The disk gives back nothing that touches the middle of a batch. */
    private void damage(int batch) throws Exception {
        try (LogSlice slice =
                partition.log().read((long) batch * RECORDS, partition.log().endOffset(), 1, null)) {
            Set<Path> files = new HashSet<>();
            disk.failReads(
                    path -> {
                        files.add(path);
                        return false;
                    },
                    0,
                    Long.MAX_VALUE);
            slice.copyTo(ByteBuffer.allocate(slice.sizeInBytes()));
            long at = slice.position() + slice.sizeInBytes() / 2;
            disk.failReads(files::contains, at, at + 1);
        }
    }

    @Test
    void whatCannotBeReadIsLeftToItsDelivery() throws Exception {
        append(ReadAheadTest::scattered);
        damage(3);
        nowMs = FIRST_DUE_MS - ReadAhead.AHEAD_MS + 100;
        turns();
        assertNull(partition.log().offlineReason());
        for (int b = 0; b < BATCHES; b++) {
            if (b != 3) {
                assertEquals(1, readFor(b, 0));
            }
        }
        assertThrows(CorruptLogException.class, () -> readFor(3, RECORDS / 2));
    }

    @Test
    void aLogThatGoesOfflineMeanwhileStaysSo() throws Exception {
        append(ReadAheadTest::scattered);
        restart();
        disk.failReads(path -> path.toString().endsWith(".log"), 0, Long.MAX_VALUE);
        nowMs = FIRST_DUE_MS - ReadAhead.AHEAD_MS + 100;
        assertThrows(LogOfflineException.class, this::turns);
        assertNotNull(partition.log().offlineReason());
        disk.heal();
    }

    @Test
    void whereNobodyConsumesNothingIsReadUntilSomebodyDoes() throws Exception {
        append(ReadAheadTest::scattered);
        isServed = false;
        assertEquals(0, readIn(60_000 - 500));
        isServed = true;
        assertTrue(readIn(100) > 0);
        assertEquals(0, wholeReads());
    }

    @Test
    void withoutScheduledRecordsNothingIsRead() throws Exception {
        append((batch, index) -> 0);
        for (int i = 0; i < 100; i++) {
            assertEquals(0, readIn(100));
        }
    }

    @Test
    void readsHardlyAnythingOfBatchesThatCannotHaveAMap() throws Exception {
        append(Compression.GZIP, VALUE_BYTES, ReadAheadTest::scattered);
        append(Compression.NONE, 8, (batch, index) -> scattered(batch, index) + 5_000);
        readIn(60_000 - ReadAhead.AHEAD_MS);
        long read = 0;
        for (int i = 0; i < 100; i++) {
            read += readIn(100);
        }
        assertEquals(0, memory.usedBytes(Use.PLACES));
        assertTrue(read < BATCHES * RECORDS * VALUE_BYTES / 4, "read: " + read);
        assertEquals(RECORDS, readFor(1, 1));
    }

    @Test
    void withoutMemoryItTriesSeldomAndStaysWithinIt() throws Exception {
        append(ReadAheadTest::scattered);
        long room = 5 * 1_000;
        memory.changed(Use.RECORDS, memory.maxBytes() - memory.usedBytes() - room);
        nowMs = FIRST_DUE_MS - ReadAhead.AHEAD_MS;
        long read = 0;
        for (int i = 0; i < 60; i++) {
            read += readIn(50);
            assertTrue(memory.usedBytes() <= memory.maxBytes());
        }
        assertTrue(memory.usedBytes(Use.PLACES) > 0, "as many as there is room for");
        // Those that found room, and one each second that did not.
        assertTrue(read < 20L * RECORDS * (VALUE_BYTES + 100), "read: " + read);
        assertTrue(wholeReads() > BATCHES / 2);
    }

    @Test
    void whatNobodyNeedsAnyMoreMakesRoom() throws Exception {
        append(ReadAheadTest::scattered);
        int half = BATCHES / 2;
        append((batch, index) -> scattered(batch, index) + 60_000);
        readIn(60_000 - ReadAhead.AHEAD_MS + 100);
        long used = memory.usedBytes(Use.PLACES);
        memory.changed(Use.RECORDS, memory.maxBytes() - memory.usedBytes());
        engine().purge(
                        EnumSet.of(RecordState.READY, RecordState.WAITING),
                        0,
                        (long) BATCHES * RECORDS,
                        partition.queues().ops());
        readIn(60_000);
        assertEquals(used, memory.usedBytes(Use.PLACES));
        for (int b = BATCHES; b < BATCHES + half; b++) {
            assertEquals(1, readFor(b, 0));
        }
    }

    @Test
    void aClockThatIsPutBackChangesNothing() throws Exception {
        append(ReadAheadTest::scattered);
        readIn(60_000 - ReadAhead.AHEAD_MS + 100);
        assertFalse(readAhead.step(new Now(nowMs - START_MS + 1_000, nowMs - 3_600_000)));
        nowMs = FIRST_DUE_MS;
        turns();
        assertEquals(0, wholeReads());
    }

    @Test
    void aDeskDoesItInItsTurns() throws Exception {
        append(ReadAheadTest::scattered);
        QueueDesk desk = new QueueDesk(partition, new Traffic(() -> nowMs), new NoLetters());
        desk.open(new DeafConnection(), QueueOpen.newBuilder().setSession(7).build(), GROUP, now());
        desk.turn(now());
        assertFalse(desk.hasMore());
        assertEquals(0, memory.usedBytes(Use.PLACES));

        nowMs = FIRST_DUE_MS - ReadAhead.AHEAD_MS;
        // What is due in two seconds is seen in time though nothing else happens.
        nowMs += desk.nextTurnInMs(now());
        int turns = 0;
        do {
            desk.turn(now());
            turns++;
        } while (desk.hasMore());
        assertTrue(nowMs < FIRST_DUE_MS - ReadAhead.AHEAD_MS / 4);
        assertTrue(turns > 4, "turns: " + turns);
        assertTrue(memory.usedBytes(Use.PLACES) > 0);
    }

    @Test
    void aDeskWithoutScheduledRecordsIsLeftAlone() throws Exception {
        append((batch, index) -> 0);
        QueueDesk desk = new QueueDesk(partition, new Traffic(() -> nowMs), new NoLetters());
        desk.open(new DeafConnection(), QueueOpen.newBuilder().setSession(7).build(), GROUP, now());
        desk.turn(now());
        assertFalse(desk.hasMore());
        assertEquals(Long.MAX_VALUE, desk.nextTurnInMs(now()));
    }

    /** Its consumer never takes anything. */
    private static final class DeafConnection extends TestConnection {
        DeafConnection() {
            super(1, "deaf");
        }

        @Override
        public boolean mayDeliver() {
            return false;
        }
    }
}
