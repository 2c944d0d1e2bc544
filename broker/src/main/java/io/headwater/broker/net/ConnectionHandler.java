package io.headwater.broker.net;

import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.FrameException;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Hello;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The incoming half of a connection: the handshake, then each frame into the mailbox that it belongs to. A peer that
 * breaks the rules is told why and loses this connection; nobody else notices. On the event loop only.
 */
final class ConnectionHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandler.class);
    private static final int OVERLOADED_RETRY_MS = 20;

    private final ConnectionRegistry registry;
    private final FrameDecoder decoder;
    private final ClientConnection connection;
    private final ReadGate gate;
    private final Requests requests;
    private final SlowPeerTimer slowness;
    private boolean handshaken;
    private boolean leaving;
    private boolean gotFrame;

    ConnectionHandler(ConnectionRegistry registry, FrameDecoder decoder, ClientConnection connection) {
        this.registry = registry;
        this.decoder = decoder;
        this.connection = connection;
        this.gate = new ReadGate(
                connection, registry.inFlight(), registry.handshake().maxFrameBytes());
        this.requests = registry.openRequests(connection);
        this.slowness = new SlowPeerTimer(connection.channel().eventLoop(), this::refuse);
        connection.wire(gate, requests);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        Error refusal = registry.admit(connection);
        if (refusal != null) {
            refuse(refusal);
            return;
        }
        slowness.expectHandshake();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        Frame frame = (Frame) msg;
        gotFrame = true;
        if (leaving) {
            frame.release();
        } else if (!handshaken) {
            shakeHands(frame);
        } else {
            dispatch(frame);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        int pending = decoder.pendingBytes();
        gate.unfinished(pending);
        slowness.unfinished(pending, gotFrame);
        gotFrame = false;
        gate.check().run();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        gate.check().run();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        slowness.stop();
        gate.closed();
        connection.closed();
        requests.closed();
        registry.closed(connection);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof FrameException broken) {
            registry.brokenFrame();
            LOG.info(
                    "connection {} from {}: {}; closing it", connection.id(), connection.address(), cause.getMessage());
            refuse(broken.error());
        } else if (cause instanceof IOException) {
            LOG.debug("connection {} from {}: {}", connection.id(), connection.address(), cause.toString());
            close(ctx);
        } else {
            LOG.error("connection {} from {}: unexpected, closing it", connection.id(), connection.address(), cause);
            close(ctx);
        }
    }

    private static void close(ChannelHandlerContext ctx) {
        // channelInactive follows; nobody waits for the future.
        ChannelFuture unused = ctx.close();
    }

    /** Says goodbye and ignores what still comes in. */
    void refuse(Error reason) {
        if (!leaving) {
            leaving = true;
            slowness.stop();
            registry.dismissed(connection);
            connection.dismiss(reason);
        }
    }

    private void shakeHands(Frame frame) {
        frame.release();
        if (frame.type() != FrameType.HELLO) {
            refuse(Errors.of(ErrorCode.ERROR_INVALID_REQUEST, "first frame: " + frame.type() + " (expected: HELLO)"));
            return;
        }
        Hello hello = frame.message(Hello.class);
        Error refusal = registry.handshake().refusal(hello);
        if (refusal != null) {
            connection.fail(frame.correlationId(), FrameType.HELLO, refusal);
            refuse(refusal);
            return;
        }
        handshaken = true;
        slowness.handshaken();
        connection.named(hello.getClientName());
        decoder.handshaken(registry.handshake().maxFrameBytes());
        gate.asked();
        connection.reply(
                frame.correlationId(), FrameType.HELLO, registry.handshake().answer(hello));
    }

    private void dispatch(Frame frame) {
        boolean answered = frame.type().reply() != null;
        if (answered) {
            gate.asked();
        }
        Error closing = registry.closing();
        if (closing != null) {
            frame.release();
            if (answered) {
                connection.fail(frame.correlationId(), frame.type(), closing);
            }
            return;
        }
        switch (frame.type()) {
            case PRODUCE,
                    SUBSCRIBE,
                    CREDIT,
                    UNSUBSCRIBE,
                    FIND_OFFSET,
                    ERASE_RECORDS,
                    QUEUE_OPEN,
                    QUEUE_CREDIT,
                    QUEUE_CLOSE,
                    QUEUE_SETTLE,
                    QUEUE_BROWSE,
                    QUEUE_EXPLAIN,
                    QUEUE_OPERATE -> toOwners(frame);
            case HELLO -> {
                frame.release();
                refuse(Errors.of(ErrorCode.ERROR_INVALID_REQUEST, "HELLO: a second one (expected: one, at the start)"));
            }
            default -> toControl(frame);
        }
    }

    private void toOwners(Frame frame) {
        int attached = frame.attachment().readableBytes();
        if (frame.type() != FrameType.PRODUCE && attached > 0) {
            frame.release();
            refuse(unexpectedAttachment(frame, attached));
            return;
        }
        connection.received(attached);
        Requests.Offered offered = requests.offer(frame);
        if (offered == Requests.Offered.TAKEN) {
            return;
        }
        frame.release();
        connection.finished(attached);
        if (offered == Requests.Offered.FULL) {
            overloaded(frame);
        } else {
            refuse(Errors.retryAfter(
                    ErrorCode.ERROR_OVERLOADED,
                    frame.type() + ": the broker is overloaded and would lose it; connect again",
                    OVERLOADED_RETRY_MS));
        }
    }

    private void toControl(Frame frame) {
        int attached = frame.attachment().readableBytes();
        frame.release();
        if (attached > 0) {
            refuse(unexpectedAttachment(frame, attached));
        } else if (!registry.control().offer(connection, frame)) {
            overloaded(frame);
        }
    }

    private void overloaded(Frame frame) {
        registry.overloaded();
        connection.fail(
                frame.correlationId(),
                frame.type(),
                Errors.retryAfter(
                        ErrorCode.ERROR_OVERLOADED, "the broker is overloaded; try again", OVERLOADED_RETRY_MS));
    }

    private static Error unexpectedAttachment(Frame frame, int bytes) {
        return Errors.of(
                ErrorCode.ERROR_INVALID_REQUEST, frame.type() + ": " + bytes + " attached bytes (expected: none)");
    }
}
