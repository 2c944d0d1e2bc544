package io.headwater.broker.simulation;

import com.google.protobuf.MessageLite;
import io.headwater.broker.SteppedBroker;
import io.headwater.broker.net.SteppedListener;
import io.headwater.client.link.Link;
import io.headwater.client.link.LinkListener;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client's connection to one broker, as TCP: bytes in order, late, or never, with an end that each side hears of or not. */
final class ClientLink implements Link, Network.Wire {
    private static final long MS = 1_000_000;
    private static final long CONNECT_TIMEOUT_NS = 2_000 * MS;
    private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false, true);

    private final Client client;
    private final Machine machine;
    private final Network network;
    private ByteBuf unsent = Unpooled.EMPTY_BUFFER;
    private @Nullable Conversation current;

    ClientLink(Client client, Machine machine, Network network) {
        this.client = client;
        this.machine = machine;
        this.network = network;
        network.add(this);
    }

    /** One connection, from the attempt to its end. */
    private final class Conversation {
        final LinkListener listener;
        final FrameDecoder decoder = FrameDecoder.ofReplies();
        final EmbeddedChannel frames = new EmbeddedChannel(decoder);
        int life;
        final Deque<Runnable> there = new ArrayDeque<>();
        final Deque<Runnable> back = new ArrayDeque<>();
        SteppedListener.@Nullable Accepted accepted;
        long thereNs;
        long backNs;
        boolean over;
        boolean said;

        Conversation(LinkListener listener) {
            this.listener = listener;
        }

        void there(Runnable what) {
            thereNs = Math.max(thereNs, network.time().nowNs() + network.latencyNs());
            there.add(what);
            network.time().schedule(thereNs - network.time().nowNs(), this::flow);
            due(there, thereNs);
        }

        void back(Runnable what) {
            backNs = Math.max(backNs, network.time().nowNs() + network.latencyNs());
            back.add(what);
            network.time().schedule(backNs - network.time().nowNs(), this::flow);
            due(back, backNs);
        }

        private final Deque<Long> thereDue = new ArrayDeque<>();
        private final Deque<Long> backDue = new ArrayDeque<>();

        private void due(Deque<Runnable> which, long atNs) {
            (which == there ? thereDue : backDue).add(atNs);
        }

        void flow() {
            flow(there, thereDue, client.number(), machine.number());
            flow(back, backDue, machine.number(), client.number());
        }

        private void flow(Deque<Runnable> frames, Deque<Long> due, int from, int to) {
            while (!frames.isEmpty() && due.element() <= network.time().nowNs() && network.reaches(from, to)) {
                due.remove();
                frames.remove().run();
            }
        }

        /** The client hears that it is over. */
        void end(String why) {
            if (!over) {
                over = true;
                if (current == this) {
                    current = null;
                    machine.left(ClientLink.this);
                }
                SteppedListener.Accepted end = accepted;
                if (end != null) {
                    there.clear();
                    thereDue.clear();
                    there(() -> machine.run(life, end::close));
                }
                client.run(() -> listener.disconnected(why));
            }
        }
    }

    @Override
    public void connect(LinkListener listener) {
        Conversation next = new Conversation(listener);
        current = next;
        unsent = HEAP.buffer();
        network.time().schedule(2 * network.latencyNs(), () -> client.run(() -> connecting(next, 0)));
    }

    private void connecting(Conversation next, long waitedNs) {
        if (next.over || current != next) {
            return;
        }
        SteppedBroker broker = machine.serving();
        boolean reaches = network.reaches(client.number(), machine.number())
                && network.reaches(machine.number(), client.number());
        if (waitedNs > CONNECT_TIMEOUT_NS || (reaches && machine.isSwitchedOn() && broker == null)) {
            next.end("connection refused");
        } else if (!reaches || broker == null || machine.isPaused()) {
            network.time().schedule(50 * MS, () -> client.run(() -> connecting(next, waitedNs + 50 * MS)));
        } else {
            next.life = machine.life();
            next.accepted = broker.listener().accept();
            machine.connected(this);
            next.listener.connected();
        }
    }

    @Override
    public void handshaken(int maxFrameBytes) {
        if (current != null) {
            current.decoder.handshaken(maxFrameBytes);
        }
    }

    @Override
    public void send(FrameType type, int correlationId, MessageLite message, List<ByteBuf> attachments) {
        int attached = 0;
        for (ByteBuf each : attachments) {
            attached += each.readableBytes();
        }
        ByteBuf head = FrameEncoder.encode(HEAP, type, 0, correlationId, message, attached);
        unsent.writeBytes(head);
        head.release();
        for (ByteBuf each : attachments) {
            unsent.writeBytes(each);
            each.release();
        }
    }

    @Override
    public void flush() {
        Conversation now = current;
        if (now == null || now.accepted == null || !unsent.isReadable()) {
            return;
        }
        ByteBuf bytes = unsent;
        unsent = HEAP.buffer();
        SteppedListener.Accepted to = now.accepted;
        client.trace(bytes.readableBytes());
        now.there(() -> machine.run(now.life, () -> to.received(bytes)));
    }

    @Override
    public boolean isWritable() {
        return current != null && current.accepted != null;
    }

    @Override
    public void disconnect(String why) {
        Conversation now = current;
        if (now != null) {
            network.time().schedule(0, () -> client.run(() -> now.end(why)));
        }
    }

    /** The connection breaks. */
    void reset() {
        Conversation now = current;
        if (now != null && now.accepted != null) {
            now.end("reset");
        }
    }

    /** What the broker has to say leaves it. */
    void drain() {
        Conversation now = current;
        if (now == null || now.accepted == null) {
            return;
        }
        for (ByteBuf next = now.accepted.poll(); next != null; next = now.accepted.poll()) {
            ByteBuf bytes = next;
            now.back(() -> client.run(() -> received(now, bytes)));
        }
        if (!now.accepted.isOpen() && !now.said) {
            now.said = true;
            now.back(() -> client.run(() -> now.end("the broker closed the connection")));
        }
    }

    private void received(Conversation on, ByteBuf bytes) {
        if (on.over) {
            bytes.release();
            return;
        }
        client.trace(bytes.readableBytes());
        on.frames.writeInbound(bytes);
        for (Frame frame = on.frames.readInbound(); frame != null; frame = on.frames.readInbound()) {
            if (on.over) {
                frame.release();
            } else {
                on.listener.received(frame);
            }
        }
        if (!on.over) {
            on.listener.heard();
        }
    }

    /** The process at the other end has died: heard of at once, unless the whole machine is gone. */
    void brokerIsGone() {
        Conversation now = current;
        if (now != null && machine.isSwitchedOn()) {
            now.back(() -> client.run(() -> now.end("connection reset")));
        }
    }

    @Override
    public boolean isOver() {
        return !client.isAlive() && current == null;
    }

    @Override
    public void goOn() {
        if (current != null) {
            current.flow();
        }
    }

    @Override
    public void look() {
        Conversation now = current;
        if (now == null) {
            return;
        }
        if (!client.isAlive()) {
            current = null;
            machine.left(this);
            SteppedListener.Accepted end = now.accepted;
            now.over = true;
            if (end != null) {
                network.time().schedule(network.latencyNs(), () -> machine.run(now.life, end::close));
            }
        } else if (now.accepted != null && machine.life() != now.life && machine.isUp()) {
            // The machine is back, and knows nothing of this connection.
            now.end("connection reset");
        }
    }
}
