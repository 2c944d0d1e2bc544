package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerHello;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.PeerWelcome;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ConnectTimeoutException;
import java.net.ConnectException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A connection that we open: our hello, the other's welcome, then the answers to what we ask. On its event loop. */
final class Dialled extends ChannelInboundHandlerAdapter {
    /** Whose connection it is. Called on the event loop. */
    interface Owner {
        /** The other side has welcomed us. */
        void up(Channel channel);

        void answered(PeerMessage answer);

        /** The channel takes more. */
        void writable();

        /** Called once, whatever happened before. */
        void ended(String why, boolean refused);
    }

    private final PeerHello hello;
    private final Owner owner;
    private final PeerDecoder decoder = new PeerDecoder(PeerWelcome.parser());
    private final Liveness liveness = new Liveness();
    private final int maxFrameBytes;
    private @Nullable Channel channel;
    private @Nullable String why;
    private boolean welcomed;
    private boolean over;

    Dialled(PeerHello hello, int maxFrameBytes, Owner owner) {
        this.hello = hello;
        this.maxFrameBytes = maxFrameBytes;
        this.owner = owner;
    }

    /** Adds what this connection needs behind what encrypts it. */
    void addTo(Channel to) {
        if (over) {
            ChannelFuture unused = to.close();
            return;
        }
        channel = to;
        to.pipeline().addLast(liveness, decoder, this);
    }

    /** Gives up, whether or not it is open yet. */
    void close(String reason) {
        if (why == null) {
            why = reason;
        }
        decoder.stop();
        if (channel != null) {
            ChannelFuture unused = channel.close();
        }
        end(false);
    }

    /** It could not be opened. */
    void failed(Throwable cause) {
        if (why == null) {
            why = PeerFailures.describe(cause);
        }
        end(isRefusal(cause));
    }

    private static boolean isRefusal(Throwable cause) {
        return cause instanceof ConnectException
                && !(cause instanceof ConnectTimeoutException)
                && String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT).contains("refused");
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ChannelFuture unused = ctx.writeAndFlush(
                PeerFrames.encode(hello, List.of(), PeerFrames.MAX_HANDSHAKE_BYTES), ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        PeerFrame frame = (PeerFrame) msg;
        if (frame.attachment().hasRemaining()) {
            throw new BadPeerMessageException(
                    "attachment of an answer: " + frame.attachment().remaining() + " bytes (expected: none)");
        }
        if (frame.message() instanceof PeerWelcome welcome) {
            welcomed(ctx, welcome);
            return;
        }
        PeerMessage message = (PeerMessage) frame.message();
        if (message.getAnswer()) {
            owner.answered(message);
        } else if (message.getCall() != 0 || message.getBodyCase() != PeerMessage.BodyCase.BODY_NOT_SET) {
            throw new BadPeerMessageException("message: " + message.getBodyCase()
                    + " (expected: an answer, as everything else comes over the other side's connection)");
        }
    }

    private void welcomed(ChannelHandlerContext ctx, PeerWelcome welcome) {
        if (!welcome.getRefused().isEmpty()) {
            close("it refuses us: " + welcome.getRefused());
            return;
        }
        String refusal = PeerIdentity.refusal(hello, welcome);
        if (refusal != null) {
            close(refusal);
            return;
        }
        welcomed = true;
        decoder.handshaken(maxFrameBytes);
        liveness.handshaken();
        owner.up(ctx.channel());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (welcomed && !over && ctx.channel().isWritable()) {
            owner.writable();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        close(PeerFailures.describe(cause));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        close("the other side closed the connection");
    }

    private void end(boolean refused) {
        if (!over) {
            over = true;
            owner.ended(why == null ? "closed" : why, refused);
        }
    }
}
