package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A copy that begins where its leader's log does, whatever it held before. */
class LogBeginningTest {
    private static final Path PATH = Path.of("/data");
    private static final Path LEADERS = Path.of("/leader");
    private static final Path PARTITION = PATH.resolve("partitions/7");

    /** What a copy may be before: nothing, some segments, or itself begun late. */
    private enum Before {
        NEVER_USED,
        EXPECTED,
        FILLED,
        LENT,
        BEGUN
    }

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);
    private final List<EntryRun> held = new ArrayList<>();

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    /** A log that has lost its first segments. */
    private static TestDirectory leader() throws IOException {
        TestDirectory dir = new TestDirectory(LEADERS, TestDirectory.SMALL, new MemoryDisk());
        PartitionLog log = dir.log();
        dir.epoch = 5;
        for (int i = 0; i < 60; i++) {
            dir.append(log, i, i, "of-the-leader-" + i + "x".repeat(i % 9 == 0 ? 1500 : 300), "second");
            dir.commit(log);
            dir.runBackground();
        }
        assertTrue(log.deleteOldSegments(59, 20, -1) > 0);
        assertTrue(log.startIndex() > 20 && log.startOffset() > log.startIndex());
        return dir;
    }

    private TestDirectory copy(Before before) throws IOException {
        TestDirectory dir = open();
        switch (before) {
            case NEVER_USED -> {}
            case EXPECTED -> dir.directory.marks().expect(new long[] {7});
            case BEGUN -> dir.log().beginAt(new LogStart(9, 20, 2, 5), 0);
            case FILLED, LENT -> {
                PartitionLog log = dir.log();
                for (int i = 0; i < 30; i++) {
                    dir.append(log, i, i, "old-" + i + "x".repeat(700));
                    dir.commit(log);
                    if (i < 20) {
                        dir.runBackground();
                    }
                }
                dir.append(log, 30, 30, "not durable");
                if (before == Before.LENT) {
                    held.add(log.readEntries(0, log.endIndex(), 1 << 20));
                }
            }
        }
        dir.log().follow();
        return dir;
    }

    private static TreeMap<Long, ByteBuffer> entries(PartitionLog log) throws IOException {
        TreeMap<Long, ByteBuffer> entries = new TreeMap<>();
        log.flush();
        for (long at = log.startIndex(); at < log.endIndex(); ) {
            try (EntryRun run = log.readEntries(at, log.endIndex(), 1)) {
                ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
                run.bytes().copyTo(bytes);
                entries.put(at, bytes.flip());
                at = run.nextIndex();
            }
        }
        return entries;
    }

    private void verify() throws IOException {
        List<LogVerifier.Finding> findings = new ArrayList<>();
        assertTrue(LogVerifier.verify(memory, PATH, findings::add).intact(), findings.toString());
    }

    /** Everything else comes by the stream, and stays. */
    private void takeAll(TestDirectory dir, PartitionLog from) throws IOException {
        PartitionLog log = dir.log();
        assertEquals(from.start(), log.start());
        assertEquals(from.startIndex(), log.endIndex());
        assertEquals(from.startIndex(), log.durableIndex());
        assertEquals(from.startOffset(), log.endOffset());
        for (ByteBuffer entry : entries(from).values()) {
            log.appendReplicated(entry, 1);
            dir.commit(log);
        }
        dir.runBackground();
        assertEquals(entries(from), entries(log));
        memory.powerCut();
        verify();
        TestDirectory again = open();
        assertEquals(entries(from), entries(again.log()));
        assertEquals(from.start(), again.log().start());
        assertEquals(from.epochs(), again.log().epochs());
        again.directory.delete(7);
        again.close();
    }

    @Test
    void whateverItWasItBecomesACopy() throws IOException {
        PartitionLog from = leader().log();
        for (Before before : Before.values()) {
            TestDirectory dir = copy(before);
            dir.log().beginAt(from.start(), 0);
            assertEquals(
                    List.of(new EpochStart(5, from.startIndex())), dir.log().epochs());
            dir.runBackground();
            letGo();
            takeAll(dir, from);
        }
    }

    private void letGo() throws IOException {
        for (EntryRun run : held) {
            ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
            run.bytes().copyTo(bytes);
            assertTrue(new String(bytes.array(), StandardCharsets.ISO_8859_1).contains("old-0"));
            run.close();
        }
        held.clear();
    }

    @Test
    void staysBegunAndEmptyOverRestarts() throws IOException {
        LogStart start = new LogStart(1000, 5000, 3, 77);
        TestDirectory dir = copy(Before.FILLED);
        dir.log().beginAt(start, 0);
        for (int i = 0; i < 3; i++) {
            if (i == 1) {
                dir.close();
            } else {
                memory.powerCut();
            }
            verify();
            dir = open();
            assertEquals(start, dir.log().start());
            assertEquals(1000, dir.log().endIndex());
            assertEquals(3, dir.log().lastEpoch());
            assertEquals(List.of("00000000000000001000.log"), memory.list(PARTITION));
        }
        // And it may lead: then its own entries go on there.
        dir.epoch = 4;
        assertEquals(5000, dir.append(dir.log(), 1, 1, "first"));
        dir.commit(dir.log());
        dir.close();
        try (TestDirectory again = open()) {
            assertEquals(List.of("5000:first"), LogContent.all(again.log()));
            assertEquals(List.of(new EpochStart(4, 1000)), again.log().epochs());
        }
    }

    @Test
    void aCrashAtAnyStepLeavesTheOldLogOrTheNewOne() throws IOException {
        PartitionLog from = leader().log();
        for (Before before : Before.values()) {
            boolean[] seen = new boolean[2];
            int steps = 0;
            while (crashesAfter(steps, before, from, seen)) {
                steps++;
            }
            assertTrue(steps > 5, before + ": steps: " + steps);
            assertTrue(seen[0] && seen[1], before + ": only one end was seen");
        }
    }

    /** Whether it came so far that it was stopped; every way to lose what was not synced is tried. */
    private boolean crashesAfter(int steps, Before before, PartitionLog from, boolean[] seen) throws IOException {
        boolean died = false;
        for (int seed = -1; seed < 4; seed++) {
            TestDirectory dir = copy(before);
            TreeMap<Long, ByteBuffer> old = entries(dir.log());
            LogStart oldStart = dir.log().start();
            long durable = dir.log().durableIndex();
            disk.dieAfter(steps);
            try {
                dir.log().beginAt(from.start(), 0);
            } catch (StorageException e) {
                assertTrue(disk.died());
            }
            died |= disk.died();
            boolean returned = !disk.died();
            disk.heal();
            letGo();
            if (seed < 0) {
                memory.kill();
            } else {
                memory.powerCut(new SplittableRandom(seed));
            }
            verify();
            // Recovery may be stopped as well.
            disk.dieAfter(Math.max(0, steps - 3));
            try {
                open().log();
            } catch (IOException e) {
                assertTrue(disk.died());
            }
            disk.heal();
            memory.powerCut(new SplittableRandom(seed));
            verify();
            TestDirectory again = open();
            boolean isNew = again.log().start().equals(from.start());
            seen[isNew ? 1 : 0] = true;
            if (!isNew) {
                assertTrue(!returned);
                assertEquals(oldStart, again.log().start());
                TreeMap<Long, ByteBuffer> found = entries(again.log());
                assertTrue(again.log().endIndex() >= durable);
                assertEquals(old.headMap(again.log().endIndex()), found);
                again.log().beginAt(from.start(), 0);
            }
            takeAll(again, from);
        }
        return died;
    }

    @Test
    void refusesToLoseWhatIsCommitted() throws IOException {
        try (TestDirectory dir = copy(Before.FILLED)) {
            PartitionLog log = dir.log();
            TreeMap<Long, ByteBuffer> before = entries(log);
            LogStart start = new LogStart(10, 10, 2, 5);
            assertThrows(TruncationRefusedException.class, () -> log.beginAt(start, 11));
            log.committed(11);
            assertThrows(TruncationRefusedException.class, () -> log.beginAt(start, 0));
            assertEquals(before, entries(log));
            assertNull(log.offlineReason());
            log.beginAt(new LogStart(11, 11, 2, 5), 11);
            assertEquals(11, log.startIndex());
        }
    }

    @Test
    void aFullDiskChangesNothing() throws IOException {
        for (Before before : Before.values()) {
            TestDirectory dir = copy(before);
            PartitionLog log = dir.log();
            log.flush();
            TreeMap<Long, ByteBuffer> old = entries(log);
            disk.fullFor(path -> path.toString().endsWith(".beginning"));
            assertThrows(DiskFullException.class, () -> log.beginAt(new LogStart(1000, 5000, 3, 77), 0));
            disk.heal();
            assertEquals(old, entries(log));
            assertNull(log.offlineReason());
            dir.epoch = 9;
            dir.append(log, 1, 1, "goes on");
            dir.commit(log);
            assertEquals(log.endIndex(), log.durableIndex());
            letGo();
            dir.directory.delete(7);
            dir.close();
        }
    }

    @Test
    void aSyncThatFailsEndsTheLogUntilARestart() throws IOException {
        for (Pattern failing :
                List.of(Pattern.compile("beginning$"), Pattern.compile("marks"), Pattern.compile("/7$"))) {
            TestDirectory dir = copy(Before.FILLED);
            PartitionLog log = dir.log();
            log.flush();
            TreeMap<Long, ByteBuffer> old = entries(log);
            disk.failSyncs(path -> failing.matcher(path.toString()).find());
            assertThrows(LogOfflineException.class, () -> log.beginAt(new LogStart(1000, 5000, 3, 77), 0));
            disk.heal();
            assertThrows(LogOfflineException.class, () -> dir.append(log, 1, 1, "refused"));
            memory.powerCut();
            verify();
            TestDirectory again = open();
            if (again.log().startIndex() == 0) {
                assertEquals(old.headMap(again.log().endIndex()), entries(again.log()));
                assertTrue(again.log().endIndex() >= 30);
            } else {
                assertEquals(1000, again.log().startIndex());
                assertEquals(1000, again.log().endIndex());
            }
            again.directory.delete(7);
            again.close();
        }
    }

    @Test
    void whatRetentionWasAboutToRemoveIsNoHindrance() throws IOException {
        TestDirectory dir = copy(Before.FILLED);
        PartitionLog log = dir.log();
        dir.commit(log);
        log.committed(log.endIndex());
        assertTrue(log.dropBefore(20) > 0);
        LogStart start = new LogStart(1000, 5000, 3, 77);
        log.beginAt(start, 0);
        dir.runBackground();
        dir.close();
        verify();
        try (TestDirectory again = open()) {
            assertEquals(start, again.log().start());
            assertEquals(1000, again.log().endIndex());
        }
    }

    @Test
    void theFirstEntryMustBeTheOneBehindWhatIsNotThere() throws IOException {
        PartitionLog from = leader().log();
        ByteBuffer first = entries(from).firstEntry().getValue();
        LogStart start = from.start();
        for (LogStart wrong : List.of(
                new LogStart(start.index() + 1, start.offset(), 5, start.timeBeforeMs()),
                new LogStart(start.index(), start.offset() + 1, 5, start.timeBeforeMs()),
                new LogStart(start.index(), start.offset(), 6, start.timeBeforeMs()),
                new LogStart(start.index(), start.offset(), 5, Long.MAX_VALUE))) {
            TestDirectory dir = copy(Before.NEVER_USED);
            dir.log().beginAt(wrong, 0);
            assertThrows(InvalidEntriesException.class, () -> dir.log().appendReplicated(first, 1));
            dir.directory.delete(7);
            dir.close();
        }
    }
}
