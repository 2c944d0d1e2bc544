package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerMessage;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Notices a peer that is there no more although nothing says so, as when a network is cut in one direction: says that we
 * are alive whenever nothing else was said for a while, and gives up a connection on which nothing is heard, or whose
 * handshake does not end. Counts its own ticks, so that a pause of this process is not taken for a silence of the other.
 * All connections tick at the same times: a thread at rest wakes up once for all of them, here and where they lead to.
 */
final class Liveness extends ChannelDuplexHandler {
    static final int TICK_MS = 500;
    static final int MAX_SILENT_TICKS = 8;
    static final int MAX_HANDSHAKE_TICKS = 10;

    private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(TICK_MS);

    private final NanoClock clock;
    private @Nullable Future<?> timer;
    private boolean handshaken;
    private boolean wrote;
    private int silentTicks;

    Liveness() {
        this(SystemNanoClock.INSTANCE);
    }

    Liveness(NanoClock clock) {
        this.clock = clock;
    }

    /** On the event loop. */
    void handshaken() {
        handshaken = true;
        silentTicks = 0;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        schedule(ctx);
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (handshaken) {
            silentTicks = 0;
        }
        ctx.fireChannelRead(msg);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        wrote = true;
        var unused = ctx.write(msg, promise);
    }

    /** Half a tick is the least: what a pause has kept waiting is read before the next one. */
    private void schedule(ChannelHandlerContext ctx) {
        long inNs = TICK_NS - Math.floorMod(clock.nanoTime(), TICK_NS);
        long notTooSoonNs = inNs < TICK_NS / 2 ? inNs + TICK_NS : inNs;
        timer = ctx.executor().schedule(() -> tick(ctx), notTooSoonNs, TimeUnit.NANOSECONDS);
    }

    private void tick(ChannelHandlerContext ctx) {
        schedule(ctx);
        silentTicks++;
        int most = handshaken ? MAX_SILENT_TICKS : MAX_HANDSHAKE_TICKS;
        if (silentTicks >= most) {
            ctx.fireExceptionCaught(new IOException(
                    (handshaken ? "nothing was heard for " : "no handshake within ") + most * TICK_MS + " ms"));
            return;
        }
        if (handshaken && !wrote && ctx.channel().isWritable()) {
            var unused = ctx.writeAndFlush(
                    PeerFrames.encode(PeerMessage.getDefaultInstance(), List.of(), PeerFrames.HEADER_BYTES),
                    ctx.voidPromise());
        }
        wrote = false;
    }
}
