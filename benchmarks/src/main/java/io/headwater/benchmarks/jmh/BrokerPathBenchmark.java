package io.headwater.benchmarks.jmh;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.Unsubscribe;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import java.io.IOException;
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
 * One batch through the whole broker, in and out, spoken to by a client that allocates nothing: what {@code -prof gc}
 * shows per operation is the broker's allocation per batch, and must not grow with the records in it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BrokerPathBenchmark {
    private static final int RECORD_BYTES = 100;
    private static final int SUBSCRIPTION = 1;
    private static final long AMPLE_CREDIT = 64L << 20;

    @Param({"1", "10", "100", "1000"})
    public int recordsPerBatch;

    private @Nullable InProcessBroker broker;
    private @Nullable RawConnection connection;
    private ByteBuffer produce = ByteBuffer.allocate(0);
    private ByteBuffer subscribe = ByteBuffer.allocate(0);
    private ByteBuffer unsubscribe = ByteBuffer.allocate(0);
    private int entryBytes;

    @Setup(Level.Trial)
    public void start() throws Exception {
        InProcessBroker started = new InProcessBroker();
        broker = started;
        long written = started.createTopic("written", 1).getPartitions(0).getPartitionId();
        long read = started.createTopic("read", 1).getPartitions(0).getPartitionId();
        ByteBuffer batch = Batches.batch(recordsPerBatch, RECORD_BYTES, Compression.NONE);
        entryBytes = Envelope.SIZE + batch.remaining();
        produce = produceFrame(written, batch);
        subscribe = RawConnection.frame(
                FrameType.SUBSCRIBE,
                Subscribe.newBuilder()
                        .setSubscriptionId(SUBSCRIPTION)
                        .setPartitionId(read)
                        .setUntilOffset(-1)
                        .setCreditBytes(AMPLE_CREDIT)
                        .build(),
                ByteBuffer.allocate(0));
        unsubscribe = RawConnection.frame(
                FrameType.UNSUBSCRIBE,
                Unsubscribe.newBuilder().setSubscriptionId(SUBSCRIPTION).build(),
                ByteBuffer.allocate(0));
        RawConnection opened = new RawConnection(started.port());
        connection = opened;
        opened.send(produceFrame(read, batch));
        opened.receive();
    }

    private static ByteBuffer produceFrame(long partitionId, ByteBuffer batch) {
        Produce message = Produce.newBuilder()
                .addBatches(
                        ProduceBatch.newBuilder().setPartitionId(partitionId).setBytes(batch.remaining()))
                .build();
        return RawConnection.frame(FrameType.PRODUCE, message, batch);
    }

    @TearDown(Level.Trial)
    public void stop() throws IOException {
        if (connection != null) {
            connection.close();
        }
        if (broker != null) {
            broker.close();
        }
    }

    private RawConnection connection() {
        RawConnection present = connection;
        if (present == null) {
            throw new IllegalStateException("not set up");
        }
        return present;
    }

    /** Send a batch, wait until it is on disk and acknowledged. */
    @Benchmark
    public int produceOne() throws IOException {
        RawConnection present = connection();
        present.send(produce);
        return present.receive();
    }

    /** Subscribe, get the batch, unsubscribe. */
    @Benchmark
    public int fetchOne() throws IOException {
        RawConnection present = connection();
        present.send(subscribe);
        present.receiveAttachments(entryBytes);
        present.send(unsubscribe);
        return present.receive();
    }
}
