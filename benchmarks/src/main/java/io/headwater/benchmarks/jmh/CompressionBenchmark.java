package io.headwater.benchmarks.jmh;

import io.headwater.record.Compression;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A batch of 250 records of 1 KiB through each codec, both ways. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CompressionBenchmark {
    private static final int RECORDS = 250;
    private static final int RECORD_BYTES = 1024;

    @Param({"NONE", "GZIP", "SNAPPY", "LZ4", "ZSTD"})
    public Compression compression = Compression.NONE;

    private final byte[] value = Batches.value(RECORD_BYTES);
    private final ByteBuffer target = ByteBuffer.allocateDirect(2 * RECORDS * RECORD_BYTES);
    private final RecordBatch batch = new RecordBatch();
    private final RecordCursor cursor = new RecordCursor();
    private RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);

    /** A batch to inflate. */
    @Setup
    public void build() throws InvalidBatchException {
        builder = new RecordBatchBuilder(compression);
        batch.wrap(Batches.batch(RECORDS, RECORD_BYTES, compression), 0);
    }

    /** Builds and compresses. */
    @Benchmark
    public int deflate() {
        builder.reset(target.clear());
        for (int i = 0; i < RECORDS; i++) {
            builder.append(1_700_000_000_000L + i, null, value, List.of());
        }
        return builder.finish(7, (short) 0, 0);
    }

    /** Inflates and walks over the records. */
    @Benchmark
    public int inflate() throws InvalidBatchException {
        int bytes = 0;
        RecordCursor records = batch.records(cursor);
        while (records.next()) {
            bytes += records.valueLength();
        }
        return bytes;
    }
}
