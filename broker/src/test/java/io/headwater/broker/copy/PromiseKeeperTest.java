package io.headwater.broker.copy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.Mark;
import io.headwater.storage.Marks;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Promises that are told to be kept are on the disk, and those of many share a sync. */
class PromiseKeeperTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);
    private final ArrayDeque<Runnable> work = new ArrayDeque<>();
    private final List<String> heard = new ArrayList<>();
    private final Marks marks;
    private final PromiseKeeper keeper;

    PromiseKeeperTest() throws IOException {
        disk.createDirectories(PATH);
        disk.syncDirectory(Path.of("/"));
        marks = Marks.create(disk, PATH, new UUID(1, 2));
        keeper = new PromiseKeeper(marks, work::add);
    }

    private CopyPromises of(long partition) {
        return new CopyPromises(
                keeper,
                partition,
                Runnable::run,
                epoch -> heard.add(partition + " promised " + epoch),
                lost -> heard.add(partition + " lost"));
    }

    private void work() {
        for (Runnable next = work.poll(); next != null; next = work.poll()) {
            next.run();
        }
    }

    private int promised(long partition) throws IOException {
        memory.powerCut();
        try (Marks again = Marks.open(memory, PATH)) {
            Mark mark = new Mark();
            return again.load(partition, mark) ? mark.promisedEpoch : -1;
        }
    }

    @Test
    void aThousandPromisesShareAFewSyncs() throws IOException {
        for (int i = 0; i < 1_000; i++) {
            of(i).store(5);
        }
        assertEquals(List.of(), heard);
        int before = disk.syncs();
        work();
        assertTrue(disk.syncs() - before <= 4, "syncs: " + (disk.syncs() - before));
        assertEquals(1_000, heard.size());
        // Those that are known already need one.
        for (int i = 0; i < 1_000; i++) {
            of(i).store(6);
        }
        before = disk.syncs();
        work();
        assertEquals(1, disk.syncs() - before);
        assertEquals(2_000, heard.size());
        assertEquals(6, promised(999));
    }

    @Test
    void theSamePartitionMayPromiseTwiceAtOnce() throws IOException {
        CopyPromises promises = of(7);
        promises.store(3);
        promises.store(4);
        work();
        assertEquals(List.of("7 promised 3", "7 promised 4"), heard);
        assertEquals(4, promised(7));
    }

    @Test
    void aFullDiskIsWaitedFor() throws IOException {
        of(7).store(2);
        work();
        heard.clear();
        disk.fullSyncs(100, path -> true);
        of(7).store(3);
        work();
        keeper.retry();
        work();
        of(8).store(3);
        work();
        assertEquals(List.of(), heard);
        disk.heal();
        keeper.retry();
        work();
        keeper.retry();
        assertTrue(work.isEmpty());
        assertEquals(List.of("7 promised 3", "8 promised 3"), heard);
        assertEquals(3, promised(7));
        assertEquals(3, promised(8));
    }

    @Test
    void aSyncThatFailsOnceIsMadeGoodByANewFile() throws IOException {
        of(7).store(2);
        work();
        disk.failSyncs(1, path -> true);
        of(7).store(3);
        work();
        assertEquals(3, promised(7));
        assertEquals(List.of("7 promised 2", "7 promised 3"), heard);
    }

    @Test
    void aDiskThatFailsIsTheEndOfTheReplica() {
        of(7).store(2);
        work();
        disk.failSyncs(path -> true);
        of(7).store(3);
        work();
        assertEquals(List.of("7 promised 2", "7 lost"), heard);
    }

    @Test
    void afterClosingNothingIsWrittenForThePartition() throws IOException {
        CopyPromises gone = of(7);
        gone.store(3);
        of(8).store(3);
        gone.close();
        work();
        assertEquals(List.of("8 promised 3"), heard);
        assertFalse(marks.contains(7));
        assertEquals(-1, promised(7));
        assertEquals(3, promised(8));
    }
}
