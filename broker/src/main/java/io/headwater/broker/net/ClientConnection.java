package io.headwater.broker.net;

import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.Goodbye;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The outgoing half of a connection: a queue that any thread may fill and that the event loop empties, with one wake-up
 * from empty to non-empty. It also keeps the account of what the connection has in flight in both directions.
 */
final class ClientConnection implements Connection {
    /** Deliveries on their way to the peer: above, owners stop; below the low mark, they are told to go on. */
    static final int DELIVERY_HIGH_BYTES = 2 * 1024 * 1024;

    static final int DELIVERY_LOW_BYTES = 512 * 1024;

    private static final int LINGER_MS = 500;

    private final long id;
    private final Channel channel;
    private final InFlight total;
    private final ManyToOneConcurrentLinkedQueue<Outgoing> outbox = new ManyToOneConcurrentLinkedQueue<>();
    private final AtomicBoolean wakePending = new AtomicBoolean();
    private final Runnable writeOut = this::writeOut;
    private final AtomicLong deliveryBytes = new AtomicLong();
    private final AtomicLong attachmentBytes = new AtomicLong();
    private volatile boolean open = true;
    private volatile boolean deliveryStalled;
    private volatile String clientName = "";
    private volatile @Nullable ReadGate gate;
    private volatile @Nullable Requests requests;

    ClientConnection(long id, Channel channel, InFlight total) {
        this.id = id;
        this.channel = channel;
        this.total = total;
    }

    void wire(ReadGate readGate, Requests partitionRequests) {
        this.gate = readGate;
        this.requests = partitionRequests;
    }

    void named(String name) {
        this.clientName = name;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String address() {
        // An address prints itself with a slash where a host name would stand.
        return channel.remoteAddress() instanceof InetSocketAddress peer
                ? NetUtil.toSocketAddressString(peer)
                : String.valueOf(channel.remoteAddress());
    }

    @Override
    public String clientName() {
        return clientName;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void post(Outgoing frame) {
        if (!open) {
            frame.discard();
            return;
        }
        if (frame.attachmentBytes() > 0) {
            deliveryBytes.addAndGet(frame.attachmentBytes());
            total.addCopied(frame.copiedBytes());
        }
        outbox.offer(frame);
        if (!open) {
            // Closed in between: the queue may have been emptied for the last time already.
            execute(this::discardOutbox);
        }
    }

    @Override
    public void wake() {
        if (!outbox.isEmpty() && wakePending.compareAndSet(false, true)) {
            execute(writeOut);
        }
    }

    @Override
    public boolean mayDeliver() {
        if (hasRoom(DELIVERY_HIGH_BYTES)) {
            return true;
        }
        deliveryStalled = true;
        // The event loop may have finished writing before it could see the flag. The flag stays up all the same: it may
        // be another owner's, who waits already and whom nothing else would wake. One "drained" too many does no harm.
        return hasRoom(DELIVERY_LOW_BYTES);
    }

    private boolean hasRoom(long mark) {
        long own = deliveryBytes.get();
        return own < mark && (own < InFlight.FREE_SHARE_BYTES || !total.isOverCopied());
    }

    @Override
    public void finished(int bytes) {
        attachmentBytes.addAndGet(-bytes);
        total.add(-bytes);
        ReadGate readGate = gate;
        if (readGate != null && readGate.isPaused()) {
            checkReading();
        }
    }

    /** An attachment goes to an owner. */
    void received(int bytes) {
        attachmentBytes.addAndGet(bytes);
        total.add(bytes);
    }

    long attachmentBytes() {
        return attachmentBytes.get();
    }

    /** Looks again whether the socket may be read. Any thread. */
    void checkReading() {
        ReadGate readGate = gate;
        if (readGate != null) {
            execute(readGate.check());
        }
    }

    /** On the event loop: says why, after all that was posted before, and closes. */
    void goodbye(Error reason) {
        if (open) {
            say(reason).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /**
     * As {@link #goodbye}, to a peer that may still be sending: it is given a moment to read the reason and to close by
     * itself. Closing while something is unread resets the connection, and a reset may overtake what was said before.
     */
    void dismiss(Error reason) {
        if (open && channel instanceof DuplexChannel duplex) {
            // Nobody waits for these: each ends in a closed channel.
            Future<?> unusedSaid = say(reason).addListener(said -> {
                ChannelFuture unused = duplex.shutdownOutput();
            });
            Future<?> unusedClose = channel.eventLoop()
                    .schedule(
                            () -> {
                                ChannelFuture unused = channel.close();
                            },
                            LINGER_MS,
                            TimeUnit.MILLISECONDS);
        } else {
            goodbye(reason);
        }
    }

    private ChannelFuture say(Error reason) {
        writeOut();
        Goodbye message = Goodbye.newBuilder().setReason(reason).build();
        return channel.writeAndFlush(encode(Outgoing.push(FrameType.GOODBYE, message)));
    }

    /** On the event loop, when the channel is closed. */
    void closed() {
        open = false;
        discardOutbox();
    }

    void execute(Runnable task) {
        try {
            channel.eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            // The broker has stopped its event loops: nobody is left to be told.
            open = false;
        }
    }

    Channel channel() {
        return channel;
    }

    private void writeOut() {
        // Cleared first: what is posted from here on either is seen below or wakes again.
        wakePending.set(false);
        ReadGate readGate = gate;
        boolean wrote = false;
        for (Outgoing next = outbox.poll(); next != null; next = outbox.poll()) {
            if (!open) {
                discard(next);
                continue;
            }
            if (next.isReply() && readGate != null) {
                readGate.answered();
            }
            write(next);
            wrote = true;
        }
        if (wrote) {
            channel.flush();
        }
    }

    private void write(Outgoing frame) {
        int bytes = frame.attachmentBytes();
        ByteBuf head = encode(frame);
        // A failure closes the connection, which is told to whoever cares; nobody waits for this write.
        ChannelFuture unused = channel.write(head, channel.voidPromise());
        if (bytes == 0) {
            frame.discard();
            return;
        }
        ChannelFuture written = frame.copied != null
                ? channel.write(frame.copied.take())
                : channel.write(Objects.requireNonNull(frame.lent).asRegion());
        int copied = frame.copiedBytes();
        written.addListener(ignored -> delivered(bytes, copied));
    }

    private ByteBuf encode(Outgoing frame) {
        return FrameEncoder.encode(
                channel.alloc(), frame.type, frame.flags, frame.correlationId, frame.message, frame.attachmentBytes());
    }

    private void delivered(int bytes, int copied) {
        total.addCopied(-copied);
        long left = deliveryBytes.addAndGet(-bytes);
        if (left < DELIVERY_LOW_BYTES && deliveryStalled) {
            deliveryStalled = false;
            Requests partitionRequests = requests;
            if (partitionRequests != null && open) {
                partitionRequests.drained();
            }
        }
    }

    private void discardOutbox() {
        for (Outgoing next = outbox.poll(); next != null; next = outbox.poll()) {
            discard(next);
        }
    }

    private void discard(Outgoing frame) {
        total.addCopied(-frame.copiedBytes());
        frame.discard();
    }
}
