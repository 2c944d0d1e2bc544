package io.headwater.broker.peer;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.net.EventLoops;
import io.headwater.broker.observe.PeerFigures;
import io.headwater.broker.peer.wire.PeerHello;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.PeerWelcome;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to other brokers over TCP, and TLS where it is configured. One connection in each direction between two nodes: what
 * we say goes over ours, and the answers to it come back over the same; what the other says comes over its own.
 *
 * <p>Nobody but joiners is heard before {@link #identity} was told.
 */
public final class NettyPeers implements PeerSide {
    /** What a frame may hold besides as many attached bytes as a frame of a client may have. */
    public static final int FRAME_OVERHEAD_BYTES = 1 << 20;

    /** Waiting to be written, per connection; beyond it messages are dropped. */
    static final int MAX_QUEUED_BYTES = 32 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(NettyPeers.class);
    private static final int CONNECT_TIMEOUT_MS = 2_000;
    private static final int MAX_ACCEPTED = 1024;
    private static final int MAX_READ_BYTES = 256 * 1024;
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(512 * 1024, 1024 * 1024);
    private static final long CLOSE_TIMEOUT_MS = 2_000;

    private final EventLoops loops;
    private final Settings settings;
    private final PeerHandler handler;
    private final OwnNode ownNode;
    private final Channel server;
    private final Map<Integer, PeerLink> links = new ConcurrentHashMap<>();
    private final Map<Integer, Channel> incoming = new ConcurrentHashMap<>();
    private final Set<Channel> accepted = ConcurrentHashMap.newKeySet();
    /** What stops each question that has a connection of its own. */
    private final Set<Runnable> questions = ConcurrentHashMap.newKeySet();

    private final AtomicLong nextCall = new AtomicLong(1);
    private final ThreadPoolExecutor names;
    private volatile PeerIdentity identity;
    private volatile boolean closed;

    /**
     * @param listen port 0: any free one
     * @param maxFrameBytes of what is attached to a message; the same on all brokers
     * @param tls empty: neither encrypted nor authenticated
     * @param directoryId of our data directory
     * @param nodeOfDirectory the node that a data directory belongs to; 0: not known. Asked on threads of the network
     */
    public record Settings(
            HostPort listen,
            int maxFrameBytes,
            Optional<PeerTls> tls,
            String directoryId,
            ToIntFunction<String> nodeOfDirectory) {}

    /**
     * Listens.
     *
     * @param handler called on threads of the network
     * @throws IOException if the address cannot be bound
     */
    public static NettyPeers bind(EventLoops loops, Settings settings, PeerHandler handler) throws IOException {
        return new NettyPeers(loops, settings, handler);
    }

    private NettyPeers(EventLoops loops, Settings settings, PeerHandler handler) throws IOException {
        this.loops = loops;
        this.settings = settings;
        this.handler = handler;
        this.identity = new PeerIdentity("", 0, settings.directoryId());
        this.ownNode = new OwnNode(loops.group().next(), handler);
        this.names = new ThreadPoolExecutor(
                1,
                1,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory("headwater-peer-names", true));
        names.allowCoreThreadTimeOut(true);
        ChannelFuture bound = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 2048, MAX_READ_BYTES))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                })
                .bind(settings.listen().socketAddress())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "peer.listen " + settings.listen() + ": " + bound.cause().getMessage(), bound.cause());
        }
        this.server = bound.channel();
    }

    @Override
    public int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    @Override
    public void identity(String clusterId, int nodeId) {
        PeerIdentity before = identity;
        PeerIdentity now = new PeerIdentity(clusterId, nodeId, settings.directoryId());
        if (nodeId <= 0 || clusterId.isEmpty() || (before.isMember() && !before.equals(now))) {
            throw new IllegalArgumentException(
                    "identity: " + now + " (expected: once, of a member; is: " + before + ")");
        }
        identity = now;
    }

    @Override
    public void know(int node, HostPort endpoint) {
        if (closed || node == identity.nodeId()) {
            return;
        }
        PeerLink link = links.computeIfAbsent(
                node,
                each -> new PeerLink(
                        this, handler, node, endpoint, loops.group().next()));
        link.moved(endpoint);
    }

    @Override
    public void forget(int node) {
        PeerLink link = links.remove(node);
        if (link != null) {
            Future<?> unused = link.forget();
        }
    }

    @Override
    public void send(int node, PeerMessage message, List<ByteBuffer> attachment) {
        PeerIdentity self = identity;
        if (closed || !self.isMember()) {
            return;
        }
        if (node == self.nodeId()) {
            ownNode.send(node, message, attachment);
            return;
        }
        PeerLink link = links.get(node);
        if (link != null) {
            boolean unused = link.send(message, attachment);
        }
    }

    @Override
    public CompletionStage<PeerMessage> ask(
            int node, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
        PeerIdentity self = identity;
        PeerLink link = links.get(node);
        if (!closed && self.isMember()) {
            if (node == self.nodeId()) {
                return ownNode.ask(node, nextCall.getAndIncrement(), question, attachment, timeoutMs);
            }
            if (link != null) {
                return link.ask(nextCall.getAndIncrement(), question, attachment, timeoutMs);
            }
        }
        return CompletableFuture.failedFuture(new IOException("node " + node + ": not known"));
    }

    @Override
    public CompletionStage<PeerMessage> ask(HostPort endpoint, PeerMessage question, long timeoutMs) {
        if (closed) {
            return CompletableFuture.failedFuture(new IOException(endpoint + ": the broker stops"));
        }
        EventLoop loop = loops.group().next();
        OneQuestion asker = new OneQuestion(loop, endpoint.toString(), question, timeoutMs, maxFrameBytes());
        Dialled connection = dialled(0, true, asker);
        Runnable stop = () -> loop.execute(() -> connection.close("the broker stops"));
        questions.add(stop);
        loop.execute(() -> dial(loop, endpoint, connection));
        return asker.over(loop, connection).whenComplete((answer, failure) -> questions.remove(stop));
    }

    int maxFrameBytes() {
        return settings.maxFrameBytes() + FRAME_OVERHEAD_BYTES;
    }

    PeerWelcome welcome() {
        return identity.welcome();
    }

    @Nullable
    PeerWelcome refusal(PeerHello hello) {
        return identity.refusal(hello, settings.nodeOfDirectory());
    }

    /** The older connection of the node, which has to be closed first; null: this is the node's now. */
    @Nullable
    Channel takePlace(int node, Channel channel) {
        return incoming.putIfAbsent(node, channel);
    }

    void leavePlace(int node, Channel channel) {
        incoming.remove(node, channel);
    }

    /** The accepted connection is closed. */
    void left(int node, Channel channel) {
        leavePlace(node, channel);
        accepted.remove(channel);
    }

    /** Null: nobody is known by this number. */
    @Nullable
    PeerTraffic traffic(Integer node) {
        PeerLink link = links.get(node);
        return link == null ? null : link.traffic();
    }

    @Override
    public List<PeerFigures> figures() {
        return links.values().stream()
                .map(PeerLink::figures)
                .sorted(Comparator.comparingInt(PeerFigures::node))
                .toList();
    }

    private void accept(Channel channel) {
        accepted.add(channel);
        if (closed || accepted.size() > MAX_ACCEPTED) {
            LOG.warn("peer connections: {} are open, the most; closing another", MAX_ACCEPTED);
            accepted.remove(channel);
            ChannelFuture unused = channel.close();
            return;
        }
        settings.tls().ifPresent(tls -> channel.pipeline().addLast(tls.accepting(channel.alloc())));
        new Accepted(this, handler, channel).addTo();
    }

    Dialled dialled(int wantedNode, boolean aside, Dialled.Owner owner) {
        return new Dialled(identity.hello(wantedNode, aside), maxFrameBytes(), owner);
    }

    /** On the event loop. What comes of it, the connection's owner hears. */
    void dial(EventLoop loop, HostPort endpoint, Dialled connection) {
        if (NetUtil.isValidIpV4Address(endpoint.host()) || NetUtil.isValidIpV6Address(endpoint.host())) {
            connect(loop, endpoint.socketAddress(), connection);
            return;
        }
        try {
            // Names are looked up elsewhere: that may take seconds.
            names.execute(() -> {
                InetSocketAddress address = endpoint.socketAddress();
                loop.execute(() -> connect(loop, address, connection));
            });
        } catch (RejectedExecutionException e) {
            connection.failed(e);
        }
    }

    private void connect(EventLoop loop, InetSocketAddress address, Dialled connection) {
        if (closed || address.isUnresolved()) {
            connection.failed(
                    closed ? new IOException("the broker stops") : new UnknownHostException(address.getHostString()));
            return;
        }
        ChannelFuture unused = new Bootstrap()
                .group(loop)
                .channel(loops.channel())
                .resolver(NoopAddressResolverGroup.INSTANCE)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        settings.tls().ifPresent(tls -> channel.pipeline().addLast(tls.connecting(channel.alloc())));
                        connection.addTo(channel);
                    }
                })
                .connect(address)
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        connection.failed(connected.cause());
                    }
                });
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        names.shutdownNow();
        // First: who redials is to be refused, which says more than a connection that ends.
        server.close().awaitUninterruptibly(CLOSE_TIMEOUT_MS);
        List<Future<?>> ending = new ArrayList<>();
        links.values().forEach(link -> ending.add(link.forget()));
        links.clear();
        accepted.forEach(channel -> ending.add(channel.close()));
        questions.forEach(Runnable::run);
        ownNode.close();
        ending.forEach(each -> each.awaitUninterruptibly(CLOSE_TIMEOUT_MS));
    }
}
