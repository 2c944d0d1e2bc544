package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What the first write to a partition costs and leaves when its topic was announced to the marks. */
class FirstWriteTest {
    private static final Path PATH = Path.of("/data");
    private static final Path PARTITIONS = PATH.resolve("partitions");
    private static final int COUNT = 50;

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    private static boolean unused(TestDirectory dir, long partitionId) {
        Mark mark = new Mark();
        assertTrue(dir.directory.marks().load(partitionId, mark));
        return mark.unused();
    }

    @Test
    void waitsForNoSyncAndSharesThoseThatItNeeds() throws IOException {
        TestDirectory dir = open();
        int before = disk.syncs();
        dir.directory.marks().expect(LongStream.range(0, COUNT).toArray());
        assertEquals(before + 1, disk.syncs());
        int[] syncsOfNames = {0};
        disk.failSyncs(path -> {
            syncsOfNames[0] += path.equals(PARTITIONS) ? 1 : 0;
            return false;
        });
        for (int id = 0; id < COUNT; id++) {
            PartitionLog log = dir.directory.log(id);
            dir.append(log, 1, 1, "value");
            log.flush();
        }
        assertEquals(before + 1, disk.syncs());
        assertEquals(0, syncsOfNames[0]);
        dir.directory.groupCommit().doWork();
        assertEquals(before + 1 + COUNT + 1, disk.syncs(), "each log, and the marks once");
        assertEquals(1, syncsOfNames[0]);
        memory.powerCut();
        try (TestDirectory again = open()) {
            for (int id = 0; id < COUNT; id++) {
                assertEquals(List.of("0:value"), LogContent.all(again.directory.log(id)));
            }
        }
    }

    @Test
    void isToldFromNoWriteWhateverHappensAfterItsAcknowledgement() throws IOException {
        TestDirectory dir = open();
        dir.directory.marks().expect(new long[] {7, 8});
        dir.append(dir.log(), 1, 1, "a");
        dir.log().flush();
        memory.powerCut();
        dir = open();
        assertTrue(unused(dir, 7));
        assertEquals(0, dir.log().endOffset());
        dir.append(dir.log(), 1, 1, "b");
        dir.commit(dir.log());
        assertEquals(1, dir.acknowledged);
        memory.powerCut();
        try (TestDirectory again = open()) {
            assertFalse(unused(again, 7));
            assertTrue(unused(again, 8));
            assertEquals(List.of("0:b"), LogContent.all(again.log()));
        }
    }

    /** An expected log counts as clean; what a crash has left in it was not closed in order all the same. */
    @Test
    void makesTheNamesDurableThatACrashLeftBehind() throws IOException {
        TestDirectory dir = open();
        dir.directory.marks().expect(new long[] {7});
        dir.append(dir.log(), 1, 1, "a");
        dir.log().flush();
        memory.kill();
        memory.flipBit(PARTITIONS.resolve("7/00000000000000000000.log"), SegmentHeader.SIZE + 20, 0);
        disk.failSyncs(PARTITIONS.resolve("7")::equals);
        TestDirectory failing = open();
        assertThrows(StorageException.class, failing::log);
        memory.kill();
        disk.heal();
        dir = open();
        dir.append(dir.log(), 1, 1, "b");
        dir.commit(dir.log());
        assertEquals(1, dir.acknowledged);
        memory.powerCut();
        try (TestDirectory again = open()) {
            assertEquals(List.of("0:b"), LogContent.all(again.log()));
        }
    }

    @Test
    void deletingPartitionsThatNobodyWroteToCostsNoSync() throws IOException {
        TestDirectory dir = open();
        dir.directory.marks().expect(LongStream.range(0, COUNT).toArray());
        int before = disk.syncs();
        for (int id = 1; id < COUNT; id++) {
            dir.directory.delete(id);
        }
        assertEquals(before, disk.syncs());
        memory.kill();
        try (TestDirectory again = open()) {
            assertEquals(1, again.directory.marks().size());
        }
    }
}
