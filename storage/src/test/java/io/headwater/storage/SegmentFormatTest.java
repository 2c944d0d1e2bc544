package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SegmentFormatTest {
    private static final Path PATH = Path.of("/data");

    /** A change of these bytes is a new format version, and a new page in the documentation. */
    @Test
    void writesTheBytesOfTheGoldenFiles() throws IOException {
        MemoryDisk disk = new MemoryDisk();
        try (TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk)) {
            PartitionLog log = dir.log();
            log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1, 2, 3}), 4, 1000);
            dir.append(log, 1001, new long[] {900, 1100}, "first", "second");
            dir.commit(log);
            // Seals it: its record has outlived the retention.
            log.deleteOldSegments(5000, 100, -1);
            dir.commit(log);
        }
        Path partition = PATH.resolve("partitions/7");
        assertEquals(golden("segment.hex"), hex(disk.contents(partition.resolve("00000000000000000000.log"))));
        assertEquals(golden("index.hex"), hex(disk.contents(partition.resolve("00000000000000000000.index"))));
    }

    private static String hex(byte[] bytes) {
        StringBuilder lines = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 16) {
            lines.append(HexFormat.of().formatHex(bytes, at, Math.min(bytes.length, at + 16)))
                    .append('\n');
        }
        return lines.toString();
    }

    private static String golden(String name) throws IOException {
        try (InputStream in = SegmentFormatTest.class.getResourceAsStream("/golden/" + name)) {
            return in == null ? "missing" : new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void dumpsEveryEntryAndSaysWhatIsWrongBehindTheLast() throws IOException {
        MemoryDisk disk = new MemoryDisk();
        try (TestDirectory dir = new TestDirectory(PATH, TestDirectory.SMALL, disk)) {
            for (int i = 0; i < 3; i++) {
                dir.append(dir.log(), i, i, "value-" + i);
            }
        }
        Path file = PATH.resolve("partitions/7/00000000000000000000.log");
        List<String> seen = new ArrayList<>();
        LogDumper.Dump dump = LogDumper.dump(
                disk,
                file,
                (at, entry, payload, intact) -> seen.add(
                        at + " " + entry.kind() + " " + entry.baseOffset() + " " + payload.remaining() + " " + intact));
        assertEquals(List.of("64 DATA 0 61 true", "203 DATA 1 61 true", "342 DATA 2 61 true"), seen);
        assertEquals(null, dump.problem());
        assertFalse(dump.sealed());
        disk.flipBit(file, 342 - 1, 1);
        disk.flipBit(file, 342 + 8, 1);
        seen.clear();
        dump = LogDumper.dump(disk, file, (at, entry, payload, intact) -> seen.add(at + " " + intact));
        assertEquals(List.of("64 true", "203 false"), seen);
        assertTrue(String.valueOf(dump.problem()).contains("checksum"));
        assertEquals(342, dump.end());
    }

    /** However many steps are merged, each lookup finds the step that a map of all entries finds, or one before it. */
    @Test
    void findsEveryEntryInAnIndexWhoseStepsWereMerged() {
        Seeds.run(3, random -> {
            SegmentIndex index = new SegmentIndex(100, 1);
            SegmentSummary all = SegmentSummary.of(new SegmentHeader(1, 100, 500, 0, 0));
            TreeMap<Long, Long> positions = new TreeMap<>();
            Envelope envelope = new Envelope().wrap(ByteBuffer.allocate(Envelope.SIZE), 0);
            for (int i = 0; i < 100_000; i++) {
                positions.put(all.endPosition, all.endIndex);
                ByteBuffer payload = ByteBuffer.allocate(random.nextInt(20));
                envelope.encodeControl(EntryKind.GROUP_OPS, payload, all.endIndex, all.endOffset, 1, i);
                index.add(envelope, all.endPosition);
                all.add(envelope, 0);
            }
            assertTrue(index.count() > 1 << 14 && index.count() <= 1 << 15, "steps: " + index.count());
            SegmentIndex read = SegmentIndex.decode(index.encode(all), all, 1);
            for (int step = 0; step < index.count(); step++) {
                assertEquals(positions.get(index.position(step)), index.entryIndex(step));
                assertTrue(index.holdsControl(step));
                assertEquals(step, index.stepOfPosition(index.position(step)));
                assertEquals(index.position(step), read == null ? -1 : read.position(step));
            }
        });
    }
}
