package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class JournalTest {
    private static final int TAG = 0x54455354; // "TEST"
    private static final Path DIRECTORY = Path.of("/data");
    private static final Path FILE = DIRECTORY.resolve("journal");

    private final MemoryDisk disk = formatted();

    private static MemoryDisk formatted() {
        MemoryDisk disk = new MemoryDisk();
        disk.createDirectories(DIRECTORY);
        return disk;
    }

    private static Journal open(Disk disk, List<byte[]> into) throws IOException {
        return Journal.open(disk, FILE, TAG, into::add);
    }

    private static List<byte[]> reopened(Disk disk) throws IOException {
        List<byte[]> records = new ArrayList<>();
        open(disk, records).close();
        return records;
    }

    private static byte[] record(int number, int length) {
        byte[] record = new byte[length];
        new SplittableRandom(number).nextBytes(record);
        return record;
    }

    private static List<byte[]> records(int count) {
        List<byte[]> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            records.add(record(i, 1 + i * 7 % 40));
        }
        return records;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size(), "records");
        assertPrefix(actual, expected);
    }

    private static void assertPrefix(List<byte[]> prefix, List<byte[]> whole) {
        assertTrue(prefix.size() <= whole.size(), () -> prefix.size() + " records of " + whole.size());
        for (int i = 0; i < prefix.size(); i++) {
            assertArrayEquals(whole.get(i), prefix.get(i), "record " + i);
        }
    }

    private void write(List<byte[]> records, boolean closed) throws IOException {
        Journal journal = open(disk, new ArrayList<>());
        for (byte[] record : records) {
            journal.append(record);
            journal.sync();
        }
        if (closed) {
            journal.close();
        } else {
            disk.kill();
        }
    }

    @Test
    void replaysWhatWasAppendedInOrder() throws IOException {
        List<byte[]> written = records(100);
        written.add(record(100, 3_000_000));
        written.add(record(101, 1));
        write(written, true);

        assertSame(written, reopened(disk));
        assertSame(written, reopened(disk));
    }

    @Test
    void laysOutItsBytesAsDocumented() throws IOException {
        Journal journal = open(disk, new ArrayList<>());
        journal.append(new byte[] {1, 2, 3});
        journal.close();

        byte[] bytes = disk.contents(FILE);
        assertEquals(
                // file header: magic, version, tag, generation, reserved, crc
                "68656164776a6e6c" + "00000001" + "54455354" + "0000000000000001" + "00".repeat(36) + "b46a760c"
                        // a record without payload: all before byte 64 was synced when the file got its name
                        + "00000010" + "c2ef41eb" + "0000000000000040"
                        // the record, padded to 8
                        + "00000013" + "730f2f7b" + "0000000000000050" + "010203" + "0000000000"
                        // written by close
                        + "00000010" + "edd818a5" + "0000000000000068"
                        + "00".repeat(8),
                HexFormat.of().formatHex(bytes, 0, 128));
        for (int i = 120; i < bytes.length; i++) {
            assertEquals(0, bytes[i], "preallocated byte " + i);
        }
    }

    @Test
    void keepsEveryWholeRecordWhereverItsTailIsTornOff() throws IOException {
        List<byte[]> written = records(6);
        write(written, false);
        byte[] whole = disk.contents(FILE);
        int end = (int) JournalLayout.aligned(lastByteIn(whole) + 1);

        for (int cut = JournalLayout.FILE_HEADER; cut <= end; cut++) {
            for (int tail : new int[] {0, whole.length - cut}) {
                disk.put(FILE, Arrays.copyOf(Arrays.copyOf(whole, cut), cut + tail));
                List<byte[]> found = new ArrayList<>();
                Journal journal = open(disk, found);
                assertPrefix(found, written);
                assertTrue(cut < end || found.size() == written.size(), "nothing was cut, all is there");
                journal.append(new byte[] {42});
                journal.close();
                List<byte[]> expected = new ArrayList<>(found);
                expected.add(new byte[] {42});
                assertSame(expected, reopened(disk));
            }
        }
    }

    private static int lastByteIn(byte[] bytes) {
        int last = bytes.length - 1;
        while (bytes[last] == 0) {
            last--;
        }
        return last;
    }

    @Test
    void doesNotReviveARecordThatStoodBehindACut() throws IOException {
        Journal journal = open(disk, new ArrayList<>());
        journal.append(new byte[] {1});
        journal.sync();
        long torn = journal.size();
        journal.append(new byte[] {2});
        journal.append(new byte[] {3});
        journal.write();
        disk.kill();
        disk.flipBit(FILE, torn + JournalLayout.RECORD_HEAD, 0);

        List<byte[]> found = new ArrayList<>();
        Journal again = open(disk, found);
        assertSame(List.of(new byte[] {1}), found);
        again.append(new byte[] {4});
        again.sync();
        disk.kill();
        assertSame(List.of(new byte[] {1}, new byte[] {4}), reopened(disk));
    }

    @Test
    void refusesAFileShorterThanItsHeader() throws IOException {
        write(records(3), true);
        byte[] whole = disk.contents(FILE);

        for (int cut = 0; cut < JournalLayout.FILE_HEADER; cut++) {
            disk.put(FILE, Arrays.copyOf(whole, cut));
            assertThrows(CorruptJournalException.class, () -> reopened(disk));
        }
    }

    @Test
    void detectsEveryFlippedBitAfterACleanStopOrIsNotHurtByIt() throws IOException {
        List<byte[]> written = records(6);
        write(written, true);
        byte[] whole = disk.contents(FILE);
        int end = (int) JournalLayout.aligned(lastByteIn(whole) + 1);
        int lastRecord = end - JournalLayout.RECORD_HEAD;
        int refused = 0;

        for (int at = 0; at < end + 64; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) (1 << bit);
                disk.put(FILE, damaged);
                if (at < lastRecord) {
                    assertThrows(CorruptJournalException.class, () -> reopened(disk), "byte " + at);
                    assertArrayEquals(damaged, disk.contents(FILE), "a damaged file is left as it is");
                    refused++;
                } else {
                    assertSame(written, reopened(disk));
                }
            }
        }
        assertEquals(8 * lastRecord, refused);
    }

    @Test
    void namesWhereItIsDamaged() throws IOException {
        write(records(6), true);
        disk.flipBit(FILE, 100, 3);

        CorruptJournalException e = assertThrows(CorruptJournalException.class, () -> reopened(disk));
        assertEquals(FILE, e.file());
        assertTrue(e.position() >= 80 && e.position() <= 100, e.getMessage());
        assertTrue(e.toString().contains(FILE + ": damaged at byte " + e.position()), e.getMessage());
    }

    @Test
    void detectsDamageToARewrittenFileThatNothingWasAppendedTo() throws IOException {
        Journal journal = open(disk, new ArrayList<>());
        journal.rewrite(records(6));
        disk.kill();
        byte[] whole = disk.contents(FILE);
        int lastRecord = (int) JournalLayout.aligned(lastByteIn(whole) + 1) - JournalLayout.RECORD_HEAD;

        for (int at = 0; at < lastRecord; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 16;
            disk.put(FILE, damaged);
            assertThrows(CorruptJournalException.class, () -> reopened(disk), "byte " + at);
        }
    }

    @Test
    void takesNoRecordFromAnotherPlaceAndNoFileOfAnotherKind() throws IOException {
        write(records(1), true);
        byte[] whole = disk.contents(FILE);
        byte[] stale = whole.clone();
        int first = JournalLayout.FILE_HEADER + JournalLayout.RECORD_HEAD;
        System.arraycopy(whole, first, stale, first + 24, 24);
        disk.put(FILE, stale);
        assertSame(records(1), reopened(disk));

        disk.put(FILE, whole);
        CorruptJournalException e =
                assertThrows(CorruptJournalException.class, () -> Journal.open(disk, FILE, TAG + 1, record -> {}));
        assertTrue(e.toString().contains("0x54455354"), e.getMessage());
    }

    @Test
    void losesNothingSyncedInAPowerCut() {
        AtomicInteger unsyncedLost = new AtomicInteger();
        Seeds.run(400, random -> unsyncedLost.addAndGet(cutPowerAfterRandomUse(random, formatted(), true)));
        assertTrue(unsyncedLost.get() > 100, "the cuts did hit: " + unsyncedLost);
    }

    @Test
    void losesRecordsInAPowerCutWhenSyncsDoNothing() {
        AtomicInteger lost = new AtomicInteger();
        Seeds.run(100, random -> {
            MemoryDisk lying = formatted();
            open(lying, new ArrayList<>()).close();
            lost.addAndGet(cutPowerAfterRandomUse(random, lying.ignoreSyncs(), false));
        });
        assertTrue(lost.get() > 0, "the test above can fail");
    }

    /** Returns how many records were lost that were allowed to be. */
    private static int cutPowerAfterRandomUse(SplittableRandom random, MemoryDisk disk, boolean honest)
            throws IOException {
        List<byte[]> expected = new ArrayList<>();
        int lost = 0;
        int synced = 0;
        for (int life = 0; life < 3; life++) {
            List<byte[]> found = new ArrayList<>();
            Journal journal;
            try {
                journal = open(disk, found);
            } catch (CorruptJournalException | java.nio.file.NoSuchFileException e) {
                assertFalse(honest, "an honest disk is never found damaged: " + e);
                return lost + 1;
            }
            assertPrefix(found, expected);
            lost += expected.size() - found.size();
            if (honest) {
                assertTrue(found.size() >= synced, found.size() + " records, synced were " + synced);
            }
            expected = new ArrayList<>(found);
            synced = found.size();
            for (int i = random.nextInt(60); i > 0; i--) {
                byte[] record = record(random.nextInt(), 1 + random.nextInt(random.nextInt(20) == 0 ? 3000 : 100));
                journal.append(record);
                expected.add(record);
                switch (random.nextInt(12)) {
                    case 0, 1 -> {
                        journal.sync();
                        synced = expected.size();
                    }
                    case 2, 3, 4 -> journal.write();
                    case 5 -> {
                        journal.rewrite(expected);
                        synced = expected.size();
                    }
                    default -> {}
                }
            }
            disk.powerCut(random);
        }
        return lost;
    }

    @Test
    void keepsTheOldOrTheNewRecordsWhenThePowerGoesDuringARewrite() {
        Seeds.run(300, random -> {
            MemoryDisk inner = formatted();
            FaultyDisk faulty = new FaultyDisk(inner);
            List<byte[]> old = records(20);
            Journal journal = open(faulty, new ArrayList<>());
            for (byte[] record : old) {
                journal.append(record);
            }
            journal.sync();
            List<byte[]> fresh = records(40).subList(20, 40);
            faulty.failSyncs(1, path -> random.nextBoolean());
            boolean done = false;
            try {
                journal.rewrite(fresh);
                done = true;
            } catch (IOException expected) {
                // Then either may be there.
            }
            inner.powerCut(random);
            List<byte[]> found = reopened(inner);
            assertSame(done || found.get(0)[0] == fresh.get(0)[0] ? fresh : old, found);
        });
    }

    @Test
    void refusesDefinitelyOnAFullDiskAndGoesOnWhenThereIsRoom() throws IOException {
        FaultyDisk faulty = new FaultyDisk(disk);
        Journal journal = open(faulty, new ArrayList<>());
        journal.append(new byte[] {1});
        journal.sync();
        faulty.fullAfter(100_000);

        journal.append(new byte[500_000]);
        assertThrows(DiskFullException.class, journal::sync);
        journal.append(new byte[] {2});
        journal.sync();
        journal.append(new byte[500_000]);
        assertThrows(DiskFullException.class, () -> journal.rewrite(List.of(new byte[500_000])));
        assertThrows(DiskFullException.class, journal::sync);
        faulty.heal();
        journal.append(new byte[] {3});
        journal.append(new byte[500_000]);
        journal.sync();
        disk.powerCut();

        assertSame(List.of(new byte[] {1}, new byte[] {2}, new byte[] {3}, new byte[500_000]), reopened(disk));
        assertEquals(List.of("journal"), disk.list(DIRECTORY), "nothing is left behind");
    }

    @Test
    void isNotUsedAgainAfterAFailedSyncUntilItIsRewritten() throws IOException {
        FaultyDisk faulty = new FaultyDisk(disk);
        Journal journal = open(faulty, new ArrayList<>());
        journal.append(new byte[] {1});
        faulty.failSyncs(1, path -> true);

        assertThrows(IOException.class, journal::sync);
        assertThrows(IllegalStateException.class, journal::sync, "a second sync would prove nothing");
        assertThrows(IllegalStateException.class, () -> journal.append(new byte[] {2}));
        journal.rewrite(List.of(new byte[] {1}, new byte[] {2}));
        journal.append(new byte[] {3});
        journal.sync();
        disk.powerCut();

        assertSame(List.of(new byte[] {1}, new byte[] {2}, new byte[] {3}), reopened(disk));
    }

    @Test
    void passesOnAReadErrorAndChangesNothing() throws IOException {
        List<byte[]> written = records(6);
        write(written, true);
        FaultyDisk faulty = new FaultyDisk(disk);
        faulty.failReads(path -> true, 80, 90);

        IOException e = assertThrows(IOException.class, () -> reopened(faulty));
        assertFalse(e instanceof CorruptJournalException, "an unreadable disk is not a damaged file");
        faulty.heal();
        assertSame(written, reopened(faulty));
    }
}
