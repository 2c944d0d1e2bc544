package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A copy that goes, and another one of the same partition that begins where it was. */
class LogDeletionTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    private static void fill(TestDirectory dir, String value) throws StorageException {
        PartitionLog log = dir.log();
        for (int i = 0; i < 40; i++) {
            dir.append(log, i, i, value + i + "x".repeat(700));
            dir.commit(log);
        }
    }

    private List<LogVerifier.Finding> damages() throws IOException {
        List<LogVerifier.Finding> findings = new ArrayList<>();
        LogVerifier.verify(memory, PATH, findings::add);
        findings.removeIf(finding -> finding.severity() != LogVerifier.Severity.DAMAGE);
        return findings;
    }

    @Test
    void aCrashAtAnyStepLeavesTheLogOrNothingAndNeverDamage() throws IOException {
        int steps = 0;
        boolean[] seen = new boolean[2];
        while (crashesAfter(steps, seen)) {
            steps++;
        }
        assertTrue(steps > 5, "steps: " + steps);
        assertTrue(seen[0] && seen[1], "only one end was seen");
    }

    /** Whether it came so far that it was stopped; every way to lose what was not synced is tried. */
    private boolean crashesAfter(int steps, boolean[] seen) throws IOException {
        boolean died = false;
        for (int seed = -1; seed < 4; seed++) {
            TestDirectory dir = open();
            fill(dir, "old-");
            dir.runBackground();
            disk.dieAfter(steps);
            boolean returned = false;
            try {
                dir.directory.delete(7);
                returned = true;
            } catch (StorageException e) {
                assertTrue(disk.died());
            }
            died |= disk.died();
            disk.heal();
            if (seed < 0) {
                memory.kill();
            } else {
                memory.powerCut(new SplittableRandom(seed));
            }
            assertEquals(List.of(), damages());
            // What finishes it may be stopped as well.
            disk.dieAfter(Math.max(0, steps - 3));
            try {
                open();
            } catch (IOException e) {
                assertTrue(disk.died());
            }
            disk.heal();
            memory.powerCut(new SplittableRandom(seed));
            TestDirectory again = open();
            boolean gone = again.log().endIndex() == 0;
            seen[gone ? 1 : 0] = true;
            assertTrue(gone || !returned);
            assertEquals(!gone, again.directory.exists(7));
            if (!gone) {
                again.directory.delete(7);
                again.runBackground();
            }
            fill(again, "new-");
            again.close();
            assertEquals(List.of(), damages());
            try (TestDirectory last = open()) {
                assertEquals(again.acknowledged, last.log().endOffset());
                last.directory.delete(7);
            }
        }
        return died;
    }

    @Test
    void anotherLogOfTheSamePartitionWaitsForWhatIsLeftToDoForTheFirst() throws IOException {
        try (TestDirectory dir = open()) {
            fill(dir, "old-");
            dir.log().committed(dir.log().endIndex());
            assertTrue(dir.log().deleteOldSegments(59, 20, -1) > 0);
            assertFalse(dir.background.isEmpty());
            dir.directory.delete(7);

            assertThrows(LogLeavingException.class, dir::log);
            dir.runBackground();
            fill(dir, "new-");
            long end = dir.log().endOffset();
            dir.close();
            assertEquals(List.of(), damages());
            try (TestDirectory again = open()) {
                assertEquals(0, again.log().startOffset());
                assertEquals(end, again.log().endOffset());
            }
        }
    }

    @Test
    void whatCannotBeDeletedIsDeletedWhenItIsAskedForAgain() throws IOException {
        TestDirectory dir = open();
        fill(dir, "old-");
        dir.runBackground();
        disk.failSyncs(1, path -> path.endsWith("spares"));
        assertThrows(StorageException.class, () -> dir.directory.delete(7));
        dir.runBackground();

        assertEquals(0, dir.log().endIndex());
        memory.powerCut();
        assertEquals(List.of(), damages());
    }
}
