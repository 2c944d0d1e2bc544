package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EntryKind;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionLogTest {
    @TempDir
    Path path;

    private TestDirectory open() throws Exception {
        return new TestDirectory(path, TestDirectory.SMALL, new FileSystemDisk());
    }

    @Test
    void givesBackWhatWasAppended() throws Exception {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            assertEquals(0, dir.append(log, 10, 5, "a", "b"));
            assertEquals(2, dir.append(log, 11, 6, "c"));
            dir.commit(log);
            assertEquals(3, log.durableOffset());
            assertEquals(List.of("0:a", "1:b", "2:c"), LogContent.all(log));
            assertEquals(List.of("1:b", "2:c"), LogContent.range(log, 1, 3, 1, null));
        }
    }

    @Test
    void touchesNoFileBeforeTheFirstAppend() throws Exception {
        try (TestDirectory dir = open()) {
            for (int id = 0; id < 100; id++) {
                PartitionLog log = dir.directory.log(id);
                assertEquals(0, log.endOffset());
                assertFalse(dir.directory.exists(id));
            }
            try (var files = Files.list(path.resolve("partitions"))) {
                assertEquals(0, files.count());
            }
        }
    }

    @Test
    void keepsOrderWhenSegmentsRollAndAfterARestart() throws Exception {
        List<String> expected = new ArrayList<>();
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            for (int i = 0; i < 500; i++) {
                String value = "value-" + i + "-" + "x".repeat(i % 90);
                expected.add(i + ":" + value);
                dir.append(log, 1000 + i, i, value);
                if (i % 7 == 0) {
                    dir.commit(log);
                    dir.runBackground();
                }
            }
            dir.commit(log);
            assertTrue(log.stats().segments() > 5, log.stats().toString());
            assertEquals(expected, LogContent.all(log));
        }
        try (TestDirectory dir = open()) {
            assertEquals(expected, LogContent.all(dir.log()));
            assertEquals(500, dir.log().endOffset());
        }
    }

    /** Zeros in one go hold up every sync until they are on disk. */
    @Test
    void preallocatesAPieceForEachPieceThatIsUsedUp() throws Exception {
        StorageConfig roomy =
                new StorageConfig(64 << 20, 64 << 10, 4 << 20, Long.MAX_VALUE, 4096, 1 << 20, SyncMode.OFF);
        int piece = 256 << 10;
        try (TestDirectory dir = new TestDirectory(path, roomy, new FileSystemDisk())) {
            PartitionLog log = dir.log();
            String value = "x".repeat(8 << 10);
            Path file = path.resolve("partitions/7/00000000000000000000.log");
            long size = 0;
            long largest = 0;
            for (int i = 0; i < 3_000; i++) {
                // At a pace that makes the steps as large as they get.
                dir.append(log, 1_000 + i / 100, i, value);
                log.flush();
                dir.runBackground();
                long grown = Files.size(file) - size;
                size += grown;
                boolean steady = i > 2_000;
                largest = Math.max(largest, steady ? grown : 0);
            }
            assertTrue(size > 3_000L * value.length() + (3 << 20), "preallocates " + size + " bytes in all");
            assertTrue(largest > 0 && largest <= piece, "preallocates " + largest + " bytes at once");
        }
    }

    @Test
    void servesOnlyDataAndReplaysEverything() throws Exception {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(new byte[] {1, 2}), 3, 5);
            dir.append(log, 5, 5, "a");
            log.appendControl(EntryKind.GROUP_OPS, ByteBuffer.wrap(new byte[] {9}), 3, 5);
            dir.append(log, 5, 5, "b");
            dir.commit(log);
            assertEquals(List.of("0:a", "1:b"), LogContent.all(log));
            List<String> seen = new ArrayList<>();
            log.replay((envelope, payload) -> seen.add(envelope.kind() + " " + payload.remaining()));
            assertEquals(List.of("EPOCH_START 2", "DATA 61", "GROUP_OPS 1", "DATA 61"), seen);
        }
    }

    @Test
    void refusesOffsetsItDoesNotHave() throws Exception {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            dir.append(log, 5, 5, "a");
            dir.commit(log);
            OffsetOutOfRangeException refused =
                    assertThrows(OffsetOutOfRangeException.class, () -> log.read(2, 5, 100, null));
            assertEquals(1, refused.endOffset());
            assertEquals(0, log.read(1, 5, 100, null).sizeInBytes());
        }
    }
}
