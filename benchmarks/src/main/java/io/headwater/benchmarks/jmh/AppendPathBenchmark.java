package io.headwater.benchmarks.jmh;

import io.headwater.record.Compression;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import net.openhft.chronicle.bytes.MappedBytes;
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
 * The decision of ADR 0001: how an entry's bytes get from a direct buffer into a file that has been written with zeros
 * and synced before: by a gathering write of envelope and batch, or by a copy into a mapping (java.nio's or Chronicle
 * Bytes'), without a sync and with one after each.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AppendPathBenchmark {
    private static final int FILE_BYTES = 256 << 20;
    private static final int ENVELOPE_BYTES = 64;

    /** Bytes of a batch. */
    @Param({"1024", "16384", "262144"})
    public int batchBytes;

    /** Whether each append is followed by fdatasync. */
    @Param({"false", "true"})
    public boolean sync;

    private final ByteBuffer envelope = ByteBuffer.allocateDirect(ENVELOPE_BYTES);
    private final ByteBuffer[] gather = new ByteBuffer[2];
    private ByteBuffer batch = ByteBuffer.allocate(0);
    private @Nullable Path file;
    private @Nullable FileChannel channel;
    private @Nullable ByteBuffer mapped;
    private @Nullable MappedBytes chronicle;
    private int position;

    /** A file whose blocks are allocated and written, mapped in both ways. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        batch = ByteBuffer.allocateDirect(batchBytes)
                .put(Batches.batch(1, batchBytes - 128, Compression.NONE))
                .clear();
        gather[0] = envelope;
        gather[1] = batch;
        Path path = Files.createTempFile("append-path", ".log");
        FileChannel opened = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        for (int at = 0; at < FILE_BYTES; at += zeros.capacity()) {
            opened.write(zeros.clear(), at);
        }
        opened.force(true);
        file = path;
        channel = opened;
        mapped = opened.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES);
        chronicle = MappedBytes.singleMappedBytes(path.toFile(), FILE_BYTES);
    }

    /** Removes the file. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        present(chronicle).releaseLast();
        present(channel).close();
        Files.delete(present(file));
    }

    private static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("not set up");
        }
        return value;
    }

    private int next() {
        int entry = ENVELOPE_BYTES + batchBytes;
        position = position + 2 * entry > FILE_BYTES ? 0 : position + entry;
        return position;
    }

    private void syncIfAsked() throws IOException {
        if (sync) {
            present(channel).force(false);
        }
    }

    /** One gathering write at a position: two system calls, one copy. */
    @Benchmark
    public long gatheringWrite() throws IOException {
        FileChannel out = present(channel);
        out.position(next());
        envelope.clear();
        batch.clear();
        long written = out.write(gather);
        syncIfAsked();
        return written;
    }

    /** A copy into java.nio's mapping. */
    @Benchmark
    public int mappedByteBuffer() throws IOException {
        ByteBuffer out = present(mapped);
        int at = next();
        out.put(at, envelope, 0, ENVELOPE_BYTES);
        out.put(at + ENVELOPE_BYTES, batch, 0, batchBytes);
        syncIfAsked();
        return at;
    }

    /** A copy into Chronicle's mapping. */
    @Benchmark
    public int chronicleMapping() throws IOException {
        MappedBytes out = present(chronicle);
        int at = next();
        out.write(at, envelope, 0, ENVELOPE_BYTES);
        out.write((long) at + ENVELOPE_BYTES, batch, 0, batchBytes);
        syncIfAsked();
        return at;
    }
}
