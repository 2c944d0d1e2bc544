package io.headwater.broker.observe;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/**
 * The HTTP listener for people and their monitoring: {@code /metrics}, {@code /healthz}, {@code /readyz}. Runs on the
 * event loops that serve clients, so it adds no thread; a request may be small and a connection may not idle.
 */
public final class AdminServer implements AutoCloseable {
    private static final int MAX_REQUEST_BYTES = 8 * 1024;
    private static final int IDLE_SECONDS = 60;

    private final Channel channel;

    private AdminServer(Channel channel) {
        this.channel = channel;
    }

    /**
     * @param loops and the kind of server channel that belongs to them; stay the caller's
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static AdminServer start(
            EventLoopGroup loops,
            Class<? extends ServerChannel> channelType,
            InetSocketAddress address,
            Metrics metrics,
            Supplier<Health> health)
            throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(channelType)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel child) {
                        child.pipeline()
                                .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpObjectAggregator(MAX_REQUEST_BYTES))
                                .addLast(new AdminHandler(metrics, health));
                    }
                });
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("admin: cannot listen on " + address + ": " + bound.cause(), bound.cause());
        }
        return new AdminServer(bound.channel());
    }

    /** The real port. */
    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** Takes no more connections; those there are end with the event loops. */
    @Override
    public void close() {
        channel.close().awaitUninterruptibly();
    }
}
