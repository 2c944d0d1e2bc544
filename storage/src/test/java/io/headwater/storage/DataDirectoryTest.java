package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A data directory with its real threads on a real file system. */
class DataDirectoryTest {
    private static final UUID ID = new UUID(7, 11);

    @TempDir
    Path path;

    /** Lets a test wait for what is durable. */
    private static final class Durable implements DurabilityListener {
        final ConcurrentHashMap<Long, Long> ends = new ConcurrentHashMap<>();
        final Semaphore cycles = new Semaphore(0);

        @Override
        public void durable(long partitionId, long endIndex, long endOffset) {
            ends.put(partitionId, endOffset);
        }

        @Override
        public void failed(long partitionId, Throwable cause) {
            throw new AssertionError(cause);
        }

        @Override
        public void cycleEnded() {
            cycles.release();
        }

        void await(long partitionId, long offset) throws InterruptedException {
            while (ends.getOrDefault(partitionId, 0L) < offset) {
                cycles.acquire();
            }
        }
    }

    private DataDirectory open(DurabilityListener listener) throws StorageException {
        StorageConfig config = new StorageConfig(1 << 20, 4096, 1 << 18, 1 << 30, 4096, 1 << 20, SyncMode.EVERY_COMMIT);
        return DataDirectory.open(
                path,
                config,
                new FileSystemDisk(),
                SystemEpochClock.INSTANCE,
                SystemNanoClock.INSTANCE,
                () -> ID,
                listener);
    }

    @Test
    void keepsManyPartitionsApartWhileTheyRollAndAreRemoved() throws Exception {
        Durable durable = new Durable();
        EventTimes times = new EventTimes();
        List<List<String>> expected = new ArrayList<>();
        try (DataDirectory directory = open(durable)) {
            for (int round = 0; round < 60; round++) {
                for (int id = 0; id < 5; id++) {
                    if (round == 0) {
                        expected.add(new ArrayList<>());
                    }
                    PartitionLog log = directory.log(id);
                    for (int i = 0; i < 20; i++) {
                        String value = id + "-" + round + "-" + i + "x".repeat(3000);
                        RecordBatch batch = TestDirectory.batch(new long[] {i}, value);
                        long offset = log.appendData(batch, batch.eventTimes(times), 1, round);
                        expected.get(id).add(offset + ":" + value);
                    }
                    log.flush();
                }
                if (round % 10 == 9) {
                    durable.await(0, directory.log(0).endOffset());
                    directory.log(0).deleteOldSegments(round, -1, 1 << 20);
                }
            }
            assertTrue(directory.log(0).startOffset() > 0);
            for (int id = 0; id < 5; id++) {
                durable.await(id, directory.log(id).endOffset());
                PartitionLog log = directory.log(id);
                long start = log.startOffset();
                assertEquals(expected.get(id).subList((int) start, 1200), LogContent.all(log));
            }
        }
        assertTrue(LogVerifier.verify(new FileSystemDisk(), path, finding -> {
                    throw new AssertionError(finding);
                })
                .intact());
        try (DataDirectory directory = open(durable)) {
            for (int id = 0; id < 5; id++) {
                PartitionLog log = directory.log(id);
                assertEquals(expected.get(id).subList((int) log.startOffset(), 1200), LogContent.all(log));
            }
        }
    }

    @Test
    void knowsHowLargeTheLogsAreThatNobodyHasOpenedYet() throws Exception {
        Durable durable = new Durable();
        long[] sizes = new long[3];
        try (DataDirectory directory = open(durable)) {
            for (int id = 0; id < 3; id++) {
                PartitionLog log = directory.log(id);
                for (int i = 0; i < 400 * (id + 1); i++) {
                    RecordBatch batch = TestDirectory.batch(new long[] {i}, "x".repeat(3000));
                    log.appendData(batch, batch.eventTimes(new EventTimes()), 1, i);
                    log.flush();
                }
                durable.await(id, log.endOffset());
                sizes[id] = log.stats().bytes();
                assertTrue(log.stats().segments() > 1, "the control: older segments");
            }
            assertEquals(0, directory.unopenedBytes(), "each was opened");
        }
        try (DataDirectory directory = open(durable)) {
            assertMeasured(sizes[0] + sizes[1] + sizes[2], directory);
            directory.log(0);
            assertMeasured(sizes[1] + sizes[2], directory);
            directory.delete(1);
            assertMeasured(sizes[2], directory);
            directory.log(2);
            assertEquals(0, directory.unopenedBytes());
        }
    }

    /** Files of sealed segments end with a footer and stand on whole blocks. */
    private static void assertMeasured(long expected, DataDirectory directory) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (Math.abs(directory.unopenedBytes() - expected) > expected / 20) {
            assertTrue(System.nanoTime() < deadline, directory.unopenedBytes() + " instead of " + expected);
            Thread.onSpinWait();
        }
    }

    @Test
    void hasTheIdThatItWasGivenWhenItWasCreated() throws Exception {
        try (DataDirectory directory = open(new Durable())) {
            assertEquals(ID, directory.marks().directoryId());
        }
    }

    @Test
    void refusesASecondUser() throws Exception {
        try (DataDirectory directory = open(new Durable())) {
            assertEquals(0, directory.log(1).endOffset());
            StorageException refused = assertThrows(DirectoryLockedException.class, () -> open(new Durable()));
            assertTrue(String.valueOf(refused.getMessage()).contains(path.toString()), refused.getMessage());
            assertThrows(
                    DirectoryLockedException.class,
                    () -> LogVerifier.verify(new FileSystemDisk(), path, finding -> {}));
        }
    }

    @Test
    void refusesADirectoryWhoseMarksAreGoneWhileItsLogsAreNot() throws Exception {
        try (DataDirectory directory = open(new Durable())) {
            RecordBatch batch = TestDirectory.batch(new long[] {1}, "a");
            directory.log(1).appendData(batch, batch.eventTimes(new EventTimes()), 1, 1);
        }
        Files.delete(path.resolve("marks"));
        assertThrows(DamagedMarksException.class, () -> open(new Durable()));
        assertThrows(
                AssertionError.class,
                () -> LogVerifier.verify(new FileSystemDisk(), path, finding -> {
                    throw new AssertionError(finding);
                }));
    }

    @Test
    void forgetsADeletedPartitionForGood() throws Exception {
        Durable durable = new Durable();
        RecordBatch batch = TestDirectory.batch(new long[] {1}, "a");
        try (DataDirectory directory = open(durable)) {
            directory.log(1).appendData(batch, batch.eventTimes(new EventTimes()), 1, 1);
            directory.log(1).flush();
            directory.delete(1);
            directory.delete(2);
        }
        try (DataDirectory directory = open(durable)) {
            assertEquals(0, directory.log(1).endOffset());
            assertEquals(0, directory.marks().partitionIds().length);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
