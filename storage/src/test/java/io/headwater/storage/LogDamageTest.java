package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What happens to a log whose bytes were changed, torn or removed while no process had them open. */
class LogDamageTest {
    private static final Path PATH = Path.of("/data");
    private static final Path PARTITION = PATH.resolve("partitions/7");
    private static final Path FIRST = PARTITION.resolve("00000000000000000000.log");
    private static final Path INDEX = PARTITION.resolve("00000000000000000000.index");

    private final MemoryDisk disk = new MemoryDisk();

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    private static void append(TestDirectory dir, int from, int to) throws StorageException {
        for (int i = from; i < to; i++) {
            dir.append(dir.log(), 1000 + i, i, "value-" + (char) ('a' + i % 26));
        }
    }

    private static List<String> expected(int count) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(i + ":value-" + (char) ('a' + i % 26));
        }
        return values;
    }

    /** Leaves {@code count} batches on the disk with the durable mark behind the first of them, as a crash does. */
    private void crashBehindMark(int marked, int count) throws IOException {
        TestDirectory dir = open();
        append(dir, 0, marked);
        dir.commit(dir.log());
        dir.directory.marks().sync();
        append(dir, marked, count);
        dir.log().flush();
        disk.kill();
    }

    @Test
    void cutsATornTailAtEveryByteOfTheLastEntries() throws IOException {
        crashBehindMark(2, 5);
        byte[] whole = disk.contents(FIRST);
        byte[] marks = disk.contents(PATH.resolve("marks"));
        long[] ends = ends(whole);
        for (int size = (int) ends[1]; size <= ends[4]; size++) {
            for (boolean zeros : new boolean[] {false, true}) {
                byte[] torn = Arrays.copyOf(whole, size);
                disk.put(FIRST, zeros ? Arrays.copyOf(torn, whole.length) : torn);
                disk.put(PATH.resolve("marks"), marks);
                int kept = 0;
                while (kept < 5 && ends[kept] <= size) {
                    kept++;
                }
                // The last bytes of an entry may be zeros themselves, and then nothing is torn.
                TestDirectory dir = open();
                assertTrue(dir.log().endOffset() >= kept && dir.log().endOffset() <= kept + (zeros ? 1 : 0));
                assertEquals(expected((int) dir.log().endOffset()), LogContent.all(dir.log()));
                disk.kill();
            }
        }
    }

    private static long[] ends(byte[] file) {
        long[] ends = new long[5];
        int at = SegmentHeader.SIZE;
        for (int i = 0; i < 5; i++) {
            at += ByteBuffer.wrap(file).getInt(at);
            ends[i] = at;
        }
        return ends;
    }

    @Test
    void neverRevivesAStaleTailBehindACut() throws IOException {
        crashBehindMark(1, 4);
        long[] ends = ends(Arrays.copyOf(disk.contents(FIRST), 1 << 14));
        disk.flipBit(FIRST, ends[0] + 70, 3);
        TestDirectory dir = open();
        assertEquals(expected(1), LogContent.all(dir.log()));
        // The length and the time of what was cut: entries 2 and 3 of the old tail would follow without a gap.
        dir.append(dir.log(), 1001, 1, "VALUE-B");
        dir.log().flush();
        disk.kill();
        dir = open();
        assertEquals(List.of("0:value-a", "1:VALUE-B"), LogContent.all(dir.log()));
        dir.close();
    }

    @Test
    void refusesAFlippedBitBelowTheMarkWhereverItIs() throws IOException {
        try (TestDirectory dir = open()) {
            append(dir, 0, 3);
        }
        byte[] whole = disk.contents(FIRST);
        byte[] marks = disk.contents(PATH.resolve("marks"));
        byte[] index = disk.contents(INDEX);
        int refused = 0;
        for (int position = 0; position < whole.length; position++) {
            disk.put(FIRST, whole);
            disk.put(PATH.resolve("marks"), marks);
            disk.put(INDEX, index);
            disk.flipBit(FIRST, position, position % 8);
            List<LogVerifier.Finding> findings = new ArrayList<>();
            assertFalse(LogVerifier.verify(disk, PATH, findings::add).intact(), "byte " + position);
            TestDirectory dir = open();
            try {
                LogContent.all(dir.log());
            } catch (CorruptLogException e) {
                refused++;
                assertEquals(FIRST, e.file());
            }
            disk.kill();
        }
        assertEquals(whole.length, refused);
    }

    /** What is derived comes from these payloads alone, and nobody else reads them. */
    @Test
    void neverReplaysWhatHasRottedOrWasCutOffWhereverItIs() throws IOException {
        try (TestDirectory dir = open()) {
            append(dir, 0, 1);
            for (int i = 0; i < 2; i++) {
                dir.log().appendControl(EntryKind.GROUP_OPS, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}), 1, 2000 + i);
            }
            dir.commit(dir.log());
        }
        byte[] whole = disk.contents(FIRST);
        byte[] marks = disk.contents(PATH.resolve("marks"));
        byte[] index = disk.contents(INDEX);
        int first = SegmentHeader.SIZE;
        for (int position = first + ByteBuffer.wrap(whole).getInt(first); position < whole.length; position++) {
            byte[] rotten = whole.clone();
            rotten[position] ^= (byte) (1 << position % 8);
            for (byte[] damaged : List.of(rotten, Arrays.copyOf(whole, position))) {
                disk.put(FIRST, damaged);
                disk.put(PATH.resolve("marks"), marks);
                disk.put(INDEX, index);
                TestDirectory dir = open();
                List<String> replayed = new ArrayList<>();
                CorruptLogException refused = assertThrows(
                        CorruptLogException.class,
                        () -> dir.log()
                                .replay((envelope, payload) -> replayed.add(envelope.kind() + " "
                                        + (payload.remaining() == 5 ? payload.getInt(payload.position()) : 0))));
                assertEquals(FIRST, refused.file());
                assertTrue(
                        Set.of("DATA 0", "GROUP_OPS " + 0x01020304).containsAll(replayed),
                        "byte " + position + ": " + replayed);
                assertTrue(replayed.size() < 3);
                disk.kill();
            }
        }
    }

    @Test
    void goesOfflineWhenItFindsDamageAndCutsNothing() throws IOException {
        try (TestDirectory dir = open()) {
            append(dir, 0, 3);
        }
        byte[] whole = disk.contents(FIRST);
        disk.flipBit(FIRST, whole.length - 1, 0);
        TestDirectory dir = open();
        PartitionLog log = dir.log();
        assertThrows(CorruptLogException.class, () -> LogContent.all(log));
        assertNotNull(log.offlineReason());
        assertThrows(LogOfflineException.class, () -> log.read(0, 1, 100, null));
        assertThrows(LogOfflineException.class, () -> dir.append(log, 1, 1, "x"));
        dir.close();
        assertEquals(whole.length, disk.contents(FIRST).length);
    }

    /** As by an old copy of the file: its index leads to the mark, so that only a read finds out. */
    @Test
    void aFileThatEndsBeforeTheMarkIsDamageAndNotABadDisk() throws IOException {
        try (TestDirectory dir = open()) {
            append(dir, 0, 3);
        }
        byte[] whole = disk.contents(FIRST);
        for (int size = 0; size < whole.length; size++) {
            disk.put(FIRST, Arrays.copyOf(whole, size));
            try (TestDirectory dir = open()) {
                assertThrows(CorruptLogException.class, () -> LogContent.all(dir.log()), "of " + size + " bytes");
            }
            try (TestDirectory dir = open()) {
                int half = size / 2;
                assertThrows(CorruptLogException.class, () -> {
                    dir.log().recheck(0, half);
                    dir.log().recheck(0, whole.length - 1);
                });
            }
        }
    }

    @Test
    void rebuildsABadFooterAndABadIndexOfASealedSegment() throws IOException {
        try (TestDirectory dir = open()) {
            append(dir, 0, 200);
        }
        byte[] whole = disk.contents(FIRST);
        byte[] goodIndex = disk.contents(INDEX);
        for (int position = whole.length - SegmentSummary.SIZE; position < whole.length; position++) {
            disk.flipBit(FIRST, position, 2);
            try (TestDirectory dir = open()) {
                assertEquals(expected(200), LogContent.all(dir.log()));
            }
            assertTrue(Arrays.equals(whole, disk.contents(FIRST)), "byte " + position);
        }
        for (int position = 0; position < goodIndex.length; position++) {
            disk.flipBit(INDEX, position, 5);
            try (TestDirectory dir = open()) {
                assertEquals(expected(200), LogContent.all(dir.log()));
            }
            assertTrue(Arrays.equals(goodIndex, disk.contents(INDEX)), "byte " + position);
        }
        disk.delete(INDEX);
        try (TestDirectory dir = open()) {
            assertEquals(expected(200), LogContent.all(dir.log()));
        }
        assertTrue(Arrays.equals(goodIndex, disk.contents(INDEX)));
    }

    @Test
    void refusesALogWithAMissingOrSwappedOrEmptySegment() throws IOException {
        try (TestDirectory dir = open()) {
            append(dir, 0, 400);
            assertTrue(dir.log().stats().segments() > 3);
        }
        List<Path> logs = new ArrayList<>();
        for (String name : disk.list(PARTITION)) {
            if (name.endsWith(".log")) {
                logs.add(PARTITION.resolve(name));
            }
        }
        for (int i = 0; i < logs.size(); i++) {
            byte[] good = disk.contents(logs.get(i));
            byte[] other = disk.contents(logs.get((i + 1) % logs.size()));
            disk.put(logs.get(i), other);
            refused();
            disk.put(logs.get(i), new byte[0]);
            refused();
            disk.delete(logs.get(i));
            refused();
            disk.put(logs.get(i), good);
        }
        try (TestDirectory dir = open()) {
            assertEquals(expected(400), LogContent.all(dir.log()));
        }
    }

    private void refused() throws IOException {
        TestDirectory dir = open();
        assertThrows(CorruptLogException.class, dir::log);
        List<LogVerifier.Finding> findings = new ArrayList<>();
        dir.close();
        assertFalse(LogVerifier.verify(disk, PATH, findings::add).intact());
    }

    @Test
    void refusesALogWhoseFirstFileIsGoneBeforeItsFirstMark() throws IOException {
        crashBehindMark(0, 400);
        List<String> names = disk.list(PARTITION);
        byte[] first = disk.contents(FIRST);
        disk.delete(FIRST);
        TestDirectory dir = open();
        CorruptLogException refused = assertThrows(CorruptLogException.class, dir::log);
        assertEquals(FIRST, refused.file());
        assertTrue(String.valueOf(refused.getMessage()).contains("put it back"), refused.getMessage());
        dir.close();
        refused();
        disk.put(FIRST, first);
        assertEquals(names, disk.list(PARTITION));
        try (TestDirectory again = open()) {
            assertEquals(expected(400), LogContent.all(again.log()));
        }
    }

    /** Power cuts before the first mark, with files that were never synced, and in the recovery from that. */
    @Test
    void takesNoCrashBeforeTheFirstMarkForDamage() {
        Set<String> left = new TreeSet<>();
        Seeds.run(500, random -> {
            MemoryDisk memory = new MemoryDisk();
            FaultyDisk faulty = new FaultyDisk(memory);
            TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, faulty);
            if (random.nextBoolean()) {
                dir.directory.marks().expect(new long[] {7});
            }
            int count = 0;
            for (int i = random.nextInt(12); i > 0; i--) {
                append(dir, count, count + 40);
                count += 40;
                dir.log().flush();
                for (int n = random.nextInt(3); n > 0 && !dir.background.isEmpty(); n--) {
                    dir.background.remove().run();
                }
            }
            memory.powerCut(random);
            left.add(firstAndOthers(memory));
            if (random.nextBoolean()) {
                faulty.failSyncs(path -> path.toString().contains("partitions"));
                TestDirectory failing = new TestDirectory(PATH, TestDirectory.SMALL, faulty);
                recover(failing);
                memory.powerCut(random);
                faulty.heal();
            }
            List<LogVerifier.Finding> findings = new ArrayList<>();
            assertTrue(LogVerifier.verify(memory, PATH, findings::add).intact(), findings.toString());
            try (TestDirectory again = new TestDirectory(PATH, TestDirectory.SMALL, memory)) {
                int kept = (int) again.log().endOffset();
                assertTrue(kept <= count, kept + " of " + count);
                assertEquals(expected(kept), LogContent.all(again.log()));
            }
        });
        assertEquals(
                Set.of("", "a whole first", "a whole first and others", "a torn first", "a torn first and others"),
                left);
    }

    private static void recover(TestDirectory dir) {
        try {
            dir.log();
        } catch (StorageException e) {
            assertFalse(e instanceof CorruptLogException, e.toString());
        }
    }

    private static String firstAndOthers(MemoryDisk disk) throws IOException {
        if (!disk.exists(PARTITION)) {
            return "";
        }
        long logs = disk.list(PARTITION).stream()
                .filter(name -> name.endsWith(".log"))
                .count();
        if (logs == 0) {
            return "";
        }
        boolean whole =
                SegmentHeader.decode(ByteBuffer.wrap(Arrays.copyOf(disk.contents(FIRST), SegmentHeader.SIZE))) != null;
        return "a " + (whole ? "whole" : "torn") + " first" + (logs > 1 ? " and others" : "");
    }
}
