package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A damaged log gives up what it holds from the damage on, and goes on from what is left; whatever is damaged. */
class LogForfeitTest {
    private static final Path PATH = Path.of("/data");
    private static final Path PARTITION = PATH.resolve("partitions/7");
    private static final int COUNT = 300;

    private final MemoryDisk memory = new MemoryDisk();

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, new FaultyDisk(memory));
    }

    private static void fill(TestDirectory dir) throws StorageException {
        for (int i = 0; i < COUNT; i++) {
            dir.append(dir.log(), 1000 + i, i, "value-" + i);
        }
        dir.commit(dir.log());
        dir.log().committed(dir.log().endIndex());
        dir.runBackground();
    }

    private static List<String> expected(int count) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(i + ":value-" + i);
        }
        return values;
    }

    private List<Path> segments() throws IOException {
        return memory.list(PARTITION).stream()
                .filter(name -> name.endsWith(".log"))
                .map(PARTITION::resolve)
                .toList();
    }

    private static Mark mark(TestDirectory dir) {
        Mark mark = new Mark();
        dir.directory.marks().load(7, mark);
        return mark;
    }

    /** Opens, and gives up whatever is found, until all that is left can be read. */
    private static int heal(TestDirectory dir) throws StorageException {
        for (int times = 0; ; times++) {
            assertTrue(times < 10, "it never ends");
            CorruptLogException damage;
            try {
                LogContent.all(dir.log());
                return times;
            } catch (CorruptLogException e) {
                damage = e;
            }
            try {
                dir.directory.forfeit(7, damage);
            } catch (LogLeavingException e) {
                assertFalse(mark(dir).has(ReplicaFlag.SUSPECT), "nothing is given up yet");
                dir.runBackground();
                dir.directory.forfeit(7, damage);
            }
            assertTrue(mark(dir).has(ReplicaFlag.SUSPECT));
        }
    }

    /** What is left is a beginning of what was there, it can be appended to, and a restart finds the same. */
    private void assertHealed(String what, int least) throws IOException {
        int kept;
        try (TestDirectory dir = open()) {
            dir.directory.marks().promise(7, 9);
            assertTrue(heal(dir) > 0, what);
            kept = (int) dir.log().endOffset();
            assertTrue(kept >= least && kept < COUNT, what + ": " + kept + " left");
            assertEquals(expected(kept), LogContent.all(dir.log()), what);
            assertNull(dir.log().offlineReason());
            assertEquals(9, mark(dir).promisedEpoch);
            assertTrue(mark(dir).commitIndex <= dir.log().endIndex());
            for (int i = kept; i < kept + 50; i++) {
                dir.append(dir.log(), 5000 + i, i, "value-" + i);
            }
            dir.commit(dir.log());
        }
        try (TestDirectory dir = open()) {
            assertEquals(expected(kept + 50), LogContent.all(dir.log()), what);
            assertTrue(mark(dir).has(ReplicaFlag.SUSPECT), "only who is whole again takes that back");
            List<LogVerifier.Finding> findings = new ArrayList<>();
            dir.close();
            assertTrue(LogVerifier.verify(memory, PATH, findings::add).intact(), what + ": " + findings);
        }
    }

    /** @param at negative: from the end */
    private void flip(int segment, long at) throws IOException {
        Path file = segments().get(segment);
        memory.flipBit(file, at < 0 ? memory.contents(file).length + at : at, 3);
    }

    private interface Damage {
        void strike() throws IOException;
    }

    private void check(String what, int least, Damage damage) throws IOException {
        try (TestDirectory dir = open()) {
            dir.directory.delete(7);
            dir.runBackground();
            fill(dir);
        }
        assertTrue(segments().size() > 4);
        damage.strike();
        assertHealed(what, least);
    }

    @Test
    void keepsWhatStandsBeforeTheDamageWhereverThatIs() throws IOException {
        check("a payload in the middle", 60, () -> flip(2, 1500));
        check("an envelope in the middle", 60, () -> flip(2, 64 + 20));
        check("a header in the middle", 40, () -> flip(2, 20));
        check("a payload of the first segment", 0, () -> flip(0, 64 + 64 + 61 + 5));
        check("a header of the first segment", 0, () -> flip(0, 20));
        check("the open segment", 150, () -> flip(segments().size() - 1, -300));
        check("the header of the open segment", 150, () -> flip(segments().size() - 1, 20));
        check("the oldest is missing", 0, () -> memory.delete(segments().get(0)));
        check("one in the middle is missing", 40, () -> memory.delete(segments().get(2)));
        check(
                "the open one is missing",
                150,
                () -> memory.delete(segments().get(segments().size() - 1)));
        check("two places", 40, () -> {
            flip(2, 1500);
            flip(3, 20);
        });
    }

    @Test
    void withoutAFileDescriptorNothingIsGivenUp() throws IOException {
        FaultyDisk faulty = new FaultyDisk(memory);
        try (TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, faulty)) {
            fill(dir);
            flip(2, 1500);
            long base = LogContext.baseIndexOf(segments().get(2).getFileName().toString());
            CorruptLogException damage =
                    assertThrows(CorruptLogException.class, () -> dir.log().recheck(base, 1500));
            assertThrows(LogLeavingException.class, () -> dir.directory.forfeit(7, damage));
            dir.runBackground();
            faulty.failOpens(path -> path.startsWith(PARTITION));
            assertThrows(StorageException.class, () -> dir.directory.forfeit(7, damage));
            assertFalse(mark(dir).has(ReplicaFlag.SUSPECT));
            faulty.heal();
            dir.directory.forfeit(7, damage);
            assertTrue(dir.log().endOffset() >= 60, dir.log().endOffset() + " left");
        }
    }

    @Test
    void aSyncThatFailedIsNoDamageThatCouldBeHealed() throws IOException {
        FaultyDisk faulty = new FaultyDisk(memory);
        TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, faulty);
        fill(dir);
        PartitionLog log = dir.log();
        dir.append(log, 9000, 1, "more");
        log.flush();
        flip(0, 1500);
        assertThrows(CorruptLogException.class, () -> log.recheck(0, 1500));
        assertEquals(segments().get(0), log.damage().file());
        faulty.failSyncs(path -> true);
        dir.directory.groupCommit().doWork();
        assertNull(log.damage(), "what was not durable may be lost, and nobody will say so again");
    }
}
