package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
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
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class EpochTableTest {
    private static final Path PATH = Path.of("/data");

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);

    private TestDirectory open() throws IOException {
        return new TestDirectory(PATH, TestDirectory.SMALL, disk);
    }

    @Test
    void saysWhereEachEpochBeganThroughRestartsCrashesAndRetention() {
        Seeds.run(200, random -> new Run(random).steps(80));
    }

    private static final class Run {
        private final SplittableRandom random;
        private final MemoryDisk disk = new MemoryDisk();
        private final List<EpochStart> begun = new ArrayList<>();
        private TestDirectory dir;
        private PartitionLog log;
        private int epoch = -1;

        Run(SplittableRandom random) throws IOException {
            this.random = random;
            this.dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
            opened();
        }

        private void opened() throws IOException {
            dir.epoch = 0;
            log = dir.log();
            if (random.nextBoolean()) {
                log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {7}));
            }
        }

        void steps(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                step();
                assertEquals(expected(), log.epochs());
            }
            dir.close();
            List<LogVerifier.Finding> findings = new ArrayList<>();
            assertTrue(LogVerifier.verify(disk, PATH, findings::add).intact(), findings.toString());
        }

        private void step() throws IOException {
            int dice = random.nextInt(100);
            if (dice < 60) {
                append();
            } else if (dice < 75) {
                dir.commit(log);
                dir.runBackground();
            } else if (dice < 80) {
                log.hibernate();
            } else if (dice < 86) {
                log.deleteOldSegments(100_000, random.nextBoolean() ? 1000 : -1, random.nextInt(30_000));
            } else if (dice < 93) {
                dir.close();
                reopen();
            } else {
                if (random.nextBoolean()) {
                    disk.kill();
                } else {
                    disk.powerCut(random.split());
                }
                reopen();
            }
        }

        private void append() throws IOException {
            if (epoch < 0 || random.nextInt(4) == 0) {
                epoch += random.nextInt(1, 3);
                begun.add(new EpochStart(epoch, log.endIndex()));
                byte[] payload = new byte[random.nextInt(300)];
                log.appendControl(EntryKind.EPOCH_START, ByteBuffer.wrap(payload), epoch, 1000);
            }
            dir.append(log, 1000, 1, "x".repeat(random.nextInt(2000)));
        }

        private List<EpochStart> expected() {
            List<EpochStart> retained = new ArrayList<>();
            for (EpochStart start : begun) {
                if (start.firstIndex() <= log.startIndex()) {
                    retained.clear();
                }
                retained.add(new EpochStart(start.epoch(), Math.max(start.firstIndex(), log.startIndex())));
            }
            return retained;
        }

        private void reopen() throws IOException {
            dir = new TestDirectory(PATH, TestDirectory.SMALL, disk);
            opened();
            begun.removeIf(start -> start.firstIndex() >= log.endIndex());
            epoch = log.lastEpoch();
        }
    }

    private void manyEpochsInManySegments() throws IOException {
        try (TestDirectory dir = open()) {
            for (int i = 0; i < 300; i++) {
                dir.epoch = 1 + i / 20;
                dir.append(dir.log(), 1, 1, "x".repeat(500));
                dir.commit(dir.log());
                dir.runBackground();
            }
            assertEquals(15, dir.log().epochs().size());
        }
    }

    @Test
    void readsNoSealedSegmentToKnowItsEpochs() throws IOException {
        manyEpochsInManySegments();
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            long before = disk.bytesRead();
            assertEquals(15, log.epochs().size());
            long read = disk.bytesRead() - before;
            assertTrue(log.stats().bytes() > 150_000 && read < 60_000, "read " + read);
            before = disk.bytesRead();
            log.epochs();
            assertEquals(before, disk.bytesRead());
        }
    }

    @Test
    void findsTheEpochsWhereTheIndexIsMissingOrOfAnEarlierVersion() throws IOException {
        manyEpochsInManySegments();
        List<EpochStart> expected;
        try (TestDirectory dir = open()) {
            expected = dir.log().epochs();
        }
        boolean earlier = false;
        for (String name : memory.list(PATH.resolve("partitions/7"))) {
            if (name.endsWith(".index")) {
                Path file = PATH.resolve("partitions/7").resolve(name);
                earlier = !earlier;
                byte[] index = withoutEpochs(memory.contents(file));
                memory.delete(file);
                if (earlier) {
                    memory.put(file, index);
                }
            }
        }
        try (TestDirectory dir = open()) {
            assertEquals(expected, dir.log().epochs());
        }
    }

    /** As an index was before it had them. */
    private static byte[] withoutEpochs(byte[] index) {
        int count = ByteBuffer.wrap(index).getInt(SegmentSummary.SIZE);
        byte[] bytes = Arrays.copyOf(index, SegmentSummary.SIZE + 4 + count * 40 + 4);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - 4);
        ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) crc.getValue());
        return bytes;
    }

    @Test
    void holdsNothingForALogThatWasNeverWrittenTo() throws IOException {
        try (TestDirectory dir = open()) {
            assertSame(List.of(), dir.log().epochs());
        }
    }

    @Test
    void namesTheLastEpochWhereNoEntryIsLeft() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            dir.epoch = 3;
            dir.append(log, 1, 1, "a");
            dir.commit(log);
            log.deleteOldSegments(10_000, 100, -1);
            dir.commit(log);
            assertEquals(1, log.deleteOldSegments(10_000, 100, -1));
            assertEquals(List.of(new EpochStart(3, 2)), log.epochs());
        }
        try (TestDirectory dir = open()) {
            assertEquals(List.of(new EpochStart(3, 2)), dir.log().epochs());
        }
    }

    @Test
    void putsTheEndOfASegmentIntoTheEpochThatMakesIt() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            log.checkpointSource(() -> ByteBuffer.wrap(new byte[] {7}));
            dir.append(log, 1, 1, "x".repeat(5000));
            dir.epoch = 2;
            long end = log.endIndex();
            dir.append(log, 1, 1, "x".repeat(5000));
            assertEquals(2, log.stats().segments());
            assertEquals(List.of(new EpochStart(1, 0), new EpochStart(2, end)), log.epochs());
        }
    }

    @Test
    void refusesAnEpochBelowTheLastOne() throws IOException {
        try (TestDirectory dir = open()) {
            PartitionLog log = dir.log();
            log.appendControl(EntryKind.EPOCH_START, ByteBuffer.allocate(1), 5, 1);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> log.appendControl(EntryKind.EPOCH_START, ByteBuffer.allocate(1), 4, 1));
            assertEquals(1, log.endIndex());
        }
    }
}
