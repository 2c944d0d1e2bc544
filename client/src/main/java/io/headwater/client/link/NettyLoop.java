package io.headwater.client.link;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A thread for all connections of a client: epoll where the machine has it, else NIO. Names of brokers are looked up
 * beside it.
 */
@SuppressWarnings("FutureReturnValueIgnored")
public final class NettyLoop implements Loop, AutoCloseable {
    private static final long CLOSE_TIMEOUT_MS = 5_000;
    /** More than one, so that a name that is not found soon does not hold up all others. */
    private static final int NAME_THREADS = 4;

    private static final boolean EPOLL = Epoll.isAvailable();

    private final LongSupplier nanoTime;
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final ThreadPoolExecutor names;
    private final NettyLink.Resolver resolver;

    /** @param nanoTime a monotonic clock, in nanoseconds from wherever it starts */
    public NettyLoop(String threadName, LongSupplier nanoTime) {
        this(threadName, nanoTime, InetAddress::getByName);
    }

    NettyLoop(String threadName, LongSupplier nanoTime, NettyLink.Resolver resolver) {
        this.nanoTime = nanoTime;
        this.resolver = resolver;
        this.group = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory(threadName, true),
                EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        this.loop = group.next();
        this.names = new ThreadPoolExecutor(
                NAME_THREADS,
                NAME_THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(threadName + "-names", true));
        names.allowCoreThreadTimeOut(true);
    }

    static Class<? extends SocketChannel> socketType() {
        return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    /** Connects when it is told to. */
    public Link link(String host, int port) {
        return new NettyLink(host, port, loop, names, resolver);
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
    }

    @Override
    public boolean isCurrent() {
        return loop.inEventLoop();
    }

    @Override
    public long nowNs() {
        return nanoTime.getAsLong();
    }

    @Override
    public Timer schedule(long delayNs, Runnable task) {
        ScheduledFuture<?> scheduled = loop.schedule(task, delayNs, TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    public boolean isClosed() {
        return group.isShuttingDown();
    }

    /** Ends the thread, and with it all connections. Waits for it, unless called on it. */
    @Override
    public void close() {
        if (isClosed()) {
            return;
        }
        names.shutdownNow();
        var done = group.shutdownGracefully(0, CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        if (!isCurrent()) {
            done.awaitUninterruptibly(CLOSE_TIMEOUT_MS);
        }
    }
}
