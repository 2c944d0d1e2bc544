package io.headwater.client.link;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameType;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A TCP connection on a thread of its own: epoll where the machine has it, else NIO. */
// A write or close that fails ends the conversation, which is how its failure is heard.
@SuppressWarnings("FutureReturnValueIgnored")
public final class NettyLink implements Link, Loop, AutoCloseable {
    private static final int CONNECT_TIMEOUT_MS = 5_000;
    /** More than one socket buffer, so that a socket never runs dry; little enough that heartbeats do not queue long. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(1 << 20, 2 << 20);
    /** Reads as large as a large delivery, so that most deliveries lie within few reads. */
    private static final int MAX_READ_BYTES = 1 << 20;

    private static final long CLOSE_TIMEOUT_MS = 5_000;

    private final String host;
    private final int port;
    private final LongSupplier nanoTime;
    private final boolean epoll = Epoll.isAvailable();
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private @Nullable Conversation current;

    /** @param nanoTime a monotonic clock, in nanoseconds from wherever it starts */
    public NettyLink(String host, int port, String threadName, LongSupplier nanoTime) {
        this.host = host;
        this.port = port;
        this.nanoTime = nanoTime;
        this.group = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory(threadName, true),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        this.loop = group.next();
    }

    @Override
    public void connect(LinkListener listener) {
        Conversation conversation = new Conversation(listener);
        current = conversation;
        new Bootstrap()
                .group(loop)
                .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(2048, 65_536, MAX_READ_BYTES))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        conversation.channel = channel;
                        channel.pipeline().addLast(conversation.decoder, conversation);
                    }
                })
                .connect(new InetSocketAddress(host, port))
                .addListener(done -> {
                    if (!done.isSuccess()) {
                        Throwable cause = done.cause();
                        loop.execute(() -> conversation.end(cause == null ? "cancelled" : reason(cause)));
                    }
                });
    }

    private static String reason(Throwable cause) {
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }

    @Override
    public void handshaken(int maxFrameBytes) {
        if (current != null) {
            current.decoder.handshaken(maxFrameBytes);
        }
    }

    @Override
    public void send(FrameType type, int correlationId, MessageLite message, List<ByteBuf> attachments) {
        Conversation conversation = current;
        if (conversation == null || conversation.channel == null) {
            attachments.forEach(ByteBuf::release);
            return;
        }
        Channel channel = conversation.channel;
        int attached = 0;
        for (int i = 0; i < attachments.size(); i++) {
            attached += attachments.get(i).readableBytes();
        }
        channel.write(
                FrameEncoder.encode(channel.alloc(), type, 0, correlationId, message, attached), channel.voidPromise());
        for (int i = 0; i < attachments.size(); i++) {
            channel.write(attachments.get(i), channel.voidPromise());
        }
    }

    @Override
    public void flush() {
        if (current != null && current.channel != null) {
            current.channel.flush();
        }
    }

    @Override
    public boolean isWritable() {
        return current != null && current.channel != null && current.channel.isWritable();
    }

    @Override
    public void disconnect(String why) {
        Conversation conversation = current;
        if (conversation != null) {
            loop.execute(() -> conversation.end(why));
        }
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

    /** Drops the connection and ends the thread. Waits for it, unless called on it. */
    @Override
    public void close() {
        if (isClosed()) {
            return;
        }
        execute(() -> disconnect("closed"));
        var done = group.shutdownGracefully(0, CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        if (!isCurrent()) {
            done.awaitUninterruptibly(CLOSE_TIMEOUT_MS);
        }
    }

    /** One connection from attempt to end. Forwards to its listener until it has told it the end. */
    private final class Conversation extends ChannelInboundHandlerAdapter {
        private final LinkListener listener;
        private final FrameDecoder decoder = FrameDecoder.ofReplies();
        private @Nullable Channel channel;
        private boolean ended;

        Conversation(LinkListener listener) {
            this.listener = listener;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            if (!ended) {
                listener.connected();
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            Frame frame = (Frame) msg;
            if (ended) {
                frame.release();
            } else {
                listener.received(frame);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (!ended) {
                listener.heard();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (!ended && ctx.channel().isWritable()) {
                listener.writable();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            end("the broker closed the connection");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            end(reason(cause));
        }

        private void end(String why) {
            if (ended) {
                return;
            }
            ended = true;
            if (current == this) {
                current = null;
            }
            if (channel != null) {
                channel.close();
            }
            listener.disconnected(why);
        }
    }
}
