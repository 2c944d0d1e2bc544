package io.headwater.broker.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.HeapBudget.Use;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.Disk;
import io.headwater.storage.DiskFile;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecordShelfTest {
    private static final int BATCHES = 8;
    private static final int RECORDS = 40;
    private static final int VALUE_BYTES = 500;
    private static final Path DATA = Path.of("/data");
    private static final Path LOGS = DATA.resolve("partitions");

    private final MemoryDisk disk = new MemoryDisk();
    private final ByteBuffer target = ByteBuffer.allocate(2 * VALUE_BYTES * RECORDS);
    private final HeapBudget memory = new HeapBudget(1 << 20);
    private DataDirectory directory;
    private PartitionLog log;
    private RecordShelf shelf;

    @BeforeEach
    void opens() throws Exception {
        directory = SteppedDirectory.open(DATA, disk, () -> 1_000, Runnable::run);
        log = directory.log(7);
        shelf = new RecordShelf(log, new EntryMaps(memory));
    }

    @AfterEach
    void closes() throws Exception {
        directory.close();
    }

    private void append(Compression compression) throws Exception {
        int first = (int) (log.endOffset() / RECORDS);
        for (int b = first; b < first + BATCHES; b++) {
            ByteBuffer bytes = ByteBuffer.allocate(2 * VALUE_BYTES * RECORDS);
            RecordBatchBuilder builder = new RecordBatchBuilder(compression).reset(bytes);
            for (int i = 0; i < RECORDS; i++) {
                builder.append(b, null, value((long) b * RECORDS + i), List.of());
            }
            builder.finish(-1, (short) -1, -1);
            RecordBatch batch = new RecordBatch().wrap(bytes, 0);
            log.appendData(batch, batch.eventTimes(new EventTimes()), 1, 1_000 + b);
            log.flush();
        }
    }

    private static byte[] value(long offset) {
        byte[] value = new byte[VALUE_BYTES];
        new SplittableRandom(offset).nextBytes(value);
        return value;
    }

    /** Cuts a record out; returns how many records were read for it. */
    private int cut(long offset, long... following) throws Exception {
        long[] wanted = LongStream.concat(LongStream.of(offset), LongStream.of(following))
                .toArray();
        RecordShelf.Shelved entry = Objects.requireNonNull(shelf.holding(wanted, 0));
        assertTrue(entry.holds(offset));
        BatchSlicer records = Objects.requireNonNull(entry.records());
        int index = records.indexFrom(offset);
        assertEquals(offset, records.offset(index));
        target.clear();
        entry.begin(target);
        entry.add(index);
        entry.finish(target);
        Envelope envelope = new Envelope().wrap(target.flip(), 0);
        assertTrue(envelope.crcMatches() && envelope.payloadCrcMatches());
        assertEquals(1_000 + offset / RECORDS, envelope.ingestionTimeMs());
        RecordBatch batch = new RecordBatch().wrap(target, Envelope.SIZE);
        assertTrue(batch.crcMatches());
        RecordCursor record = batch.records();
        assertTrue(record.next());
        assertEquals(offset, record.offset());
        assertEquals(offset / RECORDS, record.eventTimeMs());
        assertEquals(ByteBuffer.wrap(value(offset)), ByteBuffer.wrap(Objects.requireNonNull(record.value())));
        return records.recordCount();
    }

    private long strided(int n) {
        return (long) (n % BATCHES) * RECORDS + n / BATCHES;
    }

    @Test
    void whatIsWantedOfManyEntriesInTurnIsReadByItself() throws Exception {
        append(Compression.NONE);
        int alone = 0;
        for (int n = 0; n < BATCHES * RECORDS; n++) {
            alone += cut(strided(n), strided(n + 1)) == 1 ? 1 : 0;
        }
        // All but the first of each entry, and those of the entries that stay on the shelf.
        assertEquals((BATCHES - 4) * (RECORDS - 1), alone);
    }

    private void learnAll() throws Exception {
        append(Compression.NONE);
        for (int n = 0; n < 2 * BATCHES; n++) {
            cut(strided(n));
        }
    }

    @Test
    void whatFollowsInItsEntryIsReadWithIt() throws Exception {
        learnAll();
        assertEquals(1, cut(6));
        assertEquals(2, cut(7, 8));
        assertEquals(2, cut(8), "still there");
        assertEquals(3, cut(3, 7, 8, RECORDS + 1));
        assertEquals(1, cut(9, 8), "what follows does not rise");
        assertEquals(RECORDS - 20, cut(20, LongStream.range(21, 40).toArray()), "one run");
        long[] everyOther = LongStream.range(1, 10).map(n -> 2 * n).toArray();
        assertEquals(RECORDS, cut(0, everyOther), "as many reads as would read all of it");
    }

    /** What is between is not there, and must not look as if it were gone. */
    @Test
    void holdsOnlyWhatWasRead() throws Exception {
        learnAll();
        RecordShelf.Shelved some = Objects.requireNonNull(shelf.holding(new long[] {3, 7, 9}, 0));
        assertEquals(
                List.of(3L, 7L, 9L),
                LongStream.range(0, 20).filter(some::holds).boxed().toList());
        assertEquals(1, cut(8));
        assertEquals(
                RECORDS,
                Objects.requireNonNull(Objects.requireNonNull(shelf.holding(8)).records())
                        .recordCount());
    }

    @Test
    void recordsOfACompressedEntryAreReadWithTheOthers() throws Exception {
        append(Compression.GZIP);
        for (int n = 0; n < 4 * BATCHES; n++) {
            assertEquals(RECORDS, cut(strided(n)));
        }
    }

    @Test
    void whereRecordsAreIsOfTheQueuesMemoryAndMakesRoom() throws Exception {
        learnAll();
        long used = memory.usedBytes(Use.PLACES);
        assertTrue(used > 0);
        shelf.clear();
        assertEquals(0, memory.usedBytes());

        long room = used / BATCHES;
        memory.changed(Use.RECORDS, memory.maxBytes() - room);
        for (int n = 0; n < 4 * BATCHES; n++) {
            cut(strided(n));
            assertTrue(memory.usedBytes() <= memory.maxBytes());
        }
    }

    @Test
    void whereOthersHoldTheMemoryNothingIsForgottenInVain() throws Exception {
        learnAll();
        long used = memory.usedBytes(Use.PLACES);
        append(Compression.NONE);
        memory.changed(Use.PLACES, memory.maxBytes() / 4);
        for (int n = 0; n < 4 * BATCHES; n++) {
            cut(BATCHES * RECORDS + strided(n));
        }
        assertEquals(used, memory.usedBytes(Use.PLACES) - memory.maxBytes() / 4);
    }

    /**
     * A record whose bytes have changed is never handed out under a new checksum. It is the log that is damaged, and not the
     * record that is bad, although this process has written and read it.
     */
    @Test
    void bytesThatAreNotWhatTheyWereAreNotCutOut() throws Exception {
        learnAll();
        long offset = 7;
        assertEquals(1, cut(offset - 1));
        flipABitOf(value(offset));
        assertThrows(CorruptLogException.class, () -> shelf.holding(new long[] {offset}, 0));
        assertNotNull(log.offlineReason());
    }

    private void flipABitOf(byte[] value) throws IOException {
        for (String log : disk.list(LOGS)) {
            for (String name : disk.list(LOGS.resolve(log))) {
                try (DiskFile file = disk.open(LOGS.resolve(log).resolve(name), Disk.Mode.READ_WRITE)) {
                    ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
                    file.readFully(bytes, 0);
                    for (int at = 0; at + value.length <= bytes.capacity(); at++) {
                        if (Arrays.mismatch(bytes.array(), at, at + value.length, value, 0, value.length) < 0) {
                            ByteBuffer changed = ByteBuffer.wrap(new byte[] {(byte) (value[0] ^ 1)});
                            file.write(changed, at);
                            return;
                        }
                    }
                }
            }
        }
        throw new IllegalStateException("not found");
    }
}
