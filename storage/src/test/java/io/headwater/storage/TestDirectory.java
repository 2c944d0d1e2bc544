package io.headwater.storage;

import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** A data directory without threads, and what tests do with one all the time. */
final class TestDirectory implements AutoCloseable, DurabilityListener {
    static final StorageConfig SMALL =
            new StorageConfig(8192, 4096, 8192, 16 << 10, 256, 1 << 20, SyncMode.EVERY_COMMIT);

    final Path path;
    final DataDirectory directory;
    final ArrayDeque<Runnable> background = new ArrayDeque<>();
    /** What failed, as the listener heard it. */
    final ArrayDeque<Throwable> failures = new ArrayDeque<>();

    /** Everything below this offset may have been acknowledged. */
    long acknowledged;

    /** Of what is appended next. */
    int epoch = 1;

    private final EventTimes times = new EventTimes();

    TestDirectory(Path path, StorageConfig config, Disk disk) throws IOException {
        this.path = path;
        this.directory = DataDirectory.openStepped(
                path, config, disk, () -> 1_000_000, () -> 0, () -> new UUID(1, 2), this, background::add);
    }

    PartitionLog log() throws StorageException {
        return directory.log(7);
    }

    /** Does what waits for the background thread. */
    void runBackground() {
        for (Runnable next = background.poll(); next != null; next = background.poll()) {
            next.run();
        }
    }

    /** Flushes and makes durable. */
    void commit(PartitionLog log) throws LogOfflineException {
        log.flush();
        directory.groupCommit().doWork();
    }

    long append(PartitionLog log, long nowMs, long eventMs, String... values) throws StorageException {
        long[] times = new long[values.length];
        Arrays.fill(times, eventMs);
        return append(log, nowMs, times, values);
    }

    long append(PartitionLog log, long nowMs, long[] eventMs, String... values) throws StorageException {
        RecordBatch batch = batch(eventMs, values);
        try {
            return log.appendData(batch, batch.eventTimes(times), Math.max(epoch, log.lastEpoch()), nowMs);
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    static RecordBatch batch(long[] eventMs, String... values) {
        int size = 100;
        for (String value : values) {
            size += value.length() * 3 + 40;
        }
        ByteBuffer target = ByteBuffer.allocateDirect(size);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (int i = 0; i < values.length; i++) {
            builder.append(eventMs[i], null, values[i].getBytes(StandardCharsets.UTF_8), List.of());
        }
        builder.finish(-1, (short) -1, -1);
        try {
            return new RecordBatch().wrap(target, 0);
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void durable(long partitionId, long endIndex, long endOffset) {
        acknowledged = endOffset;
    }

    @Override
    public void failed(long partitionId, Throwable cause) {
        failures.add(cause);
    }

    @Override
    public void cycleEnded() {}

    @Override
    public void close() throws StorageException {
        runBackground();
        directory.close();
    }
}
