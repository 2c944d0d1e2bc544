package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MarksTest {
    private static final Path DIRECTORY = Path.of("/data");
    private static final Path FILE = DIRECTORY.resolve("marks");
    private static final UUID ID = new UUID(1, 2);

    private final MemoryDisk disk = new MemoryDisk();

    @BeforeEach
    void makeTheDirectory() {
        disk.createDirectories(DIRECTORY);
    }

    private static SyncPoint point(long end) {
        return new SyncPoint().set(end, end * 10, end / 100 * 100, end * 64);
    }

    private static String text(Marks marks, long partitionId) {
        Mark mark = new Mark();
        if (!marks.load(partitionId, mark)) {
            return "unknown";
        }
        return mark.partitionId + " " + mark.promisedEpoch + " " + mark.durable + " " + mark.commitIndex
                + (mark.clean ? " clean" : "");
    }

    @Test
    void remembersEverythingAcrossAnOrderlyClose() throws IOException {
        try (Marks marks = Marks.create(disk, DIRECTORY, ID)) {
            marks.joinCluster("cluster-1");
            marks.register(7);
            marks.register(8);
            marks.register(9);
            marks.promise(7, 3);
            marks.promise(7, 2);
            marks.durable(7, point(50));
            marks.durable(7, point(40));
            marks.committed(7, 45);
            marks.clean(8, point(12));
            marks.remove(9);
        }

        try (Marks marks = Marks.open(disk, DIRECTORY)) {
            assertEquals(ID, marks.directoryId());
            assertEquals("cluster-1", marks.clusterId());
            assertEquals("7 3 index 50, offset 500, segment 0 at 3200 45", text(marks, 7));
            assertEquals("8 -1 index 12, offset 120, segment 0 at 768 0 clean", text(marks, 8));
            assertFalse(marks.contains(9));
            assertEquals(2, marks.partitionIds().length);
        }
    }

    private static String sayOf(Marks marks, long partitionId) {
        Mark mark = new Mark();
        marks.load(partitionId, mark);
        return mark.has(ReplicaFlag.LEARNER) + " " + mark.has(ReplicaFlag.SUSPECT) + " " + mark.hadEpoch + " "
                + mark.hadEndIndex;
    }

    @Test
    void remembersInAPowerCutWhyACopyHasNoSay() throws IOException {
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.register(7);
        marks.register(8);
        marks.durable(7, point(50));
        marks.raise(7, ReplicaFlag.SUSPECT);
        disk.powerCut();
        Marks raised = Marks.open(disk, DIRECTORY);
        assertEquals("false true 0 0", sayOf(raised, 7));
        disk.powerCut();
        Marks damaged = Marks.open(disk, DIRECTORY);
        damaged.raise(8, ReplicaFlag.LEARNER);
        damaged.raise(8, ReplicaFlag.SUSPECT);
        damaged.lower(8, ReplicaFlag.SUSPECT);
        disk.powerCut();
        Marks again = Marks.open(disk, DIRECTORY);
        assertEquals("false true 0 0", sayOf(again, 7));
        assertEquals("true false 0 0", sayOf(again, 8));
        assertEquals("7 -1 " + point(50) + " 0", text(again, 7));
        again.lower(7, ReplicaFlag.SUSPECT);
        disk.powerCut();
        Marks repaired = Marks.open(disk, DIRECTORY);
        assertEquals("false false 0 0", sayOf(repaired, 7));
        assertThrows(IllegalArgumentException.class, () -> repaired.raise(99, ReplicaFlag.LEARNER));
    }

    private Marks afterPowerCut() throws IOException {
        disk.powerCut();
        return Marks.open(disk, DIRECTORY);
    }

    @Test
    void remembersWhatADamagedCopyHadUntilItIsWholeAgain() throws IOException {
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.register(7);
        marks.durable(7, point(50));
        marks.forfeit(7, point(30), 90, 3);
        assertEquals("7 -1 " + point(30) + " 0", text(marks, 7));
        Marks again = afterPowerCut();
        assertEquals("false true 3 90", sayOf(again, 7));
        again.forfeit(7, point(30), 80, 3);
        assertEquals("false true 3 90", sayOf(again, 7), "it had more before");
        again.forfeit(7, point(30), 40, 4);
        assertEquals("false true 4 40", sayOf(afterPowerCut(), 7), "and this is later");
        Marks whole = afterPowerCut();
        whole.lower(7, ReplicaFlag.SUSPECT);
        assertEquals("false false 0 0", sayOf(whole, 7));
        assertEquals("false false 0 0", sayOf(afterPowerCut(), 7));
    }

    /** It could not be opened, or it lacked its tail: then it may have acknowledged more than anybody knows. */
    @Test
    void doesNotGuessWhatADamagedCopyHad() throws IOException {
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.register(7);
        marks.register(8);
        marks.forfeit(7, point(0), 90, 3);
        marks.forfeit(7, point(0), 0, 0);
        marks.forfeit(7, point(0), 95, 3);
        marks.unsynced(8);
        marks.lostPower();
        marks.forfeit(8, point(0), 95, 3);
        Marks again = afterPowerCut();
        assertEquals("false true 0 0", sayOf(again, 7));
        assertEquals("false true 0 0", sayOf(again, 8));
    }

    @Test
    void remembersWhereALogBeginsAndThatAnOlderVersionDidNotSay() throws IOException {
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.register(7);
        marks.register(8);
        marks.register(9);
        marks.durable(7, point(350));
        marks.startsAt(7, 200);
        marks.startsAt(8, Mark.UNKNOWN);
        marks.forfeit(8, point(100), 300, 1);
        marks.sync();
        Marks again = afterPowerCut();
        assertEquals("200 -1 0", startOf(again, 7) + " " + startOf(again, 8) + " " + startOf(again, 9));
        again.forfeit(7, point(250), 350, 1);
        assertEquals(200, startOf(afterPowerCut(), 7));
        again = afterPowerCut();
        again.forfeit(7, point(0), 350, 1);
        assertEquals(0, startOf(afterPowerCut(), 7));
    }

    private static long startOf(Marks marks, long partitionId) {
        Mark mark = new Mark();
        marks.load(partitionId, mark);
        return mark.startIndex;
    }

    /** What a file from before the flags holds is what a copy without any writes, and without a known start. */
    @Test
    void writesAMarkWithoutFlagsAsBefore() {
        Mark mark = new Mark();
        mark.startIndex = Mark.UNKNOWN;
        mark.partitionId = 7;
        mark.promisedEpoch = 3;
        mark.durable.set(point(50));
        mark.commitIndex = 45;
        mark.clean = true;
        ByteBuffer bytes = ByteBuffer.allocate(MarksLayout.sizeOf(mark));
        MarksLayout.encode(mark, bytes);
        assertEquals(
                "0201000000000003" + "0000000000000007" + "0000000000000032" + "00000000000001f4" + "0000000000000000"
                        + "0000000000000c80" + "000000000000002d",
                HexFormat.of().formatHex(bytes.array()));
    }

    @Test
    void neverKeepsACommitMarkBeyondTheDurableOne() throws IOException {
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.register(7);
        marks.durable(7, point(30));
        marks.committed(7, 45);
        marks.sync();
        disk.powerCut();
        Marks again = Marks.open(disk, DIRECTORY);
        assertEquals("7 -1 " + point(30) + " 30", text(again, 7));
        again.committed(7, 45);
        again.durable(7, point(50));
        again.sync();
        disk.powerCut();
        assertEquals("7 -1 " + point(50) + " 45", text(Marks.open(disk, DIRECTORY), 7));
    }

    @Test
    void bringsACommitMarkToTheFileSoonAlthoughNoGroupCommitComes() throws IOException {
        long[] nowNs = new long[1];
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.register(7);
        marks.durable(7, point(50));
        marks.sync();
        MarksCarrier carrier = new MarksCarrier(SyncMode.EVERY_COMMIT, marks, () -> nowNs[0]);
        assertEquals(MarksCarrier.NOTHING_DUE, carrier.idle(nowNs[0]));
        for (int i = 1; i <= 3; i++) {
            marks.committed(7, 10 * i);
            carrier.moved(nowNs[0]);
            long waitNs = carrier.idle(nowNs[0]);
            assertTrue(waitNs > 0 && waitNs <= 100_000_000, "wait: " + waitNs);
            nowNs[0] += 40_000_000;
        }
        assertEquals(0, carrier.idle(nowNs[0]));
        assertEquals(MarksCarrier.NOTHING_DUE, carrier.idle(nowNs[0]));
        disk.powerCut();
        assertEquals("7 -1 " + point(50) + " 30", text(Marks.open(disk, DIRECTORY), 7));
    }

    @Test
    void refusesToFormatTwiceOrToOpenWithoutTheFile() throws IOException {
        assertThrows(DamagedMarksException.class, () -> Marks.open(disk, DIRECTORY));
        Marks.create(disk, DIRECTORY, ID).close();
        assertThrows(DamagedMarksException.class, () -> Marks.create(disk, DIRECTORY, ID));
        disk.delete(FILE);
        DamagedMarksException e = assertThrows(DamagedMarksException.class, () -> Marks.open(disk, DIRECTORY));
        assertTrue(e.toString().contains(FILE.toString()), e.getMessage());
    }

    @Test
    void refusesTheDirectoryOfAnotherCluster() throws IOException {
        Marks marks = Marks.create(disk, DIRECTORY, ID);
        marks.joinCluster("one");
        marks.joinCluster("one");
        IOException e = assertThrows(IOException.class, () -> marks.joinCluster("two"));
        assertTrue(e.toString().contains("one") && e.toString().contains("two"), e.getMessage());
    }

    @Test
    void detectsEveryFlippedBitAfterACleanStopOrIsNotHurtByIt() throws IOException {
        try (Marks marks = Marks.create(disk, DIRECTORY, ID)) {
            marks.joinCluster("cluster-1");
            for (int id = 0; id < 4; id++) {
                marks.register(id);
                marks.clean(id, point(100 + id));
            }
        }
        byte[] whole = disk.contents(FILE);
        int used = whole.length;
        while (whole[used - 1] == 0) {
            used--;
        }
        int refused = 0;
        for (int at = 0; at < used; at++) {
            for (int bit = 0; bit < 8; bit++) {
                disk.put(FILE, whole);
                disk.flipBit(FILE, at, bit);
                try (Marks marks = Marks.open(disk, DIRECTORY)) {
                    assertEquals("cluster-1", marks.clusterId());
                    for (int id = 0; id < 4; id++) {
                        SyncPoint end = point(100 + id);
                        assertEquals(id + " -1 " + end + " 0 clean", text(marks, id), "byte " + at);
                    }
                } catch (DamagedMarksException expected) {
                    refused++;
                }
            }
        }
        assertTrue(refused >= 8 * (used - 16), "only damage to the last, empty record goes unnoticed");
    }

    @Test
    void keepsWhatItSaysIsSyncedInAPowerCutAndNeverRunsAhead() {
        Seeds.run(300, random -> {
            MemoryDisk cut = new MemoryDisk();
            cut.createDirectories(DIRECTORY);
            Marks.create(cut, DIRECTORY, ID).close();
            Map<Long, Long> durable = new HashMap<>();
            Map<Long, Integer> promised = new HashMap<>();
            Map<Long, Long> synced = new HashMap<>();
            for (int life = 0; life < 3; life++) {
                Marks marks = Marks.open(cut, DIRECTORY);
                checkAgainst(marks, durable, synced, promised);
                use(random, marks, durable, synced, promised);
                cut.powerCut(random);
            }
            checkAgainst(Marks.open(cut, DIRECTORY), durable, synced, promised);
        });
    }

    private static void use(
            SplittableRandom random,
            Marks marks,
            Map<Long, Long> durable,
            Map<Long, Long> synced,
            Map<Long, Integer> promised)
            throws IOException {
        for (int i = random.nextInt(50); i > 0; i--) {
            long id = random.nextInt(5);
            marks.register(id);
            durable.putIfAbsent(id, 0L);
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    long end = durable.get(id) + random.nextInt(10);
                    durable.put(id, end);
                    marks.durable(id, point(end));
                }
                case 2 -> marks.write();
                case 3 -> {
                    marks.sync();
                    synced.putAll(durable);
                }
                default -> {
                    int epoch = random.nextInt(100);
                    marks.promise(id, epoch);
                    promised.merge(id, epoch, Math::max);
                }
            }
        }
    }

    private static void checkAgainst(
            Marks marks, Map<Long, Long> durable, Map<Long, Long> synced, Map<Long, Integer> promised) {
        Mark mark = new Mark();
        for (long id : List.copyOf(durable.keySet())) {
            assertTrue(marks.load(id, mark), "registered partition " + id);
            assertTrue(mark.durable.endIndex <= durable.getOrDefault(id, 0L), "a mark must not run ahead");
            assertTrue(mark.durable.endIndex >= synced.getOrDefault(id, 0L), "a synced mark must not be lost");
            assertEquals(promised.getOrDefault(id, -1), mark.promisedEpoch, "a promise is kept");
            durable.put(id, mark.durable.endIndex);
        }
    }

    @Test
    void holdsTenThousandPartitionsInASmallFileAndLittleTime() throws IOException {
        try (Marks marks = Marks.create(disk, DIRECTORY, ID)) {
            marks.register(5);
            marks.expect(LongStream.range(0, 10_000).toArray());
            for (int round = 1; round <= 30; round++) {
                for (int id = 0; id < 10_000; id++) {
                    marks.durable(id, point(round));
                }
                marks.sync();
            }
        }
        assertTrue(disk.contents(FILE).length < 12 * 1024 * 1024, "it compacts itself");
        try (Marks marks = Marks.open(disk, DIRECTORY)) {
            assertEquals(10_000, marks.size());
            assertEquals("9999 -1 " + point(30) + " 0 clean", text(marks, 9_999));
        }
    }

    @Test
    void lagsOnAFullDiskButStillTakesBackCleanAndCatchesUpWhenThereIsRoom() throws IOException {
        FaultyDisk faulty = new FaultyDisk(disk);
        Marks marks = Marks.create(faulty, DIRECTORY, ID);
        marks.register(1);
        marks.register(2);
        marks.clean(2, point(5));
        marks.sync();
        faulty.fullAfter(0);
        long end = 0;
        for (int i = 0; i < 10_000; i++) {
            marks.durable(1, point(++end));
            marks.sync();
        }
        assertTrue(marks.dirty(2), "must be synced before an acknowledgement");
        marks.sync();
        assertFalse(marks.dirty(2));
        disk.kill();
        try (Marks reopened = Marks.open(disk, DIRECTORY)) {
            Mark mark = new Mark();
            assertTrue(reopened.load(1, mark));
            assertTrue(mark.durable.endIndex < end, "there was no room for all of it");
            assertEquals("2 -1 " + point(5) + " 0", text(reopened, 2), "not clean any more");
        }

        Marks again = Marks.open(faulty, DIRECTORY);
        again.durable(1, point(end));
        again.sync();
        faulty.heal();
        again.sync();
        disk.powerCut();
        try (Marks reopened = Marks.open(disk, DIRECTORY)) {
            assertEquals("1 -1 " + point(end) + " 0", text(reopened, 1));
        }
    }

    @Test
    void letsEveryPartitionTakeBackCleanOnAFullDisk() throws IOException {
        FaultyDisk faulty = new FaultyDisk(disk);
        try (Marks marks = Marks.create(faulty, DIRECTORY, ID)) {
            marks.expect(LongStream.range(0, 3_000).toArray());
            for (int id = 0; id < 3_000; id++) {
                marks.clean(id, point(id));
            }
        }
        faulty.fullAfter(0);
        Marks marks = Marks.open(faulty, DIRECTORY);
        for (int id = 0; id < 3_000; id++) {
            assertTrue(marks.dirty(id));
            marks.sync();
        }
        long[] many = LongStream.range(3_000, 100_000).toArray();
        assertThrows(DiskFullException.class, () -> marks.expect(many));
        marks.remove(0);
        disk.powerCut();
        try (Marks reopened = Marks.open(disk, DIRECTORY)) {
            assertEquals("2999 -1 " + point(2_999) + " 0", text(reopened, 2_999));
            assertEquals(2_999, reopened.size());
        }
    }

    @Test
    void writesTheFileAnewAfterAFailedSyncAndLosesNothing() throws IOException {
        FaultyDisk faulty = new FaultyDisk(disk);
        Marks marks = Marks.create(faulty, DIRECTORY, ID);
        marks.register(1);
        marks.durable(1, point(9));
        faulty.failSyncs(1, FILE::equals);
        marks.sync();
        disk.powerCut();

        try (Marks reopened = Marks.open(disk, DIRECTORY)) {
            assertEquals("1 -1 " + point(9) + " 0", text(reopened, 1));
        }
    }

    @Test
    void saysSoWhenItCannotBeWrittenAtAll() throws IOException {
        FaultyDisk faulty = new FaultyDisk(disk);
        Marks marks = Marks.create(faulty, DIRECTORY, ID);
        marks.register(1);
        faulty.failSyncs(path -> true);
        marks.durable(1, point(9));
        assertThrows(IOException.class, marks::sync);
        assertThrows(IOException.class, () -> marks.register(2));
        assertFalse(marks.contains(2));
        faulty.heal();
        marks.register(2);
        disk.powerCut();
        try (Marks reopened = Marks.open(disk, DIRECTORY)) {
            assertEquals("1 -1 " + point(9) + " 0", text(reopened, 1));
            assertTrue(reopened.contains(2));
        }
    }
}
