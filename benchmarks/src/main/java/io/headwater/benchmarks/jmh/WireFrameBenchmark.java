package io.headwater.benchmarks.jmh;

import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameLayout;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.record.Compression;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A produce frame with one batch, written and read. The attachment is not copied, so its size should not show. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WireFrameBenchmark {
    @Param({"1", "250"})
    public int records;

    private Produce message = Produce.getDefaultInstance();
    private ByteBuf attachment = Unpooled.EMPTY_BUFFER;
    private ByteBuf whole = Unpooled.EMPTY_BUFFER;
    private EmbeddedChannel channel = new EmbeddedChannel();

    /** One frame, and a decoder that has its handshake behind it. */
    @Setup
    public void frame() {
        attachment = Unpooled.wrappedBuffer(Batches.batch(records, 1024, Compression.NONE));
        message = Produce.newBuilder()
                .addBatches(ProduceBatch.newBuilder().setPartitionId(7).setBytes(attachment.readableBytes()))
                .build();
        ByteBuf head = encodeHead();
        whole = PooledByteBufAllocator.DEFAULT.directBuffer(head.readableBytes() + attachment.readableBytes());
        whole.writeBytes(head).writeBytes(attachment, 0, attachment.readableBytes());
        head.release();
        FrameDecoder decoder = FrameDecoder.ofRequests();
        decoder.handshaken(FrameLayout.DEFAULT_MAX_FRAME_BYTES);
        channel = new EmbeddedChannel(decoder);
    }

    /** Gives back what the decoder has left. */
    @TearDown
    public void release() {
        whole.release();
        channel.finishAndReleaseAll();
    }

    private ByteBuf encodeHead() {
        return FrameEncoder.encode(
                PooledByteBufAllocator.DEFAULT, FrameType.PRODUCE, 0, 1, message, attachment.readableBytes());
    }

    /** Header and message; the attachment follows them to the socket as it is. */
    @Benchmark
    public int encode() {
        ByteBuf head = encodeHead();
        int bytes = head.readableBytes();
        head.release();
        return bytes;
    }

    /** A whole frame as it comes from a socket in one read. */
    @Benchmark
    public int decode() {
        channel.writeInbound(whole.retainedDuplicate());
        Frame frame = channel.readInbound();
        int bytes = frame.attachment().readableBytes();
        frame.release();
        return bytes;
    }
}
