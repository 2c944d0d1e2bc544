package io.headwater.broker.peer;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.observe.PeerFigures;
import io.headwater.broker.peer.wire.PeerMessage;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our connection to one node, made when there is something to say, and made again when it ends. Everything but {@link
 * #send} and {@link #ask} happens on one event loop.
 */
final class PeerLink implements Dialled.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);
    private static final int FIRST_DELAY_MS = 50;
    private static final int MAX_DELAY_MS = 1_000;
    /** A connection that ends sooner than this does not count as a success: two that fight for a name would never rest. */
    private static final int STEADY_MS = 500;
    /** Attempts after a connection has ended, although nobody has anything to say: to learn whether the process is gone. */
    private static final int PROBES = 4;

    private enum State {
        /** The next message makes a connection. */
        IDLE,
        CONNECTING,
        UP,
        /** The next attempt has to wait. Messages are dropped. */
        WAITING,
        FORGOTTEN
    }

    private final NettyPeers peers;
    private final PeerHandler handler;
    private final int node;
    private final EventLoop loop;
    private final Outbox outbox;
    private final PendingCalls calls;
    private final PeerTraffic traffic = new PeerTraffic();
    private final AtomicLong connections = new AtomicLong();
    private HostPort endpoint;
    private volatile State state = State.IDLE;
    /** Something was dropped, and the handler has not been told since. */
    private volatile boolean lost;

    private @Nullable Dialled current;
    private int delayMs = FIRST_DELAY_MS;
    /** How long to wait after a connection that was not up for long. */
    private int flapDelayMs = FIRST_DELAY_MS;

    private int probes;
    private String lastFailure = "";

    PeerLink(NettyPeers peers, PeerHandler handler, int node, HostPort endpoint, EventLoop loop) {
        this.peers = peers;
        this.handler = handler;
        this.node = node;
        this.endpoint = endpoint;
        this.loop = loop;
        this.outbox = new Outbox(loop, NettyPeers.MAX_QUEUED_BYTES, () -> handler.disconnected(node, false));
        this.calls = new PendingCalls(loop, "node " + node);
    }

    /** Any thread. False: it is lost, and the handler will hear of it. */
    boolean send(PeerMessage message, List<ByteBuffer> attachment) {
        State now = state;
        if (now == State.WAITING) {
            lost = true;
            if (state != State.WAITING) {
                execute(this::afterALoss);
            }
            return false;
        }
        ByteBuf frame = PeerFrames.encode(message, attachment, peers.maxFrameBytes());
        boolean taken = outbox.offer(frame);
        if (state == State.IDLE) {
            execute(this::dialIfIdle);
        }
        return taken;
    }

    /** Any thread. */
    CompletionStage<PeerMessage> ask(long call, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
        PeerMessage message = question.toBuilder().setCall(call).build();
        CompletionStage<PeerMessage> answer = calls.add(call, timeoutMs);
        if (!send(message, attachment)) {
            execute(() -> calls.failUnsent(call, "it cannot be reached"));
        }
        return answer;
    }

    /** Any thread. */
    void moved(HostPort to) {
        execute(() -> {
            if (!endpoint.equals(to)) {
                endpoint = to;
                delayMs = FIRST_DELAY_MS;
                if (current != null) {
                    current.close("the node listens at " + to + " now");
                }
            }
        });
    }

    /** Any thread. The last thing that is done with it. */
    Future<?> forget() {
        return loop.submit(() -> {
            state = State.FORGOTTEN;
            if (current != null) {
                current.close("the node is not talked to any more");
            }
            outbox.close();
            calls.failAll("it is not talked to any more");
        });
    }

    /** Any thread. */
    PeerTraffic traffic() {
        return traffic;
    }

    /** Any thread. */
    PeerFigures figures() {
        return new PeerFigures(
                node,
                state == State.UP,
                connections.get(),
                traffic.sentBytes(),
                traffic.receivedBytes(),
                outbox.bytes());
    }

    private void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            // The broker has stopped its event loops: nobody is left to be told.
            state = State.FORGOTTEN;
        }
    }

    private void dialIfIdle() {
        if (state == State.IDLE) {
            state = State.CONNECTING;
            dial();
        }
    }

    private void dial() {
        if (state != State.CONNECTING) {
            return;
        }
        Dialled next = peers.dialled(node, false, this);
        current = next;
        peers.dial(loop, endpoint, next);
    }

    private void afterALoss() {
        if (state == State.UP && lost) {
            lost = false;
            handler.disconnected(node, false);
        } else {
            dialIfIdle();
        }
    }

    @Override
    public void up(Channel channel) {
        if (state != State.CONNECTING) {
            return;
        }
        LOG.info("peer {}: connected to {}", node, endpoint);
        lastFailure = "";
        connections.incrementAndGet();
        channel.pipeline().addFirst(new PeerMeter(() -> traffic));
        state = State.UP;
        delayMs = flapDelayMs;
        flapDelayMs = Math.min(2 * flapDelayMs, MAX_DELAY_MS);
        outbox.attach(channel);
        Dialled attempt = current;
        Future<?> unused = loop.schedule(
                () -> {
                    if (current == attempt && state == State.UP) {
                        delayMs = 0;
                        flapDelayMs = FIRST_DELAY_MS;
                    }
                },
                STEADY_MS,
                TimeUnit.MILLISECONDS);
        afterALoss();
    }

    @Override
    public void answered(PeerMessage answer) {
        calls.answered(answer);
    }

    @Override
    public void writable() {
        outbox.writeOut();
    }

    @Override
    public void ended(String why, boolean refused) {
        boolean wasUp = state == State.UP;
        current = null;
        outbox.clear();
        calls.failAll(why);
        if (state == State.FORGOTTEN) {
            return;
        }
        if (!why.equals(lastFailure)) {
            lastFailure = why;
            LOG.warn("peer {}: {} {}: {}", node, wasUp ? "disconnected from" : "cannot connect to", endpoint, why);
        }
        probes = wasUp ? PROBES : refused ? 0 : probes;
        int delay = delayMs;
        delayMs = delay == 0 ? FIRST_DELAY_MS : Math.min(2 * delay, MAX_DELAY_MS);
        lost = false;
        state = delay == 0 ? State.CONNECTING : State.WAITING;
        if (delay == 0) {
            execute(this::dial);
        } else {
            Future<?> unused = loop.schedule(this::waited, delay, TimeUnit.MILLISECONDS);
        }
        handler.disconnected(node, refused);
    }

    private void waited() {
        if (state != State.WAITING) {
            return;
        }
        state = State.IDLE;
        if (lost || probes > 0 || !outbox.isEmpty()) {
            probes--;
            dialIfIdle();
        }
    }
}
