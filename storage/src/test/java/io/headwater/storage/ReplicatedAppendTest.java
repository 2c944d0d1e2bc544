package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.headwater.record.BatchLayout;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** A log that takes the entries of another one, as a follower does. */
class ReplicatedAppendTest {
    private static final Path LEADER = Path.of("/leader");
    private static final Path FOLLOWER = Path.of("/follower");
    private static final Path FIRST_SEGMENT = Path.of("partitions/7/00000000000000000000.log");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open(Path path) throws IOException {
        return new TestDirectory(path, TestDirectory.SMALL, disk);
    }

    /** Sends entries as a leader does; returns how many bytes. */
    static long push(PartitionLog leader, PartitionLog follower, long untilIndex, int maxBytes) throws IOException {
        long bytes = 0;
        while (follower.endIndex() < untilIndex) {
            try (EntryRun run = leader.readEntries(follower.endIndex(), untilIndex, maxBytes)) {
                ByteBuffer entries = ByteBuffer.allocateDirect(run.bytes().sizeInBytes());
                run.bytes().copyTo(entries);
                follower.appendReplicated(entries.flip(), 5000);
                follower.flush();
                bytes += entries.limit();
                assertEquals(run.nextIndex(), follower.endIndex());
            }
        }
        return bytes;
    }

    /** Data and control entries in some epochs, some segments and some checkpoints. */
    private static void fill(TestDirectory dir, SplittableRandom random, int entries) throws IOException {
        PartitionLog log = dir.log();
        for (int i = 0; i < entries; i++) {
            if (random.nextInt(15) == 0) {
                dir.epoch++;
                log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1}), dir.epoch, 1000 + i);
            }
            if (random.nextInt(5) == 0) {
                log.appendControl(EntryKind.QUEUE_OPS, ByteBuffer.allocate(random.nextInt(200)), dir.epoch, 1000 + i);
            }
            if (random.nextInt(40) == 0) {
                log.sealOpen(1000 + i);
            }
            dir.append(log, 1000 + i, i, "a" + i, "b".repeat(random.nextInt(random.nextInt(10) == 0 ? 4000 : 300)));
        }
        dir.commit(log);
        dir.runBackground();
    }

    @Test
    void aFollowersSegmentsAreByteForByteItsLeaders() {
        Seeds.run(60, random -> {
            MemoryDisk both = new MemoryDisk();
            StorageConfig large = TestDirectory.SMALL.withSegmentBytes(32 << 10);
            StorageConfig small = TestDirectory.SMALL.withSegmentBytes(4 << 10);
            try (TestDirectory leader = new TestDirectory(LEADER, TestDirectory.SMALL, both)) {
                leader.log().checkpointSource(() -> ByteBuffer.allocate(random.nextInt(100)));
                TestDirectory follower = new TestDirectory(FOLLOWER, random.nextBoolean() ? large : small, both);
                for (int round = 0; round < 8; round++) {
                    fill(leader, random, random.nextInt(40));
                    follower.log().checkpointSource(() -> ByteBuffer.allocate(10));
                    push(leader.log(), follower.log(), leader.log().endIndex(), 1 << random.nextInt(6, 15));
                    follower.commit(follower.log());
                    // It must not end a segment, however old its records are.
                    follower.log().deleteOldSegments(1_000_000, 1, -1, 0, 0);
                    follower.log().sealOpen(1_000_000);
                    assertEquals(leader.log().endIndex(), follower.log().durableIndex());
                    assertEquals(leader.log().endOffset(), follower.log().endOffset());
                    assertEquals(leader.log().epochs(), follower.log().epochs());
                    if (random.nextInt(3) == 0) {
                        follower.close();
                        follower = new TestDirectory(FOLLOWER, random.nextBoolean() ? large : small, both);
                        follower.log().follow();
                    }
                }
                leader.log().sealOpen(5000);
                leader.commit(leader.log());
                push(leader.log(), follower.log(), leader.log().endIndex(), 1 << 14);
                follower.commit(follower.log());
                follower.close();
            }
            assertSameSegments(both);
        });
    }

    private static void assertSameSegments(MemoryDisk both) throws IOException {
        Path theirs = LEADER.resolve("partitions/7");
        Path ours = FOLLOWER.resolve("partitions/7");
        List<String> names = both.list(theirs);
        assertEquals(names, both.list(ours));
        assertTrue(names.size() > 2);
        for (String name : names) {
            assertArrayEquals(both.contents(theirs.resolve(name)), both.contents(ours.resolve(name)), name);
        }
    }

    /** Entries of every kind of shape, with a segment's end between them, as one buffer. */
    private ByteBuffer someEntries() throws IOException {
        try (TestDirectory dir = open(LEADER)) {
            PartitionLog log = dir.log();
            log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {7, 8, 9}));
            log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1}), 3, 1000);
            dir.append(log, 1000, 5, "first", "second");
            log.sealOpen(1001);
            dir.append(log, 1002, 6, "third");
            dir.commit(log);
            ByteBuffer entries = ByteBuffer.allocate(1 << 16);
            for (long at = 0; at < log.endIndex(); ) {
                try (EntryRun run = log.readEntries(at, log.endIndex(), 1 << 20)) {
                    run.bytes().copyTo(entries);
                    at = run.nextIndex();
                }
            }
            return entries.flip();
        }
    }

    private static String stateOf(PartitionLog log) throws IOException {
        return log.endIndex() + " " + log.endOffset() + " " + log.epochs() + " " + log.stats();
    }

    private static void refuse(PartitionLog log, ByteBuffer entries) throws IOException {
        String before = stateOf(log);
        assertThrows(InvalidEntriesException.class, () -> log.appendReplicated(entries, 1));
        log.flush();
        assertEquals(before, stateOf(log));
        assertNull(log.offlineReason());
    }

    @Test
    void refusesEntriesWithAnyBitFlippedAndChangesNothing() throws IOException {
        ByteBuffer entries = someEntries();
        try (TestDirectory dir = open(FOLLOWER)) {
            PartitionLog log = dir.log();
            for (int bit = 0; bit < entries.limit() * 8; bit++) {
                entries.put(bit / 8, (byte) (entries.get(bit / 8) ^ 1 << bit % 8));
                refuse(log, entries.duplicate());
                entries.put(bit / 8, (byte) (entries.get(bit / 8) ^ 1 << bit % 8));
            }
            for (int limit = 1; limit < entries.limit(); limit++) {
                ByteBuffer cut = entries.duplicate().limit(limit);
                if (!endsBetweenEntries(cut)) {
                    refuse(log, cut);
                }
            }
            log.appendReplicated(entries, 1);
            dir.commit(log);
        }
        assertArrayEquals(
                memory.contents(LEADER.resolve(FIRST_SEGMENT)), memory.contents(FOLLOWER.resolve(FIRST_SEGMENT)));
    }

    private static boolean endsBetweenEntries(ByteBuffer entries) {
        int at = 0;
        while (at + 4 <= entries.limit()) {
            at += entries.getInt(at);
        }
        return at == entries.limit();
    }

    /** Computes an envelope's checksum anew: a lie that is signed. */
    private static void sign(ByteBuffer entry) {
        boolean data = entry.get(Envelope.KIND_AT) == EntryKind.DATA.id();
        byte[] bytes = Arrays.copyOf(entry.array(), entry.limit());
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, Envelope.CRC_AT);
        crc.update(bytes, Envelope.SIZE, data ? BatchLayout.HEADER_SIZE : 0);
        entry.putInt(Envelope.CRC_AT, (int) crc.getValue());
    }

    /** An entry that is whole, of no records yet. */
    private static ByteBuffer control(long index, int epoch, long timeMs) {
        ByteBuffer entry = ByteBuffer.allocate(Envelope.SIZE);
        new Envelope()
                .wrap(entry, 0)
                .encodeControl(EntryKind.GROUP_OPS, ByteBuffer.allocate(0), index, 0, epoch, timeMs);
        return entry;
    }

    @Test
    void refusesEntriesThatContradictTheLogOrThemselves() throws IOException {
        ByteBuffer all = someEntries();
        // Behind the checkpoint and the start of the epoch.
        int first = all.getInt(0) + all.getInt(all.getInt(0));
        try (TestDirectory dir = open(FOLLOWER)) {
            PartitionLog log = dir.log();
            log.appendReplicated(all.duplicate().limit(first), 1);
            dir.commit(log);
            byte[] next = Arrays.copyOfRange(all.array(), first, first + all.getInt(first));
            for (int at : new int[] {
                Envelope.ENTRY_INDEX_AT + 7,
                Envelope.BASE_OFFSET_AT + 7,
                Envelope.FURTHER_ENTRIES_AT + 1,
                Envelope.RECORD_COUNT_AT + 3,
                Envelope.LEADER_EPOCH_AT,
                Envelope.LEADER_EPOCH_AT + 3,
                Envelope.INGESTION_TIME_AT,
                Envelope.PAYLOAD_CRC_AT,
                Envelope.SIZE + BatchLayout.BASE_OFFSET + 7,
                Envelope.SIZE + BatchLayout.LENGTH + 3,
                Envelope.SIZE + BatchLayout.LEADER_EPOCH + 3,
                Envelope.SIZE + BatchLayout.MAGIC,
                Envelope.SIZE + BatchLayout.CRC,
                Envelope.SIZE + BatchLayout.LAST_OFFSET_DELTA + 3,
                Envelope.SIZE + BatchLayout.RECORD_COUNT,
            }) {
                ByteBuffer lie = ByteBuffer.wrap(next.clone());
                // The highest bits of epoch and time make them negative, the others just other numbers.
                lie.put(at, (byte) (lie.get(at) ^ 0x84));
                sign(lie);
                refuse(log, lie);
            }
            refuse(log, control(2, 2, 1000));
            refuse(log, control(2, 3, 999));
            refuse(log, control(3, 3, 1000));
            // The same entry a second time, and one from further on.
            refuse(log, all.duplicate().limit(first).position(all.getInt(0)));
            refuse(log, all.duplicate().position(first + all.getInt(first)));
            log.appendReplicated(ByteBuffer.wrap(next), 1);
            assertEquals(3, log.endIndex());
        }
    }

    @Test
    void refusesOnAFullDiskAndTakesTheSameBytesWhenThereIsRoom() throws IOException {
        ByteBuffer entries = someEntries();
        for (int room = 0; room < 20_000; room += 900) {
            FaultyDisk full = new FaultyDisk(new MemoryDisk());
            try (TestDirectory dir = new TestDirectory(FOLLOWER, TestDirectory.SMALL, full)) {
                PartitionLog log = dir.log();
                full.fullAfter(room);
                try {
                    log.appendReplicated(entries.duplicate(), 1);
                } catch (DiskFullException e) {
                    // All entries up to the segment's end, or none.
                    assertTrue(log.endIndex() == 0 || log.endIndex() == 4, "end: " + log.endIndex());
                }
                full.heal();
                ByteBuffer rest = entries.duplicate();
                for (long i = log.endIndex(); i > 0 && rest.hasRemaining(); i--) {
                    rest.position(rest.position() + rest.getInt(rest.position()));
                }
                log.appendReplicated(rest, 1);
                dir.commit(log);
                assertEquals(List.of("0:first", "1:second", "2:third"), LogContent.all(log));
            }
        }
    }

    @Test
    void leadsAfterItHasFollowedInAHigherEpochOnly() throws IOException {
        ByteBuffer entries = someEntries();
        try (TestDirectory dir = open(FOLLOWER)) {
            PartitionLog log = dir.log();
            log.appendReplicated(entries, 1);
            dir.commit(log);
            assertThrows(IllegalArgumentException.class, () -> dir.append(log, 1, 1, "same epoch"));
            log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1}), 4, 1);
            dir.append(log, 1, 1, "led");
            dir.commit(log);
            assertEquals("3:led", LogContent.all(log).get(3));
            assertEquals(2, log.stats().segments());
            log.sealOpen(2);
            assertEquals(3, log.stats().segments());
        }
    }

    @Test
    void allocatesNothingPerRecordOrPerEntry() throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        StorageConfig large = TestDirectory.SMALL.withSegmentBytes(4 << 20);
        try (TestDirectory leader = new TestDirectory(LEADER, large, disk);
                TestDirectory follower = new TestDirectory(FOLLOWER, large, disk)) {
            long few = Long.MAX_VALUE;
            long many = Long.MAX_VALUE;
            for (int round = 0; round < 50; round++) {
                few = Math.min(few, pushed(leader, follower, 1, threads));
                many = Math.min(many, pushed(leader, follower, 100, threads));
            }
            assertTrue(many - few < 500, "bytes for 1 entry: " + few + ", for 100: " + many);
        }
    }

    private static long pushed(TestDirectory leader, TestDirectory follower, int entries, ThreadMXBean threads)
            throws IOException {
        for (int i = 0; i < entries; i++) {
            leader.append(leader.log(), 1000, 1, "a", "b", "c");
        }
        leader.commit(leader.log());
        leader.runBackground();
        long until = leader.log().endIndex();
        push(leader.log(), follower.log(), until - entries, 1 << 20);
        follower.commit(follower.log());
        follower.runBackground();
        try (EntryRun run = leader.log().readEntries(until - entries, until, 1 << 20)) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(run.bytes().sizeInBytes());
            run.bytes().copyTo(bytes);
            bytes.flip();
            long before = threads.getCurrentThreadAllocatedBytes();
            follower.log().appendReplicated(bytes, 5000);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            push(leader.log(), follower.log(), until, 1 << 20);
            follower.commit(follower.log());
            return allocated;
        }
    }
}
