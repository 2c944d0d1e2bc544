package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a log does when its disk is full, or fails, while it is in use. */
class LogFaultTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    @Test
    void refusesAppendsOnAFullDiskAndGoesOnWhenThereIsRoom() throws IOException {
        for (long room = 0; room < 20_000; room += 700) {
            memory.put(PATH.resolve("unused"), new byte[0]);
            FaultyDisk full = new FaultyDisk(new MemoryDisk());
            TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, full);
            PartitionLog log = dir.log();
            full.fullAfter(room);
            List<String> expected = new ArrayList<>();
            int refused = 0;
            for (int i = 0; i < 150; i++) {
                if (i == 100) {
                    full.heal();
                }
                long end = log.endOffset();
                long index = log.endIndex();
                try {
                    dir.append(log, i, i, "value-" + i + "y".repeat(200));
                    expected.add(end + ":value-" + i + "y".repeat(200));
                } catch (DiskFullException e) {
                    assertTrue(i < 100, "refused although there was room again");
                    refused++;
                    assertEquals(end, log.endOffset());
                    assertEquals(index, log.endIndex());
                }
                if (i % 5 == 0) {
                    dir.commit(log);
                    dir.runBackground();
                }
            }
            dir.commit(log);
            assertNull(log.offlineReason());
            assertTrue(refused > 0, "the disk was never full with room for " + room);
            assertEquals(expected, LogContent.all(log));
            dir.close();
            try (TestDirectory again = new TestDirectory(PATH, TestDirectory.SMALL, full)) {
                assertEquals(expected, LogContent.all(again.log()));
            }
        }
    }

    @Test
    void retentionOfARestedLogWaitsWhileTheDiskIsFull() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        dir.append(log, 1, 1, "a");
        dir.commit(log);
        dir.runBackground();
        assertTrue(log.hibernate());
        disk.fullAfter(0);
        assertEquals(0, log.deleteOldSegments(10_000, 100, -1));
        assertNull(log.offlineReason());
        assertEquals(List.of("0:a"), LogContent.all(log));
        disk.heal();
        assertEquals(0, log.deleteOldSegments(10_000, 100, -1));
        dir.commit(log);
        assertEquals(1, log.deleteOldSegments(10_000, 100, -1));
        assertEquals(1, log.startOffset());
        dir.close();
    }

    @Test
    void reservesBlocksInsteadOfWritingZerosOnlyWhereItIsFast() throws IOException {
        assertEquals(0, reservationsAtPace(600));
        assertTrue(reservationsAtPace(1) > 0);
    }

    private int reservationsAtPace(long msPerAppend) throws IOException {
        FaultyDisk counting = new FaultyDisk(new MemoryDisk());
        StorageConfig config = new StorageConfig(1 << 16, 4096, 8192, 16 << 10, 256, 1 << 20, SyncMode.EVERY_COMMIT);
        try (TestDirectory dir = new TestDirectory(PATH, config, counting)) {
            for (int i = 0; i < 100; i++) {
                dir.append(dir.log(), i * msPerAppend, 1, "z".repeat(4000));
                dir.commit(dir.log());
                dir.runBackground();
            }
            return counting.reservations();
        }
    }

    @Test
    void keepsFewSealedSegmentsOpenHoweverManyItWrites() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        for (int i = 0; i < 400; i++) {
            dir.append(log, 1, 1, "z".repeat(200));
            dir.commit(log);
            dir.runBackground();
        }
        assertTrue(log.stats().segments() > 10);
        // Those, the open one, spares and the marks.
        assertTrue(disk.openFiles() <= 10, "open: " + disk.openFiles());
        dir.close();
    }

    @Test
    void acknowledgesNothingAfterAFailedSyncUntilARestart() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        dir.append(log, 1, 1, "a");
        dir.commit(log);
        assertEquals(1, dir.acknowledged);
        disk.failSyncs(1, path -> path.toString().endsWith(".log"));
        dir.append(log, 1, 1, "b");
        dir.commit(log);
        // The disk says that it is well again; the bytes may be lost all the same.
        assertEquals(1, dir.failures.size());
        assertThrows(LogOfflineException.class, () -> dir.append(log, 1, 1, "c"));
        assertThrows(LogOfflineException.class, () -> log.read(0, 1, 100, null));
        dir.directory.groupCommit().doWork();
        assertEquals(1, dir.acknowledged);
        assertEquals(1, log.durableOffset());
        dir.close();
        memory.powerCut();
        try (TestDirectory again = open()) {
            assertEquals(List.of("0:a"), LogContent.all(again.log()));
            again.append(again.log(), 2, 2, "d");
            again.commit(again.log());
            assertEquals(2, again.acknowledged);
        }
    }

    @Test
    void waitsForADescriptorToSyncItsDirectoryWith() throws IOException {
        Path partitions = PATH.resolve("partitions");
        for (Path directory : List.of(partitions, partitions.resolve("7"))) {
            MemoryDisk lossy = new MemoryDisk();
            FaultyDisk scarce = new FaultyDisk(lossy);
            TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, scarce);
            PartitionLog log = dir.log();
            dir.append(log, 1, 1, "a");
            scarce.failOpens(directory::equals);
            dir.commit(log);
            assertNull(log.offlineReason());
            assertEquals(0, dir.acknowledged);
            scarce.heal();
            Set<Path> synced = new HashSet<>();
            scarce.failSyncs(path -> {
                synced.add(path);
                return false;
            });
            dir.append(log, 1, 1, "b");
            dir.commit(log);
            assertEquals(2, dir.acknowledged);
            // The names in one of them are on the model's disk anyway.
            assertTrue(synced.contains(directory), directory + " was not synced");
            // Not closed in order, which would sync the names once more.
            lossy.powerCut();
            try (TestDirectory again = new TestDirectory(PATH, TestDirectory.SMALL, lossy)) {
                assertEquals(List.of("0:a", "1:b"), LogContent.all(again.log()));
            }
        }
    }

    /** A log that waits for more room, which {@code runBackground} makes. */
    private static PartitionLog fullUpToPreallocation(TestDirectory dir) throws IOException {
        PartitionLog log = dir.log();
        for (int i = 0; dir.background.isEmpty(); i++) {
            dir.append(log, 1, 1, "value-" + i);
        }
        log.flush();
        return log;
    }

    @Test
    void goesOfflineWhenPreallocationCannotBeSynced() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = fullUpToPreallocation(dir);
        disk.failSyncs(path -> path.toString().endsWith(".log"));
        dir.runBackground();
        assertNotNull(log.offlineReason());
        disk.heal();
        dir.directory.groupCommit().doWork();
        assertThrows(LogOfflineException.class, () -> dir.append(log, 1, 1, "c"));
        assertEquals(0, log.durableOffset());
        assertEquals(0, dir.acknowledged);
        assertEquals(1, dir.failures.size());
    }

    @Test
    void goesOfflineWhenASyncFindsTheDiskFull() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = fullUpToPreallocation(dir);
        // Said once, as by a file system that gives out blocks late.
        disk.fullSyncs(1, path -> path.toString().endsWith(".log"));
        dir.runBackground();
        assertNotNull(log.offlineReason());
        dir.directory.groupCommit().doWork();
        assertEquals(0, log.durableOffset());
        assertEquals(0, dir.acknowledged);
    }

    @Test
    void retentionOnAFullDiskNeverGoesAheadOfTheMark() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        disk.fullFor(path -> path.toString().contains("marks"));
        for (int i = 0; i < 3000; i++) {
            dir.append(log, 1, 1, "value-" + i);
            dir.commit(log);
            dir.runBackground();
        }
        assertTrue(log.deleteOldSegments(2, -1, 0) > 0);
        dir.runBackground();
        assertNull(log.offlineReason());
        List<String> left = LogContent.all(log);
        memory.kill();
        disk.heal();
        try (TestDirectory again = open()) {
            assertEquals(left, LogContent.all(again.log()));
        }
    }

    @Test
    void retentionWaitsWhileTheMarksCannotBeWritten() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        for (int i = 0; i < 200; i++) {
            dir.append(log, 1, 1, "value-" + i + "z".repeat(100));
            dir.commit(log);
            dir.runBackground();
        }
        disk.failWrites(path -> path.toString().contains("marks"));
        dir.append(log, 1, 1, "b");
        dir.commit(log);
        assertTrue(log.deleteOldSegments(2, -1, 0) > 0);
        dir.runBackground();
        assertNull(log.offlineReason());
        memory.kill();
        disk.heal();
        try (TestDirectory again = open()) {
            assertEquals(0, again.log().startOffset());
        }
    }

    @Test
    void goesOfflineWhenAWriteFails() throws IOException {
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        dir.append(log, 1, 1, "a");
        dir.commit(log);
        disk.failWrites(path -> path.toString().endsWith(".log"));
        dir.append(log, 1, 1, "b");
        assertThrows(LogOfflineException.class, log::flush);
        disk.heal();
        assertThrows(LogOfflineException.class, log::flush);
        assertThrows(LogOfflineException.class, () -> dir.append(log, 1, 1, "c"));
        dir.directory.groupCommit().doWork();
        assertEquals(1, dir.acknowledged);
        dir.close();
        try (TestDirectory again = open()) {
            assertEquals(List.of("0:a"), LogContent.all(again.log()));
        }
    }

    @Test
    void refusesReadsThatTheDiskRefusesAndNeverCutsForThem() throws IOException {
        try (TestDirectory dir = open()) {
            dir.append(dir.log(), 1, 1, "a");
            dir.append(dir.log(), 1, 1, "b");
        }
        disk.failReads(path -> path.toString().endsWith(".log"), 100, 200);
        TestDirectory dir = open();
        assertThrows(LogOfflineException.class, () -> LogContent.all(dir.log()));
        dir.close();
        disk.heal();
        try (TestDirectory again = open()) {
            assertEquals(List.of("0:a", "1:b"), LogContent.all(again.log()));
        }
        // Behind the mark a bad entry is cut, but one that cannot be read is not.
        TestDirectory crashed = open();
        crashed.append(crashed.log(), 1, 1, "c");
        crashed.log().flush();
        memory.kill();
        disk.failReads(path -> path.toString().endsWith(".log"), 0, 1 << 20);
        TestDirectory unreadable = open();
        assertThrows(StorageException.class, unreadable::log);
        unreadable.close();
        disk.heal();
        try (TestDirectory again = open()) {
            assertEquals(List.of("0:a", "1:b", "2:c"), LogContent.all(again.log()));
        }
    }
}
