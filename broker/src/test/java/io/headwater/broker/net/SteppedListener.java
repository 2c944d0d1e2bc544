package io.headwater.broker.net;

import io.headwater.protocol.FrameDecoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where clients connect, without sockets and threads: the real pipeline of each connection, with bytes put in and taken out. */
public final class SteppedListener {
    private static final int MOST = 1_000;
    /** Nothing of a process that dies is given back to a pool. */
    private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false, true);

    private final ConnectionRegistry registry;
    private final Map<Long, Accepted> open = new LinkedHashMap<>();

    public SteppedListener(InFlight inFlight, Requests.Factory requests, ControlMailbox control) {
        this.registry = new ConnectionRegistry(MOST, inFlight, requests, control);
    }

    public void open(Handshake handshake) {
        registry.open(handshake);
    }

    /** Lets the loops of all connections write what was posted. */
    public void doWork() {
        open.values().forEach(each -> each.channel.runPendingTasks());
        open.values()
                .removeIf(each ->
                        !each.isOpen() && each.channel.outboundMessages().isEmpty());
    }

    /** The process has died. */
    public void close() {
        List.copyOf(open.values()).forEach(Accepted::close);
        open.clear();
    }

    /** A client connects. */
    public Accepted accept() {
        FrameDecoder decoder = FrameDecoder.ofRequests();
        EmbeddedChannel channel = new EmbeddedChannel(false, false);
        channel.config().setAllocator(HEAP);
        ClientConnection connection = new ClientConnection(registry.nextId(), channel, registry.inFlight());
        channel.pipeline().addLast(decoder);
        try {
            channel.register();
            channel.freezeTime();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        channel.pipeline().addLast(new ConnectionHandler(registry, decoder, connection));
        channel.pipeline().fireChannelActive();
        Accepted accepted = new Accepted(channel);
        open.put(connection.id(), accepted);
        return accepted;
    }

    /** The broker's end of a connection. */
    public static final class Accepted {
        private final EmbeddedChannel channel;

        private Accepted(EmbeddedChannel channel) {
            this.channel = channel;
        }

        public boolean isOpen() {
            return channel.isOpen();
        }

        public void received(ByteBuf bytes) {
            if (channel.isOpen()) {
                channel.writeInbound(bytes);
            } else {
                bytes.release();
            }
        }

        /** What is to be sent next; null: nothing. */
        public @Nullable ByteBuf poll() {
            return channel.readOutbound();
        }

        /** The other end is gone. */
        public void close() {
            channel.finishAndReleaseAll();
        }
    }
}
