package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerHello;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.PeerWelcome;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection that another broker has opened: what it sends and asks comes in, answers go out. On its event loop. */
final class Accepted extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Accepted.class);

    private final NettyPeers peers;
    private final PeerHandler handler;
    private final Channel channel;
    private final PeerDecoder decoder = new PeerDecoder(PeerHello.parser());
    private final Liveness liveness = new Liveness();
    private final Outbox answers;
    private PeerHello hello = PeerHello.getDefaultInstance();
    private boolean shaken;
    private boolean welcomed;
    private boolean leaving;

    Accepted(NettyPeers peers, PeerHandler handler, Channel channel) {
        this.peers = peers;
        this.handler = handler;
        this.channel = channel;
        this.answers =
                new Outbox(channel.eventLoop(), NettyPeers.MAX_QUEUED_BYTES, () -> leave("it does not read answers"));
    }

    void addTo() {
        channel.pipeline().addLast(liveness, decoder, this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        PeerFrame frame = (PeerFrame) msg;
        if (leaving) {
            return;
        }
        if (shaken) {
            received(frame);
            return;
        }
        shaken = true;
        hello = (PeerHello) frame.message();
        // What a broker sends before it is welcomed would be lost with a refusal.
        decoder.handshaken(PeerFrames.MAX_HANDSHAKE_BYTES);
        PeerWelcome refusal = peers.refusal(hello);
        if (refusal != null) {
            refuse(refusal);
        } else if (hello.getNodeId() == 0 || hello.getAside()) {
            welcome();
        } else {
            takeThePlaceOfAnOlderOne();
        }
    }

    /** What a node sent over an earlier connection must not arrive behind what it sends over this one. */
    private void takeThePlaceOfAnOlderOne() {
        if (!channel.isActive()) {
            return;
        }
        Channel older = peers.takePlace(hello.getNodeId(), channel);
        if (older == null) {
            welcome();
            return;
        }
        ChannelFuture unusedClose = older.close();
        ChannelFuture unused = older.closeFuture().addListener(closed -> {
            peers.leavePlace(hello.getNodeId(), older);
            channel.eventLoop().execute(this::takeThePlaceOfAnOlderOne);
        });
    }

    private void welcome() {
        welcomed = true;
        decoder.handshaken(peers.maxFrameBytes());
        liveness.handshaken();
        Integer node = hello.getNodeId();
        channel.pipeline().addFirst(new PeerMeter(() -> peers.traffic(node)));
        ChannelFuture unused = channel.write(encode(peers.welcome()), channel.voidPromise());
        channel.flush();
        answers.attach(channel);
    }

    private void refuse(PeerWelcome refusal) {
        LOG.info("peer connection from {}: refused: {}", from(), refusal.getRefused());
        leaving = true;
        decoder.stop();
        ChannelFuture unused = channel.writeAndFlush(encode(refusal)).addListener(ChannelFutureListener.CLOSE);
    }

    private static ByteBuf encode(PeerWelcome welcome) {
        return PeerFrames.encode(welcome, List.of(), PeerFrames.MAX_HANDSHAKE_BYTES);
    }

    private void received(PeerFrame frame) {
        PeerMessage message = (PeerMessage) frame.message();
        int node = hello.getNodeId();
        if (!welcomed || message.getAnswer()) {
            throw new BadPeerMessageException(
                    !welcomed
                            ? "message: before the welcome"
                            : "answer: " + message.getCall() + " (expected: a question)");
        }
        if (message.getCall() != 0) {
            if (node == 0 && !message.hasJoin()) {
                throw new BadPeerMessageException(
                        "question of no member: " + message.getBodyCase() + " (expected: JOIN)");
            }
            handler.asked(node, message, frame.attachment(), answer -> answer(message.getCall(), answer));
        } else if (message.getBodyCase() != PeerMessage.BodyCase.BODY_NOT_SET) {
            if (hello.getAside()) {
                throw new BadPeerMessageException("message: " + message.getBodyCase() + " (expected: a question)");
            }
            handler.received(node, message, frame.attachment());
        }
    }

    /** Any thread. */
    private void answer(long call, PeerMessage message) {
        PeerMessage answer = message.toBuilder().setCall(call).setAnswer(true).build();
        ByteBuf frame;
        try {
            frame = PeerFrames.encode(answer, List.of(), peers.maxFrameBytes());
        } catch (IllegalArgumentException e) {
            LOG.error(
                    "peer {}: the answer {} is too large: {}", hello.getNodeId(), answer.getBodyCase(), e.getMessage());
            frame = PeerFrames.encode(
                    PeerMessage.newBuilder()
                            .setCall(call)
                            .setAnswer(true)
                            .setFailure("the answer is too large: " + e.getMessage())
                            .build(),
                    List.of(),
                    peers.maxFrameBytes());
        }
        if (!answers.offer(frame) && channel.isActive()) {
            // Who asked hears of that.
            channel.eventLoop().execute(() -> leave("it does not read its answers"));
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            answers.writeOut();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (leaving) {
            return;
        }
        if (cause instanceof Error || (cause instanceof RuntimeException && !PeerFailures.isTheOthers(cause))) {
            LOG.error("peer connection from {}: unexpected, closing it", from(), cause);
        }
        leave(PeerFailures.describe(cause));
    }

    private void leave(String why) {
        if (!leaving) {
            leaving = true;
            LOG.info("peer connection from {}: {}; closing it", from(), why);
            decoder.stop();
            ChannelFuture unused = channel.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leaving = true;
        answers.close();
        peers.left(hello.getNodeId(), channel);
    }

    private String from() {
        String address = channel.remoteAddress() instanceof InetSocketAddress peer
                ? NetUtil.toSocketAddressString(peer)
                : String.valueOf(channel.remoteAddress());
        return hello.getNodeId() == 0 ? address : "node " + hello.getNodeId() + " at " + address;
    }
}
