package io.headwater.benchmarks.jmh;

import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
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
import org.openjdk.jmh.infra.Blackhole;

/** A batch of about 256 KiB: built as a producer does, checked as the broker does, read as a consumer does. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RecordBatchBenchmark {
    private static final int BATCH_BYTES = 256 << 10;

    @Param({"100", "1024"})
    public int recordBytes;

    @Param({"NONE"})
    public Compression compression = Compression.NONE;

    private byte[] value = new byte[0];
    private int records;
    private ByteBuffer target = ByteBuffer.allocate(0);
    private RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
    private final RecordBatch batch = new RecordBatch();
    private final EventTimes times = new EventTimes();
    private final RecordCursor cursor = new RecordCursor();

    /** A batch to read. */
    @Setup
    public void build() throws InvalidBatchException {
        value = Batches.value(recordBytes);
        records = BATCH_BYTES / (recordBytes + 8);
        target = ByteBuffer.allocateDirect(2 * BATCH_BYTES);
        builder = new RecordBatchBuilder(compression);
        batch.wrap(Batches.batch(records, recordBytes, compression), 0);
    }

    /** What a producer does for a batch, its CRC included. */
    @Benchmark
    public int buildBatch() {
        builder.reset(target.clear());
        for (int i = 0; i < records; i++) {
            builder.append(1_700_000_000_000L + i, null, value, List.of());
        }
        return builder.finish(7, (short) 0, 0);
    }

    /** What the broker's door does: CRC, header, event times. */
    @Benchmark
    public long checkAtTheDoor() throws InvalidBatchException {
        batch.validate();
        batch.eventTimes(times);
        return times.maxMs;
    }

    /** What a consumer does that looks at every record and copies none. */
    @Benchmark
    public void readRecords(Blackhole sink) throws InvalidBatchException {
        RecordCursor records = batch.records(cursor);
        while (records.next()) {
            sink.consume(records.valuePosition());
        }
    }
}
