package io.headwater.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.record.testing.Seeds;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class FrameDecoderTest {
    private static final int MAX = 1 << 20;

    private final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true);

    private EmbeddedChannel channel(FrameDecoder decoder, int maxFrameBytes) {
        if (maxFrameBytes > 0) {
            decoder.handshaken(maxFrameBytes);
        }
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        channel.config().setAllocator(memory);
        return channel;
    }

    private EmbeddedChannel broker() {
        return channel(FrameDecoder.ofRequests(), MAX);
    }

    private static ByteBuf frame(FrameType type, int flags, int correlationId, MessageLite message, byte[] attachment) {
        ByteBuf head = FrameEncoder.encode(
                UnpooledByteBufAllocator.DEFAULT, type, flags, correlationId, message, attachment.length);
        ByteBuf frame = UnpooledByteBufAllocator.DEFAULT.directBuffer(head.readableBytes() + attachment.length);
        frame.writeBytes(head).writeBytes(attachment);
        head.release();
        return frame;
    }

    private static byte[] bytes(ByteBuf buffer) {
        try {
            return ByteBufUtil.getBytes(buffer);
        } finally {
            buffer.release();
        }
    }

    private static byte[] attachment(int size, SplittableRandom random) {
        byte[] attachment = new byte[size];
        random.nextBytes(attachment);
        return attachment;
    }

    private static Produce produce(int bytes) {
        return Produce.newBuilder()
                .addBatches(ProduceBatch.newBuilder().setPartitionId(7).setBytes(bytes))
                .build();
    }

    @Test
    void readsWhatWasWritten() {
        EmbeddedChannel channel = broker();
        byte[] batch = attachment(1000, new SplittableRandom(1));
        channel.writeInbound(frame(FrameType.PRODUCE, 0, 42, produce(1000), batch));
        Frame frame = channel.readInbound();
        assertEquals(FrameType.PRODUCE, frame.type());
        assertEquals(42, frame.correlationId());
        assertEquals(produce(1000), frame.message());
        assertArrayEquals(batch, ByteBufUtil.getBytes(frame.attachment()));
        frame.release();
        assertTrue(!channel.finish());
    }

    @Test
    void readsRepliesErrorsAndPushes() {
        EmbeddedChannel channel = channel(FrameDecoder.ofReplies(), MAX);
        channel.writeInbound(frame(FrameType.HELLO, 1, 1, HelloReply.getDefaultInstance(), new byte[0]));
        channel.writeInbound(frame(
                FrameType.GET_TOPICS,
                3,
                2,
                Errors.of(ErrorCode.ERROR_UNKNOWN_TOPIC, "topic x does not exist"),
                new byte[0]));
        channel.writeInbound(frame(
                FrameType.DELIVER, 4, 0, Deliver.newBuilder().setNextOffset(9).build(), new byte[] {1, 2}));
        Frame reply = channel.readInbound();
        assertTrue(reply.isReply() && !reply.isError());
        Frame failure = channel.readInbound();
        assertEquals(ErrorCode.ERROR_UNKNOWN_TOPIC, failure.message(Error.class).getCode());
        Frame push = channel.readInbound();
        assertTrue(push.isPush());
        assertEquals(9, push.message(Deliver.class).getNextOffset());
        assertEquals(2, push.attachment().readableBytes());
        push.release();
    }

    @Test
    void sharesTheMemoryOfAFrameThatLiesWithinOneRead() {
        EmbeddedChannel channel = broker();
        ByteBuf read = frame(FrameType.PRODUCE, 0, 1, produce(5000), new byte[5000]);
        long start = read.memoryAddress();
        int size = read.readableBytes();
        channel.writeInbound(read);
        Frame frame = channel.readInbound();
        long at = frame.attachment().memoryAddress() + frame.attachment().readerIndex();
        assertTrue(at > start && at < start + size, "the attachment was copied");
        frame.release();
    }

    @Test
    void readsAnySplitOfAnyFrames() {
        Seeds.run(60, random -> {
            EmbeddedChannel channel = broker();
            List<byte[]> sent = new ArrayList<>();
            ByteBuf stream = Unpooled.buffer();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                byte[] attachment = attachment(random.nextInt(10) == 0 ? 70_000 : random.nextInt(300), random);
                sent.add(attachment);
                ByteBuf frame = frame(FrameType.PRODUCE, 0, sent.size(), produce(attachment.length), attachment);
                stream.writeBytes(frame);
                frame.release();
            }
            boolean tiny = random.nextBoolean();
            while (stream.isReadable()) {
                int size = Math.min(stream.readableBytes(), random.nextInt(1, tiny ? 20 : 40_000));
                // As a socket reads: into a buffer that may be much larger than what has come.
                ByteBuf read = memory.directBuffer(size * random.nextInt(1, 5));
                channel.writeInbound(read.writeBytes(stream, size));
            }
            for (int i = 0; i < sent.size(); i++) {
                Frame frame = channel.readInbound();
                assertEquals(i + 1, frame.correlationId());
                assertArrayEquals(sent.get(i), ByteBufUtil.getBytes(frame.attachment()));
                frame.release();
            }
            assertNull(channel.readInbound());
            channel.finish();
            stream.release();
            assertEquals(0, memory.metric().usedDirectMemory());
        });
    }

    /** Sends the bytes, expects one typed failure, and that nothing after it is read. */
    private void refused(EmbeddedChannel channel, ErrorCode expected, ByteBuf bytes) {
        FrameException failure = assertThrows(FrameException.class, () -> channel.writeInbound(bytes));
        assertEquals(expected, failure.error().getCode(), failure.getMessage());
        assertTrue(String.valueOf(failure.getMessage()).contains("expected")
                || String.valueOf(failure.getMessage()).contains("message of"));
        channel.writeInbound(frame(FrameType.GET_TOPICS, 0, 1, GetTopics.getDefaultInstance(), new byte[0]));
        assertNull(channel.readInbound());
        channel.finish();
    }

    private static ByteBuf changed(Consumer<ByteBuf> change) {
        ByteBuf frame =
                frame(FrameType.CREDIT, 0, 1, Credit.newBuilder().setBytes(5).build(), new byte[0]);
        change.accept(frame);
        return frame;
    }

    @Test
    void refusesWhatBreaksTheRules() {
        refused(broker(), ErrorCode.ERROR_FRAME_TOO_LARGE, changed(f -> f.setInt(0, -1)));
        refused(broker(), ErrorCode.ERROR_FRAME_TOO_LARGE, changed(f -> f.setInt(0, MAX - 3)));
        refused(broker(), ErrorCode.ERROR_FRAME_TOO_LARGE, changed(f -> f.setInt(0, Integer.MAX_VALUE)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setInt(0, 11)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setInt(0, 0)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setByte(4, 99)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setByte(4, 0)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setByte(5, 1)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setByte(5, 128)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setShort(6, 1)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setInt(12, 1000)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setInt(12, -1)));
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setByte(16, 0xff)));
        // A type that only the broker sends.
        refused(broker(), ErrorCode.ERROR_INVALID_REQUEST, changed(f -> f.setByte(4, FrameType.DELIVER.id())));
    }

    @Test
    void refusesAFrameOver8KiBBeforeTheHandshake() {
        int room = FrameLayout.MAX_FRAME_BYTES_BEFORE_HANDSHAKE - FrameLayout.HEADER_BYTES;
        Hello fits = Hello.newBuilder().setClientName("x".repeat(room - 3)).build();
        EmbeddedChannel channel = channel(FrameDecoder.ofRequests(), 0);
        channel.writeInbound(frame(FrameType.HELLO, 0, 1, fits, new byte[0]));
        assertNotNull(channel.readInbound());
        Hello tooLarge = Hello.newBuilder().setClientName("x".repeat(room - 2)).build();
        refused(
                channel(FrameDecoder.ofRequests(), 0),
                ErrorCode.ERROR_FRAME_TOO_LARGE,
                frame(FrameType.HELLO, 0, 1, tooLarge, new byte[0]));
    }

    @Test
    void boundsTheMessageOfARequest() {
        EmbeddedChannel channel = channel(FrameDecoder.ofRequests(), 8 << 20);
        GetTopics large = GetTopics.newBuilder()
                .addNames("x".repeat(FrameLayout.MAX_REQUEST_MESSAGE_BYTES))
                .build();
        refused(channel, ErrorCode.ERROR_INVALID_REQUEST, frame(FrameType.GET_TOPICS, 0, 1, large, new byte[0]));
    }

    @Test
    void takesMemoryForWhatCameAndNotForWhatWasClaimed() {
        EmbeddedChannel channel = channel(FrameDecoder.ofRequests(), 64 << 20);
        ByteBuf claim = memory.directBuffer(100).writeInt((64 << 20) - 4).writeZero(50);
        channel.writeInbound(claim);
        assertTrue(memory.metric().usedDirectMemory() <= 100);
        channel.finish();
        assertEquals(0, memory.metric().usedDirectMemory());
    }

    @Test
    void keepsABytewisePeerFromPinningItsReadBuffers() {
        EmbeddedChannel channel = channel(FrameDecoder.ofRequests(), 1 << 20);
        channel.writeInbound(memory.directBuffer(4).writeInt(500_000));
        for (int i = 0; i < 20_000; i++) {
            channel.writeInbound(memory.directBuffer(2048).writeByte(FrameType.PRODUCE.id()));
        }
        long used = memory.metric().usedDirectMemory();
        assertTrue(used < 40_000, used + " bytes for 20,000 received");
        channel.finish();
        assertEquals(0, memory.metric().usedDirectMemory());
    }

    @Test
    void survivesGarbage() {
        Seeds.run(400, random -> {
            EmbeddedChannel channel = broker();
            boolean plausible = random.nextBoolean();
            try {
                for (int i = 0; i < 20; i++) {
                    int size = random.nextInt(1, 200);
                    ByteBuf read = memory.directBuffer(size).writeBytes(attachment(size, random));
                    if (plausible && size > 20) {
                        // A length and a type that might be, so that the garbage gets as far as the message.
                        read.setInt(0, size - 4)
                                .setByte(4, random.nextInt(41))
                                .setShort(5, 0)
                                .setByte(7, 0);
                        read.setInt(12, random.nextInt(size));
                    }
                    channel.writeInbound(read);
                }
            } catch (FrameException expected) {
                assertNotNull(expected.error().getMessage());
            }
            for (Frame frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
                frame.release();
            }
            channel.finish();
            assertEquals(0, memory.metric().usedDirectMemory());
        });
    }

    @Test
    void saysNothingOfAFrameThatWasCutOff() {
        byte[] whole = bytes(frame(FrameType.PRODUCE, 0, 1, produce(100), new byte[100]));
        for (int cut = 0; cut < whole.length; cut++) {
            EmbeddedChannel channel = broker();
            channel.writeInbound(memory.directBuffer(cut + 1).writeBytes(whole, 0, cut));
            assertNull(channel.readInbound());
            channel.finish();
            assertEquals(0, memory.metric().usedDirectMemory());
        }
    }
}
