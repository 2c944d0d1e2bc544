package io.headwater.broker.peer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts the bytes of a connection, next to the socket: what is encrypted is counted as such. From its welcome on. */
final class PeerMeter extends ChannelDuplexHandler {
    private final Supplier<@Nullable PeerTraffic> traffic;

    /** @param traffic null: of nobody who is known yet, or still; it is not counted */
    PeerMeter(Supplier<@Nullable PeerTraffic> traffic) {
        this.traffic = traffic;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        PeerTraffic counts = traffic.get();
        if (counts != null && msg instanceof ByteBuf bytes) {
            counts.received(bytes.readableBytes());
        }
        ctx.fireChannelRead(msg);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        PeerTraffic counts = traffic.get();
        if (counts != null && msg instanceof ByteBuf bytes) {
            counts.sent(bytes.readableBytes());
        }
        var unused = ctx.write(msg, promise);
    }
}
