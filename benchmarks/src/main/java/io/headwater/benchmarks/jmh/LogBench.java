package io.headwater.benchmarks.jmh;

import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.DurabilityListener;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageConfig;
import io.headwater.storage.StorageException;
import io.headwater.storage.SyncMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A data directory with some logs, written the way the broker's owner thread does: append what has come, flush once, and
 * go on while the sync thread catches up, at most some flushes behind.
 */
final class LogBench implements AutoCloseable {
    /** A producer has five batches in flight; beyond that the owner has nothing to do but wait. */
    private static final int FLUSHES_AHEAD = 5;

    private static final long KEPT_BYTES = 512L << 20;
    private static final long LOOK_AFTER_BYTES = 64L << 20;
    private static final int EPOCH = 1;

    private final Path directory;
    private final DataDirectory data;
    private final PartitionLog[] logs;
    private final long[] ends;
    private final Cycles cycles = new Cycles();
    private final RecordBatch batch = new RecordBatch();
    private final EventTimes times = new EventTimes();
    private long written;
    private long lookedAt;
    private int slot;

    LogBench(int partitions, SyncMode mode) throws IOException, StorageException {
        directory = Files.createTempDirectory("log-bench");
        data = DataDirectory.open(
                directory,
                StorageConfig.defaults().withSyncMode(mode),
                new FileSystemDisk(),
                SystemEpochClock.INSTANCE,
                SystemNanoClock.INSTANCE,
                () -> new UUID(1, 2),
                cycles);
        logs = new PartitionLog[partitions];
        for (int p = 0; p < partitions; p++) {
            logs[p] = data.log(p + 1L);
        }
        ends = new long[FLUSHES_AHEAD];
    }

    PartitionLog log(int partition) {
        return logs[partition];
    }

    /** Appends the same batch to every log, flushes each, and waits for the turn that lies five back. */
    void turn(ByteBuffer bytes) throws Exception {
        batch.wrap(bytes, 0);
        batch.validate();
        batch.eventTimes(times);
        long nowMs = SystemEpochClock.INSTANCE.time();
        for (PartitionLog log : logs) {
            log.appendData(batch, times, EPOCH, nowMs);
            log.flush();
        }
        written += (long) batch.sizeInBytes() * logs.length;
        ends[slot] = logs[0].endOffset();
        slot = (slot + 1) % FLUSHES_AHEAD;
        awaitDurable(ends[slot]);
        dropOld(nowMs);
    }

    void awaitDurable(long offset) throws InterruptedException {
        for (PartitionLog log : logs) {
            while (log.durableOffset() < offset) {
                cycles.awaitNext(() -> log.durableOffset() >= offset);
            }
        }
    }

    private void dropOld(long nowMs) throws StorageException {
        if (written - lookedAt > LOOK_AFTER_BYTES) {
            lookedAt = written;
            for (PartitionLog log : logs) {
                log.deleteOldSegments(nowMs, -1, KEPT_BYTES / logs.length);
            }
        }
    }

    @Override
    public void close() throws IOException, StorageException {
        data.close();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Wakes the owner after each group commit, as the broker's listener does. */
    private static final class Cycles implements DurabilityListener {
        private final Object monitor = new Object();

        @Override
        public void durable(long partitionId, long endIndex, long endOffset) {}

        @Override
        public void failed(long partitionId, Throwable cause) {
            throw new IllegalStateException("partition " + partitionId + ": sync failed", cause);
        }

        @Override
        public void cycleEnded() {
            synchronized (monitor) {
                monitor.notifyAll();
            }
        }

        void awaitNext(java.util.function.BooleanSupplier done) throws InterruptedException {
            synchronized (monitor) {
                while (!done.getAsBoolean()) {
                    monitor.wait(100);
                }
            }
        }
    }
}
