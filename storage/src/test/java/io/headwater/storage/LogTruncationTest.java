package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Entries that are taken away from the end of a log: they go for good, and nothing else goes with them. */
class LogTruncationTest {
    private static final Path PATH = Path.of("/data");
    private static final Path PARTITION = PATH.resolve("partitions/7");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    /** Some segments with checkpoints, in some epochs, all durable; the files' background work is done. */
    private TestDirectory filled() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {7, 7}));
        for (int i = 0; i < 30; i++) {
            if (i % 12 == 0) {
                dir.epoch++;
                log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1}), dir.epoch, i);
            }
            dir.append(log, i, i, "old-" + i + "x".repeat(i % 9 == 0 ? 1500 : 400));
            dir.commit(log);
            dir.runBackground();
        }
        assertTrue(log.stats().segments() > 2);
        return dir;
    }

    /** The bytes of each retained entry. */
    static List<byte[]> entries(PartitionLog log) throws IOException {
        List<byte[]> entries = new ArrayList<>();
        for (long at = log.startIndex(); at < log.endIndex(); at++) {
            try (EntryRun run = log.readEntries(at, log.endIndex(), 1)) {
                assertEquals(at + 1, run.nextIndex());
                ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
                run.bytes().copyTo(bytes);
                entries.add(bytes.array());
            }
        }
        return entries;
    }

    static void assertPrefix(List<byte[]> expected, List<byte[]> found) {
        for (int i = 0; i < found.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), "entry " + i);
        }
    }

    private static List<EpochStart> below(List<EpochStart> epochs, long index) {
        return epochs.stream().filter(start -> start.firstIndex() < index).toList();
    }

    private void verify() throws IOException {
        List<LogVerifier.Finding> findings = new ArrayList<>();
        assertTrue(LogVerifier.verify(memory, PATH, findings::add).intact(), findings.toString());
    }

    /** Goes on in another epoch, with entries of other sizes. */
    private static void appendOthers(TestDirectory dir, PartitionLog log) throws IOException {
        dir.epoch = Math.max(99, log.lastEpoch()) + 1;
        for (int i = 0; i < 30; i++) {
            dir.append(log, 100 + i, i, "new-" + i + "y".repeat(i % 5 == 0 ? 900 : 130));
        }
    }

    @Test
    void cutsAtEveryIndexAndGoesOnFromThere() throws IOException {
        long end = 1;
        for (long index = 0; index < end; index++) {
            TestDirectory dir = filled();
            PartitionLog log = dir.log();
            end = log.endIndex();
            List<byte[]> before = entries(log);
            List<EpochStart> epochs = log.epochs();
            log.truncateTo(index, 0);
            assertEquals(index, log.endIndex());
            assertEquals(index, log.durableIndex());
            assertEquals(below(epochs, index), log.epochs());
            assertPrefix(before, entries(log));
            appendOthers(dir, log);
            dir.commit(log);
            dir.runBackground();
            List<byte[]> after = entries(log);
            assertPrefix(before, after.subList(0, (int) index));
            assertTrue(String.join("", LogContent.all(log)).contains(":new-29"));
            dir.close();
            verify();
            try (TestDirectory again = open()) {
                assertEquals(after.size(), again.log().endIndex());
                assertPrefix(after, entries(again.log()));
                again.directory.delete(7);
            }
        }
        assertTrue(end > 30);
    }

    @Test
    void aCrashAtAnyStepLeavesTheOldLogOrABeginningOfIt() throws IOException {
        for (int place = 0; place < 5; place++) {
            for (boolean lent : new boolean[] {false, true}) {
                int steps = 0;
                while (crashesAfter(steps, place, lent)) {
                    steps++;
                }
                assertTrue(steps > 3, "steps: " + steps);
            }
        }
    }

    /** Whether the truncation came so far that it was stopped; every way to lose what was not synced is tried. */
    private boolean crashesAfter(int steps, int place, boolean lent) throws IOException {
        boolean died = false;
        for (int seed = -1; seed < 3; seed++) {
            TestDirectory dir = filled();
            PartitionLog log = dir.log();
            List<byte[]> before = entries(log);
            long border = LogContext.baseIndexOf(memory.list(PARTITION).get(3));
            long index = new long[] {0, 3, border, border + 1, log.endIndex() - 2}[place];
            EntryRun held = lent ? log.readEntries(index, log.endIndex(), 1 << 20) : null;
            disk.dieAfter(steps);
            try {
                log.truncateTo(index, 0);
            } catch (StorageException e) {
                assertTrue(disk.died());
            }
            died |= disk.died();
            disk.heal();
            if (held != null) {
                held.close();
            }
            if (seed < 0) {
                memory.kill();
            } else {
                memory.powerCut(new SplittableRandom(seed));
            }
            recovered(before, index, died);
        }
        return died;
    }

    /** And whatever was found, cutting it again and going on leads to what was wanted. */
    private void recovered(List<byte[]> before, long index, boolean died) throws IOException {
        verify();
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        long end = log.endIndex();
        assertTrue(end >= index && end <= before.size(), "end " + end + ", cut at " + index);
        assertTrue(died || end == index, "end " + end + ", cut at " + index);
        assertPrefix(before, entries(log));
        log.truncateTo(index, 0);
        appendOthers(dir, log);
        log.flush();
        List<byte[]> after = entries(log);
        dir.directory.groupCommit().doWork();
        memory.powerCut();
        TestDirectory again = open();
        assertEquals(after.size(), again.log().endIndex());
        assertPrefix(after, entries(again.log()));
        again.directory.delete(7);
        again.close();
    }

    @Test
    void nothingThatWasCutIsTakenForAnEntryLater() throws IOException {
        for (int seed = 0; seed < 100; seed++) {
            TestDirectory dir = filled();
            PartitionLog log = dir.log();
            List<byte[]> before = entries(log);
            long index = 1 + seed % (log.endIndex() - 1);
            log.truncateTo(index, 0);
            dir.epoch = 100;
            dir.append(log, 100, 1, "new");
            log.flush();
            memory.powerCut(new SplittableRandom(seed));
            TestDirectory again = open();
            PartitionLog recovered = again.log();
            assertTrue(recovered.endIndex() == index || recovered.lastEpoch() == 100, "end " + recovered.endIndex());
            assertTrue(recovered.endIndex() - index <= 3);
            assertPrefix(before, entries(recovered).subList(0, (int) index));
            again.directory.delete(7);
            again.close();
        }
    }

    @Test
    void slicesThatAreLentKeepTheirBytes() throws IOException {
        TestDirectory dir = filled();
        PartitionLog log = dir.log();
        List<EntryRun> held = new ArrayList<>();
        List<byte[]> before = entries(log);
        for (long at = 0; at < log.endIndex(); at++) {
            held.add(log.readEntries(at, log.endIndex(), 1));
        }
        log.truncateTo(5, 0);
        appendOthers(dir, log);
        dir.commit(log);
        dir.runBackground();
        for (int i = 0; i < held.size(); i++) {
            ByteBuffer bytes = ByteBuffer.allocate(held.get(i).bytes().sizeInBytes());
            held.get(i).bytes().copyTo(bytes);
            assertArrayEquals(before.get(i), bytes.array());
            held.get(i).close();
        }
        dir.close();
    }

    @Test
    void anIndexThatWasStillToBeWrittenIsNotWrittenOverTheNewOne() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        for (int i = 0; i < 20; i++) {
            dir.append(log, 1, 1, "old-" + i + "x".repeat(20));
        }
        log.sealOpen(2);
        dir.commit(log);
        // The background thread has not come to the sealed segment's index yet.
        log.truncateTo(5, 0);
        dir.runBackground();
        assertFalse(memory.exists(PARTITION.resolve("00000000000000000000.index")));
        dir.epoch = 2;
        for (int i = 0; i < 30; i++) {
            dir.append(log, 1, 1, "new-" + i + "y".repeat(70));
        }
        dir.commit(log);
        dir.directory.marks().sync();
        List<byte[]> after = entries(log);
        memory.powerCut();
        try (TestDirectory again = open()) {
            assertEquals(after.size(), again.log().endIndex());
            assertPrefix(after, entries(again.log()));
        }
    }

    @Test
    void refusesToLoseWhatIsCommittedAndWhatIsNotThere() throws IOException {
        try (TestDirectory dir = filled()) {
            PartitionLog log = dir.log();
            long end = log.endIndex();
            assertThrows(TruncationRefusedException.class, () -> log.truncateTo(9, 10));
            dir.directory.marks().committed(7, 20);
            assertThrows(TruncationRefusedException.class, () -> log.truncateTo(19, 0));
            assertThrows(TruncationRefusedException.class, () -> log.truncateTo(end + 1, 0));
            log.truncateTo(end, 0);
            assertEquals(end, log.endIndex());
            assertNull(log.offlineReason());
            log.truncateTo(20, 20);
            assertEquals(20, log.endIndex());
        }
    }

    @Test
    void refusesToCutAHoleInTwo() throws IOException {
        try (TestDirectory dir = filled()) {
            PartitionLog log = dir.log();
            log.rewrite(offset -> offset > 10, 1, Runnable::run, report -> assertNull(report.failure()));
            dir.runBackground();
            assertThrows(TruncationRefusedException.class, () -> log.truncateTo(4, 0));
            dir.append(log, 100, 1, "still in use");
            dir.commit(log);
            assertEquals(log.endIndex(), log.durableIndex());
        }
    }

    @Test
    void aRewritingThatIsUnderWayNeitherHurtsNorIsHurt() throws IOException {
        for (int step = 0; step < 12; step++) {
            TestDirectory dir = filled();
            PartitionLog log = dir.log();
            List<RewriteReport> reports = new ArrayList<>();
            log.rewrite(offset -> offset % 2 == 0, 1, dir.background::add, reports::add);
            for (int i = 0; i < step && !dir.background.isEmpty(); i++) {
                dir.background.remove().run();
            }
            log.truncateTo(3, 0);
            dir.runBackground();
            assertEquals(1, reports.size());
            assertNull(log.offlineReason());
            appendOthers(dir, log);
            dir.commit(log);
            List<byte[]> after = entries(log);
            memory.powerCut();
            verify();
            TestDirectory again = open();
            assertEquals(after.size(), again.log().endIndex());
            assertPrefix(after, entries(again.log()));
            again.directory.delete(7);
            again.close();
        }
    }

    /** Also where the cut makes a whole segment the last one, whose replacement is ready. */
    @Test
    void aRewritingReplacesNothingBehindACutAtAnyIndex() throws IOException {
        long end = 2;
        for (int step = 0; step < 12; step++) {
            for (long index = 1; index < end; index++) {
                TestDirectory dir = filled();
                PartitionLog log = dir.log();
                end = log.endIndex();
                log.rewrite(offset -> offset % 2 == 0, 1, dir.background::add, report -> {});
                for (int i = 0; i < step && !dir.background.isEmpty(); i++) {
                    dir.background.remove().run();
                }
                try {
                    log.truncateTo(index, 0);
                } catch (TruncationRefusedException insideAHole) {
                    assertTrue(step > 0, insideAHole.toString());
                }
                dir.runBackground();
                List<String> left = LogContent.all(log);
                assertNull(log.offlineReason());
                memory.powerCut();
                verify();
                TestDirectory again = open();
                assertEquals(left, LogContent.all(again.log()));
                again.directory.delete(7);
                again.close();
            }
        }
    }

    @Test
    void whereThereIsNothingToCutAllIsDurableAndTheLogFollows() throws IOException {
        TestDirectory dir = filled();
        PartitionLog log = dir.log();
        appendOthers(dir, log);
        log.truncateTo(log.endIndex(), 0);
        assertEquals(log.endIndex(), log.durableIndex());
        long end = log.endIndex();
        log.deleteOldSegments(Long.MAX_VALUE - 1, -1, Long.MAX_VALUE);
        assertEquals(end, log.endIndex(), "a follower makes no entry of its own");
        List<byte[]> all = entries(log);
        memory.powerCut();
        TestDirectory again = open();
        assertEquals(all.size(), entries(again.log()).size());
    }

    /** Also through the mapping of the tail, which must not outlive the bytes that it shows. */
    @Test
    void goesOnReadingOnAFileSystem(@TempDir Path path) throws IOException {
        List<byte[]> after = new ArrayList<>();
        for (boolean again : new boolean[] {false, true}) {
            try (TestDirectory dir = new TestDirectory(path, TestDirectory.SMALL, new FileSystemDisk())) {
                PartitionLog log = dir.log();
                assertPrefix(after, entries(log));
                assertEquals(again, log.endIndex() > 0);
                for (int round = 0; round < 20; round++) {
                    appendOthers(dir, log);
                    dir.commit(log);
                    assertTrue(LogContent.all(log).size() >= 30);
                    after = entries(log);
                    log.truncateTo(log.endIndex() - 1 - round, 0);
                    after.subList((int) log.endIndex(), after.size()).clear();
                    assertPrefix(after, entries(log));
                    dir.runBackground();
                }
            }
        }
    }

    @Test
    void whatWasFlushedAndNotDurableIsDurableAfterACutBehindIt() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        for (int i = 0; i < 10; i++) {
            dir.append(log, 1, 1, "value-" + i);
        }
        log.flush();
        log.truncateTo(8, 0);
        assertEquals(8, log.durableIndex());
        memory.powerCut();
        try (TestDirectory again = open()) {
            assertEquals(8, again.log().endIndex());
        }
    }

    @Test
    void aFullDiskThatLeavesNoRoomForACopyChangesNothing() throws IOException {
        try (TestDirectory dir = filled()) {
            PartitionLog log = dir.log();
            List<byte[]> before = entries(log);
            try (EntryRun held = log.readEntries(3, log.endIndex(), 1 << 20)) {
                assertTrue(held.bytes().sizeInBytes() > 0);
                disk.fullAfter(100);
                assertThrows(DiskFullException.class, () -> log.truncateTo(9, 0));
                disk.heal();
                assertEquals(before.size(), log.endIndex());
                assertPrefix(before, entries(log));
                assertNull(log.offlineReason());
                log.truncateTo(9, 0);
            }
            assertEquals(9, log.endIndex());
        }
    }

    @Test
    void aSyncThatFailsEndsTheLogAndLosesNothingBelowTheCut() throws IOException {
        for (Pattern failing : List.of(Pattern.compile("log$"), Pattern.compile("marks"), Pattern.compile("/7$"))) {
            TestDirectory dir = filled();
            PartitionLog log = dir.log();
            List<byte[]> before = entries(log);
            disk.failSyncs(path -> failing.matcher(path.toString()).find());
            assertThrows(LogOfflineException.class, () -> log.truncateTo(9, 0));
            disk.heal();
            assertThrows(LogOfflineException.class, () -> dir.append(log, 1, 1, "refused"));
            memory.powerCut();
            TestDirectory again = open();
            assertTrue(again.log().endIndex() >= 9);
            assertPrefix(before, entries(again.log()));
            again.directory.delete(7);
            again.close();
        }
    }
}
