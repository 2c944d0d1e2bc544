package io.headwater.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.Subscribe;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is on the wire today must be readable for ever: {@code golden/frames.txt} holds name and bytes of each frame. */
class GoldenFramesTest {

    private static Map<String, Frame> frames() {
        Map<String, Frame> frames = new LinkedHashMap<>();
        frames.put(
                "hello",
                Frame.request(
                        FrameType.HELLO,
                        1,
                        Hello.newBuilder()
                                .setMinVersion(1)
                                .setMaxVersion(1)
                                .setClientName("golden")
                                .setClientSoftware("test/1")
                                .build()));
        frames.put(
                "hello-reply",
                Frame.reply(
                        FrameType.HELLO,
                        1,
                        HelloReply.newBuilder()
                                .setVersion(1)
                                .setClusterId("c")
                                .setNodeId(1)
                                .setMaxFrameBytes(8388608)
                                .setMaxRecordBytes(1048576)
                                .build()));
        frames.put("error", Frame.failure(FrameType.SUBSCRIBE, 7, Errors.outOfRange("offset 3 is gone", 10, 20)));
        frames.put(
                "produce",
                new Frame(
                        FrameType.PRODUCE,
                        0,
                        -2,
                        Produce.newBuilder()
                                .addBatches(ProduceBatch.newBuilder()
                                        .setPartitionId(5)
                                        .setBytes(3))
                                .addBatches(ProduceBatch.newBuilder()
                                        .setPartitionId(6)
                                        .setBytes(2)
                                        .setReservedHeaders(true))
                                .build(),
                        Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4, 5})));
        frames.put(
                "subscribe",
                Frame.request(
                        FrameType.SUBSCRIBE,
                        8,
                        Subscribe.newBuilder()
                                .setSubscriptionId(1)
                                .setPartitionId(5)
                                .setFromOffset(100)
                                .setUntilOffset(-1)
                                .setCreditBytes(4194304)
                                .setFilterEventTime(true)
                                .setEventFromMs(1000)
                                .setEventUntilMs(2000)
                                .build()));
        frames.put(
                "deliver",
                Frame.push(
                        FrameType.DELIVER,
                        Deliver.newBuilder()
                                .setSubscriptionId(1)
                                .setNextOffset(110)
                                .setEndOffset(200)
                                .build(),
                        Unpooled.wrappedBuffer(new byte[] {9, 8, 7})));
        frames.put(
                "find-offset",
                Frame.request(
                        FrameType.FIND_OFFSET,
                        9,
                        FindOffset.newBuilder()
                                .setPartitionId(5)
                                .setAnchor(Anchor.ANCHOR_EVENT_TIME)
                                .setValue(1234567)
                                .build()));
        frames.put(
                "assignment",
                Frame.push(
                        FrameType.ASSIGNMENT,
                        Assignment.newBuilder()
                                .setGroup("g")
                                .setMemberId("m")
                                .setGeneration(3)
                                .addPartitions(AssignedPartition.newBuilder()
                                        .setPartitionId(5)
                                        .setTopic("t")
                                        .setPosition(-1))
                                .build(),
                        Unpooled.EMPTY_BUFFER));
        frames.put(
                "commit",
                Frame.request(
                        FrameType.COMMIT,
                        10,
                        Commit.newBuilder()
                                .setGroup("g")
                                .setMemberId("m")
                                .setGeneration(3)
                                .addPositions(CommitPosition.newBuilder()
                                        .setPartitionId(5)
                                        .setOffset(111))
                                .build()));
        frames.put(
                "goodbye",
                Frame.push(
                        FrameType.GOODBYE,
                        io.headwater.protocol.wire.Goodbye.newBuilder()
                                .setReason(Errors.of(ErrorCode.ERROR_SHUTTING_DOWN, "bye"))
                                .build(),
                        Unpooled.EMPTY_BUFFER));
        return frames;
    }

    private static Map<String, String> golden() throws IOException {
        Map<String, String> golden = new LinkedHashMap<>();
        try (InputStream in = GoldenFramesTest.class.getResourceAsStream("/golden/frames.txt")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            text.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
                int space = line.indexOf(' ');
                golden.put(line.substring(0, space), line.substring(space + 1));
            });
        }
        return golden;
    }

    private static String hex(Frame frame) {
        ByteBuf bytes = FrameEncoder.encode(
                UnpooledByteBufAllocator.DEFAULT,
                frame.type(),
                frame.flags(),
                frame.correlationId(),
                frame.message(),
                frame.attachment().readableBytes());
        String hex = ByteBufUtil.hexDump(bytes) + ByteBufUtil.hexDump(frame.attachment());
        bytes.release();
        return hex;
    }

    @Test
    void writesTheGoldenBytes() throws IOException {
        Map<String, String> written = new LinkedHashMap<>();
        frames().forEach((name, frame) -> {
            written.put(name, hex(frame));
            frame.release();
        });
        assertEquals(lines(golden()), lines(written));
    }

    private static String lines(Map<String, String> frames) {
        StringBuilder lines = new StringBuilder();
        frames.forEach((name, hex) -> lines.append(name).append(' ').append(hex).append('\n'));
        return lines.toString();
    }

    @Test
    void readsTheGoldenBytes() throws IOException {
        Map<String, String> golden = golden();
        frames().forEach((name, expected) -> {
            FrameDecoder decoder = expected.flags() == 0 ? FrameDecoder.ofRequests() : FrameDecoder.ofReplies();
            EmbeddedChannel channel = new EmbeddedChannel(decoder);
            channel.writeInbound(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(golden.get(name))));
            Frame read = channel.readInbound();
            MessageLite message = read.message();
            assertEquals(expected.message(), message);
            assertEquals(expected.type(), read.type());
            assertEquals(expected.flags(), read.flags());
            assertEquals(expected.correlationId(), read.correlationId());
            assertEquals(expected.attachment(), read.attachment());
            read.release();
            expected.release();
        });
    }
}
