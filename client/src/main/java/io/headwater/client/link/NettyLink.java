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
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A TCP connection on a {@link NettyLoop}. */
// A write or close that fails ends the conversation, which is how its failure is heard.
@SuppressWarnings("FutureReturnValueIgnored")
final class NettyLink implements Link {
    private static final int CONNECT_TIMEOUT_MS = 5_000;
    /** More than one socket buffer, so that a socket never runs dry; little enough that heartbeats do not queue long. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(1 << 20, 2 << 20);
    /** Reads as large as a large delivery, so that most deliveries lie within few reads. */
    private static final int MAX_READ_BYTES = 1 << 20;

    private final String host;
    private final int port;
    private final EventLoop loop;
    private final Executor names;
    private final Resolver resolver;
    private @Nullable Conversation current;

    /** Finds the address of a host; may block for seconds. */
    interface Resolver {
        InetAddress resolve(String host) throws UnknownHostException;
    }

    /** @param names where the resolver may block */
    NettyLink(String host, int port, EventLoop loop, Executor names, Resolver resolver) {
        this.host = host;
        this.port = port;
        this.loop = loop;
        this.names = names;
        this.resolver = resolver;
    }

    @Override
    public void connect(LinkListener listener) {
        Conversation conversation = new Conversation(listener);
        current = conversation;
        if (NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host)) {
            resolve(conversation);
            return;
        }
        try {
            // A name server that does not answer must not stop all connections.
            names.execute(() -> resolve(conversation));
        } catch (RejectedExecutionException e) {
            loop.execute(() -> conversation.end("the client is closed"));
        }
    }

    private void resolve(Conversation conversation) {
        Runnable next;
        try {
            InetSocketAddress address = new InetSocketAddress(resolver.resolve(host), port);
            next = () -> connect(conversation, address);
        } catch (UnknownHostException | RuntimeException e) {
            next = () -> conversation.end(reason(e));
        }
        try {
            loop.execute(next);
        } catch (RejectedExecutionException e) {
            // The client was closed meanwhile, and nobody listens any more.
        }
    }

    private void connect(Conversation conversation, InetSocketAddress address) {
        if (conversation.ended) {
            return;
        }
        new Bootstrap()
                .group(loop)
                .channel(NettyLoop.socketType())
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
                .connect(address)
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
