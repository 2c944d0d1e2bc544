package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What was written and not synced is there after a kill, and after a power cut the copy knows that it may not be. */
class BootRecordTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk memory = new MemoryDisk();

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, new FaultyDisk(memory));
    }

    private static Mark mark(TestDirectory dir) {
        Mark mark = new Mark();
        dir.directory.marks().load(7, mark);
        return mark;
    }

    /** As a copy does before it counts for the first time what is written only. */
    private static void writeUnsynced(TestDirectory dir, String value) throws IOException {
        dir.append(dir.log(), 1, 1, value);
        dir.log().flush();
        dir.directory.marks().unsynced(7);
        assertEquals(dir.log().endIndex(), dir.log().writtenIndex());
        assertTrue(dir.log().durableIndex() < dir.log().writtenIndex());
    }

    @Test
    void aKillLosesNothingThatWasWritten() throws IOException {
        writeUnsynced(open(), "a");
        memory.kill();
        TestDirectory again = open();
        assertFalse(mark(again).has(ReplicaFlag.LOST_TAIL));
        assertEquals(List.of("0:a"), LogContent.all(again.log()));
        assertEquals(again.log().endIndex(), again.log().durableIndex());
    }

    /** Also behind a clean end: nothing there counts unless the mark says that the log is in use again. */
    @Test
    void aKillAfterACleanStartLosesNothingEither() throws IOException {
        try (TestDirectory dir = open()) {
            dir.append(dir.log(), 1, 1, "a");
            dir.commit(dir.log());
        }
        TestDirectory second = open();
        assertTrue(mark(second).clean);
        writeUnsynced(second, "b");
        memory.kill();
        assertEquals(List.of("0:a", "1:b"), LogContent.all(open().log()));
    }

    @Test
    void aPowerCutMayTakeTheTailUntilThatIsTakenBack() throws IOException {
        writeUnsynced(open(), "a");
        memory.powerCut();
        TestDirectory second = open();
        assertTrue(mark(second).has(ReplicaFlag.LOST_TAIL));
        assertFalse(mark(second).has(ReplicaFlag.UNSYNCED), "not the next time, unless it counts so again");
        memory.kill();
        TestDirectory third = open();
        assertTrue(mark(third).has(ReplicaFlag.LOST_TAIL), "nothing has come back by itself");
        third.directory.marks().lower(7, ReplicaFlag.SUSPECT, ReplicaFlag.LOST_TAIL);
        memory.powerCut();
        assertFalse(mark(open()).has(ReplicaFlag.LOST_TAIL));
    }

    /** The system may have dropped the pages, and says of the next sync that all is well. */
    @Test
    void aFailedSyncMayTakeTheTailWithoutThePower() throws IOException {
        FaultyDisk disk = new FaultyDisk(memory);
        TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
        writeUnsynced(dir, "a");
        disk.failSyncs(file -> file.toString().endsWith(".log"));
        dir.commit(dir.log());
        memory.kill();
        assertTrue(mark(open()).has(ReplicaFlag.LOST_TAIL));
    }

    /** Nobody would miss what the system has dropped, as nothing counted when it did. */
    @Test
    void nothingCountsUnsyncedAfterAFailedSync() throws IOException {
        FaultyDisk disk = new FaultyDisk(memory);
        TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
        dir.append(dir.log(), 1, 1, "a");
        disk.failSyncs(1, file -> file.toString().endsWith(".log"));
        dir.commit(dir.log());
        assertFalse(dir.directory.marks().unsynced(7));
        assertFalse(mark(dir).has(ReplicaFlag.UNSYNCED));
        memory.kill();
        TestDirectory again = open();
        assertFalse(mark(again).has(ReplicaFlag.LOST_TAIL));
        assertTrue(again.directory.marks().unsynced(7), "another run");
    }

    @Test
    void whatWasClosedInOrderIsAllThere() throws IOException {
        try (TestDirectory dir = open()) {
            writeUnsynced(dir, "a");
        }
        memory.powerCut();
        TestDirectory again = open();
        assertFalse(mark(again).has(ReplicaFlag.LOST_TAIL));
        assertEquals(List.of("0:a"), LogContent.all(again.log()));
    }

    @Test
    void aCopyThatNeverCountsWhatIsNotSyncedLosesNothing() throws IOException {
        TestDirectory dir = open();
        dir.append(dir.log(), 1, 1, "a");
        dir.commit(dir.log());
        memory.powerCut();
        assertFalse(mark(open()).has(ReplicaFlag.LOST_TAIL));
    }
}
