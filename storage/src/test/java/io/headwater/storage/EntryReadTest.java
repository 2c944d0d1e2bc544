package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.MemoryDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Entries as a leader reads them to send them: by index, of every kind, byte by byte. */
class EntryReadTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk disk = new MemoryDisk();

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    /** Several segments, each with a checkpoint; entries of all sizes. */
    private static PartitionLog filled(TestDirectory dir) throws IOException {
        PartitionLog log = dir.log();
        log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {7, 7, 7}));
        for (int i = 0; i < 300; i++) {
            dir.append(log, 1000 + i, i, "value-" + i + "x".repeat(i % 7 == 0 ? 1500 : i % 90));
            if (i % 5 == 0) {
                log.appendControl(EntryKind.GROUP_OPS, ByteBuffer.wrap(new byte[i % 30]), 1, 1000 + i);
            }
        }
        dir.commit(log);
        dir.runBackground();
        assertTrue(log.stats().segments() > 3);
        return log;
    }

    /** What stands between the headers and the footers of all segments. */
    private byte[] onDisk(PartitionLog log) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String name : disk.list(PATH.resolve("partitions/7"))) {
            if (LogContext.baseIndexOf(name) >= log.startIndex()) {
                Path file = PATH.resolve("partitions/7").resolve(name);
                long end = LogDumper.dump(disk, file, (at, entry, payload, intact) -> {})
                        .end();
                bytes.write(disk.contents(file), SegmentHeader.SIZE, (int) end - SegmentHeader.SIZE);
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] bytes(EntryRun run) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
        run.bytes().copyTo(bytes);
        return bytes.array();
    }

    @Test
    void readsEveryEntryAsItStandsOnTheDiskInRunsOfAnySize() throws IOException {
        try (TestDirectory dir = open()) {
            filled(dir);
        }
        Seeds.run(30, random -> {
            try (TestDirectory dir = open()) {
                PartitionLog log = dir.log();
                ByteArrayOutputStream read = new ByteArrayOutputStream();
                int most = 1 << random.nextInt(16);
                for (long at = 0; at < log.endIndex(); ) {
                    try (EntryRun run = log.readEntries(at, log.durableIndex(), most)) {
                        assertEquals(at, run.baseIndex());
                        assertTrue(run.nextIndex() > at, "no progress at " + at);
                        assertTrue(run.bytes().sizeInBytes() <= most || run.nextIndex() == at + 1);
                        read.write(bytes(run));
                        at = run.nextIndex();
                    }
                }
                assertArrayEquals(onDisk(log), read.toByteArray());
            }
        });
    }

    @Test
    void findsEachEntryByItsIndexAndStopsBeforeTheOneThatWasNamed() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = filled(dir);
            for (long index = 0; index < log.endIndex(); index++) {
                try (EntryRun run = log.readEntries(index, index + 2, 1 << 20)) {
                    Envelope entry = new Envelope().wrap(ByteBuffer.wrap(bytes(run)), 0);
                    assertTrue(entry.crcMatches() && entry.payloadCrcMatches());
                    assertEquals(index, entry.entryIndex());
                    assertTrue(run.nextIndex() <= index + 2);
                }
            }
        }
    }

    @Test
    void givesWhatIsFlushedOrOnlyWhatIsDurable() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            dir.append(log, 1, 1, "durable");
            dir.commit(log);
            dir.append(log, 1, 1, "flushed");
            log.flush();
            dir.append(log, 1, 1, "appended");
            try (EntryRun durable = log.readEntries(0, log.durableIndex(), 1 << 20);
                    EntryRun flushed = log.readEntries(0, log.endIndex(), 1 << 20);
                    EntryRun none = log.readEntries(2, log.endIndex(), 1 << 20);
                    EntryRun end = log.readEntries(3, log.endIndex(), 1 << 20)) {
                assertEquals(1, durable.nextIndex());
                assertEquals(2, flushed.nextIndex());
                assertEquals(0, none.bytes().sizeInBytes());
                assertEquals(2, none.nextIndex());
                assertEquals(3, end.nextIndex());
            }
        }
    }

    @Test
    void refusesAnIndexThatIsNotThereAndSaysWhatIs() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = filled(dir);
            assertTrue(log.deleteOldSegments(2000, -1, 9000) > 0);
            long end = log.endIndex();
            EntryOutOfRangeException before =
                    assertThrows(EntryOutOfRangeException.class, () -> log.readEntries(log.startIndex() - 1, end, 100));
            assertEquals(log.startIndex(), before.startIndex());
            assertEquals(end, before.endIndex());
            assertThrows(EntryOutOfRangeException.class, () -> log.readEntries(end + 1, end + 2, 100));
            try (EntryRun first = log.readEntries(log.startIndex(), end, 1)) {
                assertEquals(log.startIndex(), first.baseIndex());
            }
        }
    }

    @Test
    void neverGivesABitThatChangedOnTheDisk() throws IOException {
        try (TestDirectory dir = open()) {
            filled(dir);
        }
        List<Path> files = new ArrayList<>();
        for (String name : disk.list(PATH.resolve("partitions/7"))) {
            if (LogContext.baseIndexOf(name) >= 0) {
                files.add(PATH.resolve("partitions/7").resolve(name));
            }
        }
        Seeds.run(60, random -> {
            Path file = files.get(random.nextInt(files.size() - 1));
            int at = random.nextInt(SegmentHeader.SIZE, disk.contents(file).length - SegmentSummary.SIZE);
            int bit = random.nextInt(8);
            disk.flipBit(file, at, bit);
            try (TestDirectory dir = open()) {
                PartitionLog log = dir.log();
                assertThrows(CorruptLogException.class, () -> {
                    for (long next = 0; next < log.endIndex(); ) {
                        try (EntryRun run = log.readEntries(next, log.endIndex(), 3000)) {
                            next = run.nextIndex();
                        }
                    }
                });
            }
            disk.flipBit(file, at, bit);
        });
    }

    @Test
    void beginsBeforeAnIndexThatARewritingHasMadePartOfAHole() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = filled(dir);
            log.rewrite(offset -> offset > 10, 1, Runnable::run, report -> assertEquals(null, report.failure()));
            dir.runBackground();
            long seen = 0;
            for (long index = 0; index < log.endIndex(); index++) {
                try (EntryRun run = log.readEntries(index, log.endIndex(), 1)) {
                    Envelope entry = new Envelope().wrap(ByteBuffer.wrap(bytes(run)), 0);
                    assertEquals(run.baseIndex(), entry.entryIndex());
                    assertEquals(run.nextIndex(), entry.entryIndex() + entry.entryCount());
                    assertTrue(run.baseIndex() <= index && index < run.nextIndex());
                    seen += index > run.baseIndex() ? 1 : 0;
                }
            }
            assertTrue(seen > 0);
        }
    }
}
