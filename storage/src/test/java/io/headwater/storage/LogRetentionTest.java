package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogRetentionTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk disk = new MemoryDisk();

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    private static void fill(TestDirectory dir, int count) throws StorageException {
        for (int i = 0; i < count; i++) {
            dir.append(dir.log(), i, i, "value-" + i + "z".repeat(100));
            if (i % 10 == 0) {
                dir.commit(dir.log());
                dir.runBackground();
            }
        }
        dir.commit(dir.log());
        dir.runBackground();
    }

    @Test
    void removesWholeSegmentsByTimeAndTheStartOutlivesARestart() throws IOException {
        long start;
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            int before = dir.log().stats().segments();
            int removed = dir.log().deleteOldSegments(200, 100, -1);
            dir.runBackground();
            assertTrue(removed > 0);
            assertEquals(before - removed, dir.log().stats().segments());
            start = dir.log().startOffset();
            assertTrue(start > 50 && start <= 100, "start " + start);
            OffsetOutOfRangeException gone = assertThrows(
                    OffsetOutOfRangeException.class, () -> dir.log().read(start - 1, 200, 100, null));
            assertEquals(start, gone.startOffset());
        }
        try (TestDirectory dir = open()) {
            assertEquals(start, dir.log().startOffset());
            assertEquals(200 - start, LogContent.all(dir.log()).size());
        }
    }

    @Test
    void whatItRemovedIsToldApartFromWhatWasLostAlsoAfterAPowerCut() throws IOException {
        TestDirectory dir = open();
        fill(dir, 400);
        assertTrue(dir.log().deleteOldSegments(400, 100, -1) > 0);
        dir.runBackground();
        long start = dir.log().startOffset();
        disk.powerCut();
        try (TestDirectory again = open()) {
            assertEquals(start, again.log().startOffset());
        }
        Path oldest = disk.list(PATH.resolve("partitions/7")).stream()
                .filter(name -> name.endsWith(".log"))
                .map(PATH.resolve("partitions/7")::resolve)
                .findFirst()
                .orElseThrow();
        disk.delete(oldest);
        try (TestDirectory lost = open()) {
            CorruptLogException refused = assertThrows(CorruptLogException.class, lost::log);
            assertEquals(oldest, refused.file());
            assertTrue(String.valueOf(refused.getMessage()).contains("retention did not remove it"));
        }
    }

    /** The marks have let go, and a crash comes before the files went. */
    @Test
    void aCrashBeforeTheFilesAreGoneLeavesThemPartOfTheLog() throws IOException {
        TestDirectory dir = open();
        fill(dir, 400);
        assertTrue(dir.log().deleteOldSegments(400, 100, -1) > 0);
        dir.directory.marks().sync();
        disk.powerCut();
        try (TestDirectory again = open()) {
            assertEquals(400, LogContent.all(again.log()).size());
            assertTrue(again.log().deleteOldSegments(400, 100, -1) > 0);
            again.runBackground();
        }
        try (TestDirectory last = open()) {
            assertTrue(last.log().startOffset() > 50);
        }
    }

    @Test
    void removesTheOldestSegmentsOfALogThatIsTooLarge() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            dir.log().deleteOldSegments(200, -1, 20_000);
            assertTrue(dir.log().stats().bytes() >= 20_000 && dir.log().stats().bytes() < 28_192);
            dir.log().deleteOldSegments(200, -1, 0);
            assertEquals(1, dir.log().stats().segments());
        }
    }

    @Test
    void emptiesAnIdleLogAndKeepsItsEndsAndItsCheckpoint() throws IOException {
        try (TestDirectory dir = open()) {
            dir.log().checkpointSource(() -> ByteBuffer.wrap(new byte[] {42}));
            fill(dir, 5);
            assertEquals(0, dir.log().deleteOldSegments(10_000, 100, -1));
            dir.commit(dir.log());
            assertEquals(1, dir.log().deleteOldSegments(10_000, 100, -1));
            dir.runBackground();
            assertEquals(5, dir.log().startOffset());
            assertEquals(5, dir.log().endOffset());
        }
        try (TestDirectory dir = open()) {
            assertEquals(5, dir.log().endOffset());
            List<EntryKind> kinds = new ArrayList<>();
            dir.log().replay((envelope, payload) -> {
                kinds.add(envelope.kind());
                assertEquals(42, payload.get(payload.position()));
            });
            assertEquals(List.of(EntryKind.CHECKPOINT), kinds);
            assertEquals(5, dir.append(dir.log(), 1, 1, "next"));
        }
    }

    @Test
    void lentSlicesOutliveRemovalRecyclingAndDeletion() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            LogSlice slice = dir.log().read(0, 200, 4000, null);
            List<String> before = LogContent.values(slice, 0, null);
            assertTrue(dir.log().deleteOldSegments(200, 100, -1) > 0);
            dir.runBackground();
            fill(dir, 100);
            assertEquals(before, LogContent.values(slice, 0, null));
            dir.directory.delete(7);
            dir.runBackground();
            assertEquals(before, LogContent.values(slice, 0, null));
            slice.close();
            dir.runBackground();
            assertFalse(dir.directory.exists(7));
            assertEquals(0, dir.log().endOffset());
        }
    }

    @Test
    void lentSlicesOfFilesThatTheLogHasClosedOutliveRecycling() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 400);
            LogSlice slice = dir.log().read(0, 400, 4000, null);
            List<String> before = LogContent.values(slice, 0, null);
            assertTrue(dir.log().hibernate());
            // Opened again by this, and lent no more.
            LogSlice second = dir.log().read(0, 400, 4000, null);
            second.close();
            // The background makes no spare of its own then, but one of what is retired.
            dir.runBackground();
            assertTrue(dir.log().deleteOldSegments(400, 200, -1) > 0);
            dir.runBackground();
            fill(dir, 100);
            assertEquals(before, LogContent.values(slice, 0, null));
            slice.close();
        }
    }

    @Test
    void lentSlicesOfSegmentsThatWereReadLongAgoOutliveRecycling() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 400);
            LogSlice slice = dir.log().read(0, 400, 4000, null);
            List<String> before = LogContent.values(slice, 0, null);
            LogContent.all(dir.log());
            dir.runBackground();
            assertTrue(dir.log().deleteOldSegments(400, 200, -1) > 0);
            dir.runBackground();
            fill(dir, 100);
            assertEquals(before, LogContent.values(slice, 0, null));
            slice.close();
        }
    }

    @Test
    void recyclesRetiredSegmentsWithoutAnythingInThem() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            for (int round = 0; round < 20; round++) {
                dir.log().deleteOldSegments(200, -1, 10_000);
                dir.runBackground();
                for (String spare : disk.list(PATH.resolve("spares"))) {
                    for (byte b : disk.contents(PATH.resolve("spares").resolve(spare))) {
                        assertEquals(0, b);
                    }
                }
                fill(dir, 100);
            }
            assertTrue(disk.list(PATH.resolve("spares")).size() <= 2);
        }
        assertEquals(List.of(), disk.list(PATH.resolve("spares")));
    }

    /** A copy that follows, and one that leads others: what is not committed may be cut, or sent to others. */
    @Test
    void whatIsNotCommittedStays() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 200);
            PartitionLog log = dir.log();
            log.committed(0);
            assertEquals(0, log.dropBefore(200));
            assertEquals(0, log.deleteOldSegments(10_000, 1, 1));
            log.rewrite(
                    offset -> false,
                    1,
                    Runnable::run,
                    report -> assertEquals(0, report.segments().size()));
            dir.runBackground();
            log.committed(100);
            log.rewrite(offset -> false, 1, Runnable::run, report -> assertTrue(report.untilOffset() <= 100));
            dir.runBackground();
            assertTrue(log.dropBefore(50) > 0);
            assertTrue(log.startIndex() > 0 && log.startIndex() <= 50, "start: " + log.startIndex());
            assertTrue(log.dropBefore(200) > 0);
            long start = log.startIndex();
            assertTrue(start > 50 && start <= 100, "start: " + start);
            assertEquals(0, log.deleteOldSegments(10_000, 1, 1));
            log.onlyCopy();
            assertTrue(log.deleteOldSegments(10_000, 1, 1) > 0);
            assertTrue(log.endIndex() > log.startIndex());
        }
    }

    /** A lone leader need not have begun its epoch: what it ends is of it all the same. */
    @Test
    void whoLeadsEndsSegmentsInItsOwnEpoch() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, 20);
            PartitionLog log = dir.log();
            log.follow();
            log.committed(log.endIndex());
            log.deleteOldSegments(10_000, 1, -1);
            long end = log.endIndex();
            assertEquals(1, log.lastEpoch());
            log.lead(7);
            log.deleteOldSegments(10_000, 1, -1);
            assertEquals(7, log.lastEpoch());
            assertTrue(
                    log.epochs().contains(new EpochStart(7, end)), log.epochs().toString());
            log.committed(log.endIndex());
            dir.commit(log);
            log.deleteOldSegments(10_000, 1, -1);
            assertTrue(log.startIndex() > 0);
            assertEquals(20, log.startOffset());
        }
    }

    @Test
    void replaysFromTheLastCheckpoint() throws IOException {
        try (TestDirectory dir = open()) {
            int[] asked = {0};
            dir.log().checkpointSource(() -> ByteBuffer.wrap(new byte[] {(byte) asked[0]++}));
            fill(dir, 200);
            List<String> kinds = new ArrayList<>();
            dir.log().replay((envelope, payload) -> {
                if (envelope.kind() == EntryKind.CHECKPOINT) {
                    kinds.add("CHECKPOINT " + payload.get(payload.position()));
                }
            });
            assertTrue(asked[0] > 3);
            assertEquals(List.of("CHECKPOINT " + (asked[0] - 1)), kinds);
        }
    }
}
