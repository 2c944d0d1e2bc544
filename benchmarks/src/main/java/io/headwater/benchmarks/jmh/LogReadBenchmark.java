package io.headwater.benchmarks.jmh;

import io.headwater.record.Compression;
import io.headwater.storage.LogSlice;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.SyncMode;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Reads from a log of 64 MiB: the next run in order (a consumer that catches up), a place found by offset, and a place
 * found by event time. A run is lent, not copied; {@code copyTail} adds the copy that short runs get.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LogReadBenchmark {
    private static final int LOG_BYTES = 64 << 20;
    private static final int RECORD_BYTES = 1024;
    private static final int RUN_BYTES = 1 << 20;
    private static final int TAIL_BYTES = 16 << 10;
    private static final long STRIDE = 7_919;
    private static final long FIRST_EVENT_MS = 1_700_000_000_000L;

    @Param({"1", "250"})
    public int recordsPerBatch;

    private final ByteBuffer copy = ByteBuffer.allocateDirect(2 * TAIL_BYTES);
    private @Nullable LogBench bench;
    private @Nullable PartitionLog log;
    private long end;
    private long offset;

    @Setup(Level.Trial)
    public void fill() throws Exception {
        LogBench filled = new LogBench(1, SyncMode.OFF);
        ByteBuffer batch = Batches.batch(recordsPerBatch, RECORD_BYTES, Compression.NONE);
        for (long bytes = 0; bytes < LOG_BYTES; bytes += batch.limit()) {
            filled.turn(batch);
        }
        bench = filled;
        log = filled.log(0);
        end = filled.log(0).endOffset();
    }

    @TearDown(Level.Trial)
    public void close() throws Exception {
        if (bench != null) {
            bench.close();
        }
    }

    private PartitionLog log() {
        PartitionLog present = log;
        if (present == null) {
            throw new IllegalStateException("not set up");
        }
        return present;
    }

    @Benchmark
    public int nextRun() throws Exception {
        try (LogSlice slice = log().read(offset, end, RUN_BYTES, null)) {
            offset = slice.nextOffset() >= end ? 0 : slice.nextOffset();
            return slice.sizeInBytes();
        }
    }

    @Benchmark
    public int byOffset() throws Exception {
        offset = (offset + STRIDE) % end;
        try (LogSlice slice = log().read(offset, end, TAIL_BYTES, null)) {
            return slice.sizeInBytes();
        }
    }

    @Benchmark
    public long byEventTime() throws Exception {
        return log().offsetForEventTime(FIRST_EVENT_MS);
    }

    @Benchmark
    public int copyTail() throws Exception {
        long from = Math.max(0, end - Math.max(1, TAIL_BYTES / RECORD_BYTES / 2));
        try (LogSlice slice = log().read(from, end, TAIL_BYTES, null)) {
            if (slice.sizeInBytes() <= copy.capacity()) {
                slice.copyTo(copy.clear());
            }
            return slice.sizeInBytes();
        }
    }
}
