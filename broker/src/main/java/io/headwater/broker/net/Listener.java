package io.headwater.broker.net;

import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.wire.Error;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The socket that clients connect to, and the pipeline that each of their connections gets. */
public final class Listener implements AutoCloseable {
    private static final int BACKLOG = 1024;
    /** As large as the frames of a busy client; larger reads were measured to be no faster. */
    private static final int MAX_READ_BYTES = 256 * 1024;

    private final ConnectionRegistry registry;
    private final Channel server;

    private Listener(ConnectionRegistry registry, Channel server) {
        this.registry = registry;
        this.server = server;
    }

    /** What a listener needs from the rest of the broker. */
    public record Ports(InFlight inFlight, Requests.Factory requests, ControlMailbox control) {}

    /**
     * Binds. Who connects waits until {@link #open}.
     *
     * @param maxConnections further ones are told so and closed
     */
    public static Listener bind(EventLoops loops, InetSocketAddress address, int maxConnections, Ports ports)
            throws IOException {
        ConnectionRegistry registry =
                new ConnectionRegistry(maxConnections, ports.inFlight(), ports.requests(), ports.control());
        ChannelFuture bound = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                // The default allocator does not pool what is larger than 1 MiB, as frames may be: each is zeroed
                // first.
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 2048, MAX_READ_BYTES))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(512 * 1024, 1024 * 1024))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        FrameDecoder decoder = FrameDecoder.ofRequests();
                        ClientConnection connection =
                                new ClientConnection(registry.nextId(), channel, registry.inFlight());
                        channel.pipeline().addLast(decoder, new ConnectionHandler(registry, decoder, connection));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("listen " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        return new Listener(registry, bound.channel());
    }

    /** Accepts from now on. Once. */
    public void open(Handshake handshake) {
        registry.open(handshake);
        server.config().setAutoRead(true);
    }

    public int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    public int connections() {
        return registry.count();
    }

    /** How many connections were closed because their peer broke the protocol. */
    public long brokenFrames() {
        return registry.brokenFrames();
    }

    /** How many requests were refused because a mailbox was full. */
    public long overloads() {
        return registry.overloads();
    }

    /** Accepts nobody any more, and answers every further request with this error. */
    public void stopAccepting(Error reason) {
        registry.refuseRequests(reason);
        server.close().awaitUninterruptibly();
    }

    /** Sends what was posted, says goodbye on every connection and closes it. */
    public void goodbye(Error reason) {
        registry.goodbye(reason);
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
    }
}
