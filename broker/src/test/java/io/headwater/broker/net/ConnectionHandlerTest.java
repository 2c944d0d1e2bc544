package io.headwater.broker.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.Goodbye;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionHandlerTest {
    private static final int MAX_FRAME_BYTES = 1 << 20;
    private static final long MAX_IN_FLIGHT_BYTES = 16 << 20;

    private final FakeOwners owners = new FakeOwners();
    private final FakeControl control = new FakeControl();
    private final InFlight inFlight = new InFlight(MAX_IN_FLIGHT_BYTES);
    private final ConnectionRegistry registry = new ConnectionRegistry(4, inFlight, owners, control);
    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private EmbeddedChannel client = new EmbeddedChannel();

    @BeforeEach
    void opens() {
        registry.open(new Handshake("cluster", 1, "headwater/test", MAX_FRAME_BYTES, 1 << 19));
    }

    @AfterEach
    void closesEverything() {
        channels.forEach(EmbeddedChannel::finishAndReleaseAll);
        client.finishAndReleaseAll();
        owners.taken.forEach(Frame::release);
    }

    @Test
    void shakesHandsAndThenHandsFramesToWhomTheyBelong() {
        EmbeddedChannel channel = connected();

        send(channel, FrameType.GET_STATUS, 1, GetStatus.getDefaultInstance());
        send(channel, FrameType.CREDIT, 2, Credit.getDefaultInstance());

        assertEquals(FrameType.GET_STATUS, control.frames.get(0).type());
        assertEquals(FrameType.CREDIT, owners.taken.get(0).type());
        assertEquals("tester", control.connections.get(0).clientName());
    }

    @Test
    void refusesAnythingBeforeTheHandshake() {
        EmbeddedChannel channel = open();

        send(channel, FrameType.GET_STATUS, 1, GetStatus.getDefaultInstance());

        assertGoodbye(channel, ErrorCode.ERROR_INVALID_REQUEST);
        assertTrue(control.frames.isEmpty());
    }

    @Test
    void refusesAVersionThatItDoesNotSpeak() {
        EmbeddedChannel channel = open();

        send(
                channel,
                FrameType.HELLO,
                1,
                Hello.newBuilder().setMinVersion(99).setMaxVersion(100).build());

        Frame reply = received(channel).get(0);
        assertTrue(reply.isError());
        assertEquals(
                ErrorCode.ERROR_UNSUPPORTED_VERSION, reply.message(Error.class).getCode());
        assertFalse(channel.isOpen());
    }

    @Test
    void refusesASecondHello() {
        EmbeddedChannel channel = connected();

        send(channel, FrameType.HELLO, 2, hello());

        assertGoodbye(channel, ErrorCode.ERROR_INVALID_REQUEST);
    }

    @Test
    void refusesAFrameOfMoreThanEightKibibytesBeforeTheHandshake() {
        EmbeddedChannel channel = open();

        channel.writeInbound(Unpooled.buffer().writeInt(8 * 1024 + 1));

        assertGoodbye(channel, ErrorCode.ERROR_FRAME_TOO_LARGE);
    }

    @Test
    void saysWhatWasWrongWithGarbageAndCloses() {
        EmbeddedChannel channel = connected();

        channel.writeInbound(
                Unpooled.wrappedBuffer("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));

        assertGoodbye(channel, ErrorCode.ERROR_FRAME_TOO_LARGE);
        assertEquals(1, registry.brokenFrames());
    }

    @Test
    void refusesAnAttachmentWhereNoneBelongs() {
        EmbeddedChannel channel = connected();

        channel.writeInbound(frame(FrameType.GET_STATUS, 1, GetStatus.getDefaultInstance(), 10));

        assertGoodbye(channel, ErrorCode.ERROR_INVALID_REQUEST);
    }

    @Test
    void answersOverloadedWhenAMailboxIsFull() {
        EmbeddedChannel channel = connected();
        owners.answer = Requests.Offered.FULL;
        control.full = true;

        channel.writeInbound(frame(FrameType.PRODUCE, 1, Produce.getDefaultInstance(), 100));
        send(channel, FrameType.GET_STATUS, 2, GetStatus.getDefaultInstance());

        for (Frame reply : received(channel)) {
            Error error = reply.message(Error.class);
            assertEquals(ErrorCode.ERROR_OVERLOADED, error.getCode());
            assertTrue(error.getRetriable());
            assertTrue(error.getRetryAfterMs() > 0);
            assertFalse(error.getUnknownOutcome());
        }
        assertEquals(0, inFlight.bytes());
        assertTrue(channel.isOpen());
    }

    @Test
    void givesUpAConnectionWhoseCreditWouldBeLost() {
        EmbeddedChannel channel = connected();
        owners.answer = Requests.Offered.HOPELESS;

        send(channel, FrameType.CREDIT, 0, Credit.getDefaultInstance());

        assertGoodbye(channel, ErrorCode.ERROR_OVERLOADED);
    }

    @Test
    void closesAConnectionThatDoesNotShakeHands() {
        EmbeddedChannel channel = open();

        channel.advanceTimeBy(SlowPeerTimer.HANDSHAKE_SECONDS + 1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();

        assertGoodbye(channel, ErrorCode.ERROR_TIMEOUT);
    }

    @Test
    void closesAConnectionThatLeavesAFrameUnfinished() {
        EmbeddedChannel channel = connected();
        channel.writeInbound(Unpooled.buffer().writeInt(1000).writeByte(1));

        channel.advanceTimeBy(SlowPeerTimer.FRAME_SECONDS + 1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();

        assertGoodbye(channel, ErrorCode.ERROR_TIMEOUT);
        assertEquals(0, inFlight.bytes());
    }

    @Test
    void letsASlowPeerFinishFrameAfterFrame() {
        EmbeddedChannel channel = connected();
        ByteBuf bytes = Unpooled.buffer();
        for (int i = 0; i < 4; i++) {
            ByteBuf one = frame(FrameType.GET_STATUS, i, GetStatus.getDefaultInstance(), 0);
            bytes.writeBytes(one);
            one.release();
        }
        // Cut so that at each moment some frame is unfinished, each for less than the limit.
        int step = FrameLayoutBytes.of(GetStatus.getDefaultInstance()) - 3;
        while (bytes.isReadable()) {
            channel.writeInbound(bytes.readBytes(Math.min(step, bytes.readableBytes())));
            channel.advanceTimeBy(SlowPeerTimer.FRAME_SECONDS - 1, TimeUnit.SECONDS);
            channel.runScheduledPendingTasks();
        }
        bytes.release();

        assertEquals(4, control.frames.size());
        assertTrue(channel.isOpen());
    }

    @Test
    void leavesNoTimerOnAConnectionAtRest() {
        EmbeddedChannel channel = connected();

        assertEquals(-1, channel.runScheduledPendingTasks());
    }

    @Test
    void refusesMoreConnectionsThanConfigured() {
        open();
        open();
        open();
        open();

        EmbeddedChannel fifth = open();

        assertGoodbye(fifth, ErrorCode.ERROR_OVERLOADED);
    }

    @Test
    void answersRequestsWithTheReasonWhileItShutsDown() {
        EmbeddedChannel channel = connected();
        registry.refuseRequests(Errors.of(ErrorCode.ERROR_SHUTTING_DOWN, "bye"));

        send(channel, FrameType.GET_STATUS, 1, GetStatus.getDefaultInstance());

        assertEquals(
                ErrorCode.ERROR_SHUTTING_DOWN,
                received(channel).get(0).message(Error.class).getCode());
        assertTrue(control.frames.isEmpty());
    }

    @Test
    void stopsReadingAConnectionThatHoldsTooMuchUntilItsOwnerGivesItBack() {
        EmbeddedChannel channel = connected();
        int each = 512 * 1024;
        int count = 0;
        while (channel.config().isAutoRead()) {
            channel.writeInbound(frame(FrameType.PRODUCE, count++, Produce.getDefaultInstance(), each));
            assertTrue(count < 100, "never stopped");
        }
        assertTrue(inFlight.bytes() > MAX_IN_FLIGHT_BYTES);

        Connection connection = owners.connections.get(0);
        for (Frame frame : owners.taken) {
            frame.release();
            connection.finished(each);
        }
        owners.taken.clear();
        channel.runPendingTasks();

        assertTrue(channel.config().isAutoRead());
        assertEquals(0, inFlight.bytes());
    }

    @Test
    void aSmallConnectionIsReadAlthoughAllTogetherAreOverTheBound() {
        EmbeddedChannel large = connected();
        EmbeddedChannel small = connected();
        for (int i = 0; large.config().isAutoRead(); i++) {
            large.writeInbound(frame(FrameType.PRODUCE, i, Produce.getDefaultInstance(), 512 * 1024));
        }

        small.writeInbound(frame(FrameType.PRODUCE, 1, Produce.getDefaultInstance(), 1024));

        assertTrue(small.config().isAutoRead());
    }

    @Test
    void stopsReadingAConnectionThatLeavesTooManyRequestsUnanswered() {
        EmbeddedChannel channel = connected();
        for (int i = 0; i <= ReadGate.MAX_UNANSWERED; i++) {
            send(channel, FrameType.GET_STATUS, i, GetStatus.getDefaultInstance());
        }
        assertFalse(channel.config().isAutoRead());

        Connection connection = control.connections.get(0);
        for (int i = 0; i < ReadGate.MAX_UNANSWERED; i++) {
            connection.reply(i, FrameType.GET_STATUS, io.headwater.protocol.wire.Status.getDefaultInstance());
        }
        channel.runPendingTasks();

        assertTrue(channel.config().isAutoRead());
    }

    @Test
    void holdsBackDeliveriesOfAPeerThatDoesNotTakeThemAndSaysWhenItHas() {
        EmbeddedChannel channel = connected();
        Connection connection = owners.connections.get(0);
        int posted = 0;
        while (connection.mayDeliver()) {
            CopiedBytes bytes = CopiedBytes.allocate(64 * 1024);
            bytes.target().position(64 * 1024);
            connection.deliver(Deliver.getDefaultInstance(), bytes);
            posted++;
        }
        assertEquals(ClientConnection.DELIVERY_HIGH_BYTES / (64 * 1024), posted);
        assertEquals(0, owners.drained);

        connection.wake();
        channel.runPendingTasks();

        assertEquals(1, owners.drained);
        assertTrue(connection.mayDeliver());
    }

    @Test
    void holdsBackEveryoneButASmallShareWhenCopiedDeliveriesTakeTooMuchMemory() {
        int held = 0;
        for (int i = 0; i < 3; i++) {
            connected();
            held += fill(owners.connections.get(i));
        }
        assertTrue(held <= MAX_IN_FLIGHT_BYTES / 4 + 3 * 64 * 1024, held + " bytes held");

        connected();
        int late = fill(owners.connections.get(owners.connections.size() - 1));

        assertEquals(InFlight.FREE_SHARE_BYTES, late);
    }

    private static int fill(Connection connection) {
        int posted = 0;
        while (connection.mayDeliver()) {
            CopiedBytes bytes = CopiedBytes.allocate(64 * 1024);
            bytes.target().position(64 * 1024);
            connection.deliver(Deliver.getDefaultInstance(), bytes);
            posted += 64 * 1024;
        }
        return posted;
    }

    @Test
    void gathersATurnsRepliesIntoOneFlush() {
        EmbeddedChannel channel = connected();
        Connection connection = owners.connections.get(0);

        for (int i = 0; i < 10; i++) {
            connection.post(Outgoing.reply(i, FrameType.PRODUCE, ProduceReply.getDefaultInstance()));
        }
        channel.runPendingTasks();
        assertEquals(0, received(channel).size());
        connection.wake();
        channel.runPendingTasks();

        List<Frame> replies = received(channel);
        assertEquals(10, replies.size());
        for (int i = 0; i < 10; i++) {
            assertEquals(i, replies.get(i).correlationId());
        }
    }

    @Test
    void tellsBothMailboxesOnceThatAConnectionIsClosedAndTakesNothingAfterwards() {
        EmbeddedChannel channel = connected();
        Connection connection = owners.connections.get(0);
        var unused = channel.close();

        assertEquals(1, owners.closed);
        assertEquals(1, control.closed);
        assertFalse(connection.isOpen());
        CopiedBytes bytes = CopiedBytes.allocate(10);
        connection.deliver(Deliver.getDefaultInstance(), bytes);
        connection.reply(1, FrameType.PRODUCE, ProduceReply.getDefaultInstance());
        channel.runPendingTasks();
        assertEquals(0, registry.count());
    }

    private EmbeddedChannel open() {
        FrameDecoder decoder = FrameDecoder.ofRequests();
        EmbeddedChannel channel = new EmbeddedChannel(false, false);
        ClientConnection connection = new ClientConnection(registry.nextId(), channel, inFlight);
        channel.pipeline().addLast(decoder);
        try {
            channel.register();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        channel.pipeline().addLast(new ConnectionHandler(registry, decoder, connection));
        channel.pipeline().fireChannelActive();
        channels.add(channel);
        return channel;
    }

    private EmbeddedChannel connected() {
        EmbeddedChannel channel = open();
        send(channel, FrameType.HELLO, 0, hello());
        channel.runPendingTasks();
        assertInstanceOf(HelloReply.class, received(channel).get(0).message());
        return channel;
    }

    private static Hello hello() {
        return Hello.newBuilder()
                .setMinVersion(1)
                .setMaxVersion(1)
                .setClientName("tester")
                .build();
    }

    private void send(EmbeddedChannel channel, FrameType type, int correlationId, MessageLite message) {
        channel.writeInbound(frame(type, correlationId, message, 0));
        channel.runPendingTasks();
    }

    private static ByteBuf frame(FrameType type, int correlationId, MessageLite message, int attachedBytes) {
        ByteBuf head =
                FrameEncoder.encode(UnpooledByteBufAllocator.DEFAULT, type, 0, correlationId, message, attachedBytes);
        try {
            return Unpooled.buffer(head.readableBytes() + attachedBytes)
                    .writeBytes(head)
                    .writeZero(attachedBytes);
        } finally {
            head.release();
        }
    }

    /** What came out since the last call, decoded as a client would. */
    private List<Frame> received(EmbeddedChannel channel) {
        channel.runPendingTasks();
        FrameDecoder decoder = FrameDecoder.ofReplies();
        decoder.handshaken(1 << 28);
        client = new EmbeddedChannel(decoder);
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            client.writeInbound(out);
        }
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = client.readInbound(); frame != null; frame = client.readInbound()) {
            frame.release();
            frames.add(frame);
        }
        client.finishAndReleaseAll();
        return frames;
    }

    private void assertGoodbye(EmbeddedChannel channel, ErrorCode code) {
        List<Frame> frames = received(channel);
        Frame last = frames.get(frames.size() - 1);
        assertEquals(FrameType.GOODBYE, last.type());
        assertEquals(code, last.message(Goodbye.class).getReason().getCode());
        assertFalse(channel.isOpen());
    }

    private static final class FrameLayoutBytes {
        static int of(MessageLite message) {
            return io.headwater.protocol.FrameLayout.HEADER_BYTES + message.getSerializedSize();
        }
    }

    private static final class FakeOwners implements Requests.Factory {
        final List<Frame> taken = new ArrayList<>();
        final List<Connection> connections = new ArrayList<>();
        Requests.Offered answer = Requests.Offered.TAKEN;
        int drained;
        int closed;

        @Override
        public Requests open(Connection connection) {
            connections.add(connection);
            return new Requests() {
                @Override
                public Offered offer(Frame frame) {
                    if (answer == Offered.TAKEN) {
                        taken.add(frame);
                    }
                    return answer;
                }

                @Override
                public void drained() {
                    drained++;
                }

                @Override
                public void closed() {
                    closed++;
                }
            };
        }
    }

    private static final class FakeControl implements ControlMailbox {
        final List<Frame> frames = new ArrayList<>();
        final List<Connection> connections = new ArrayList<>();
        boolean full;
        int closed;

        @Override
        public boolean offer(Connection connection, Frame frame) {
            if (full) {
                return false;
            }
            connections.add(connection);
            frames.add(frame);
            return true;
        }

        @Override
        public void closed(Connection connection) {
            closed++;
        }
    }
}
