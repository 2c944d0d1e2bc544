package io.headwater.benchmarks.jmh;

import io.headwater.record.Compression;
import io.headwater.storage.SyncMode;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * The log alone, without network: check a batch, append it, flush, group commit. With one partition an operation is one
 * batch of 256 KiB, with a hundred it is one batch of 16 KiB for each.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class LogAppendBenchmark {
    private static final int ONE_BATCH_BYTES = 256 << 10;
    private static final int MANY_BATCH_BYTES = 16 << 10;

    @Param({"100", "1024"})
    public int recordBytes;

    @Param({"1", "100"})
    public int partitions;

    @Param({"EVERY_COMMIT", "OFF"})
    public SyncMode sync = SyncMode.EVERY_COMMIT;

    private ByteBuffer batch = ByteBuffer.allocate(0);
    private int recordsPerTurn;
    private @Nullable LogBench bench;

    /** Records per second beside operations per second. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Counters {
        public long records;
    }

    @Setup(Level.Trial)
    public void open() throws Exception {
        int batchBytes = partitions == 1 ? ONE_BATCH_BYTES : MANY_BATCH_BYTES;
        int records = batchBytes / (recordBytes + 8);
        batch = Batches.batch(records, recordBytes, Compression.NONE);
        recordsPerTurn = records * partitions;
        bench = new LogBench(partitions, sync);
    }

    @TearDown(Level.Trial)
    public void close() throws Exception {
        if (bench != null) {
            bench.close();
        }
    }

    @Benchmark
    public void append(Counters counters) throws Exception {
        LogBench present = bench;
        if (present == null) {
            throw new IllegalStateException("not set up");
        }
        present.turn(batch);
        counters.records += recordsPerTurn;
    }
}
