package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.client.link.Link;
import io.headwater.client.link.LinkListener;
import io.headwater.client.link.Loop;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.ProtocolVersion;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Goodbye;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.Unsubscribe;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The conversation with the broker: connects, shakes hands, gives every request its reply or its failure, and connects
 * again with backoff while anybody needs it. A state machine: everything runs on the {@link Loop}, which also tells the
 * time.
 */
final class Session implements LinkListener {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final long TICK_NS = 50_000_000;
    private static final long FIRST_BACKOFF_NS = 50_000_000;
    private static final long MAX_BACKOFF_NS = 2_000_000_000;
    private static final int NO_SUBSCRIPTION = 0;
    private static final String SOFTWARE = "headwater-java/0.1.0";

    /** Where the conversation stands. */
    private enum State {
        IDLE,
        CONNECTING,
        HANDSHAKING,
        READY,
        BACKING_OFF,
        CLOSED
    }

    private final Link link;
    private final Loop loop;
    private final RandomGenerator random;
    private final ClientSettings settings;
    private final List<SessionListener> listeners = new ArrayList<>();
    private final Map<Integer, Call> sent = new LinkedHashMap<>();
    private final ArrayDeque<Call> waiting = new ArrayDeque<>();
    /** Of the present connection. */
    private final Set<Integer> subscriptions = new HashSet<>();

    private State state = State.IDLE;
    private int lastCorrelationId;
    private int lastSubscriptionId;
    private long backoffNs = FIRST_BACKOFF_NS;
    private boolean everReady;
    private boolean ticking;
    /** Something came since the last tick, or somebody began to wait. */
    private boolean heard;

    private long heardNs;
    private @Nullable Call probe;
    private String lastFailure = "not connected yet";
    private volatile @Nullable HelloReply broker;

    Session(Link link, Loop loop, RandomGenerator random, ClientSettings settings) {
        this.link = link;
        this.loop = loop;
        this.random = random;
        this.settings = settings;
    }

    Loop loop() {
        return loop;
    }

    ClientSettings settings() {
        return settings;
    }

    /** What the broker said about itself last; null before the first handshake. From any thread. */
    @Nullable
    HelloReply broker() {
        return broker;
    }

    boolean isReady() {
        return state == State.READY;
    }

    boolean isWritable() {
        return state == State.READY && link.isWritable();
    }

    /** A new id, under which deliveries may come from now on. */
    int openSubscription() {
        heard = true;
        subscriptions.add(++lastSubscriptionId);
        return lastSubscriptionId;
    }

    /** The broker has said that nothing more comes under this id. */
    void closeSubscription(int id) {
        subscriptions.remove(id);
    }

    void add(SessionListener listener) {
        listeners.add(listener);
        connectIfNeeded();
        startTicking();
        if (state == State.READY) {
            listener.ready();
        }
    }

    void remove(SessionListener listener) {
        listeners.remove(listener);
    }

    /** Asks; waits for a connection, and repeats what may be repeated, until the client's timeout. */
    void call(FrameType type, MessageLite request, Call.Repeat repeat, ReplyHandler handler) {
        Call call = new Call(type, request, repeat, loop.nowNs() + settings.timeoutNs(), handler);
        if (state == State.CLOSED) {
            handler.failed(WireErrors.closed("client"));
            return;
        }
        startTicking();
        if (state == State.READY) {
            send(call, List.of());
            link.flush();
        } else {
            waiting.add(call);
            connectIfNeeded();
        }
    }

    /** Asks once, on the present connection; only while {@link #isReady}. Takes the attachments. Needs a flush. */
    void sendOnce(FrameType type, MessageLite request, List<ByteBuf> attachments, ReplyHandler handler) {
        send(new Call(type, request, Call.Repeat.NEVER, Long.MAX_VALUE, handler), attachments);
        startTicking();
    }

    /** Says something that is not answered; only while {@link #isReady}. Needs a flush. */
    void tell(FrameType type, MessageLite message) {
        link.send(type, 0, message, List.of());
    }

    void flush() {
        link.flush();
    }

    void close() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        List<Call> open = new ArrayList<>(sent.values());
        open.addAll(waiting);
        sent.clear();
        waiting.clear();
        for (Call call : open) {
            call.fail(WireErrors.closed("client"), "the client was closed");
        }
        link.disconnect("closed");
    }

    private void send(Call call, List<ByteBuf> attachments) {
        lastCorrelationId = lastCorrelationId == Integer.MAX_VALUE ? 1 : lastCorrelationId + 1;
        call.wasSent = true;
        call.sentNs = loop.nowNs();
        sent.put(lastCorrelationId, call);
        link.send(call.type, lastCorrelationId, call.request, attachments);
    }

    private void connectIfNeeded() {
        if (state == State.IDLE && (!waiting.isEmpty() || !listeners.isEmpty())) {
            state = State.CONNECTING;
            link.connect(this);
        }
    }

    @Override
    public void connected() {
        if (state != State.CONNECTING) {
            return;
        }
        state = State.HANDSHAKING;
        Hello hello = Hello.newBuilder()
                .setMinVersion(ProtocolVersion.MIN)
                .setMaxVersion(ProtocolVersion.MAX)
                .setClientName(settings.name())
                .setClientSoftware(SOFTWARE)
                .build();
        send(
                new Call(FrameType.HELLO, hello, Call.Repeat.NEVER, Long.MAX_VALUE, new ReplyHandler() {
                    @Override
                    public void replied(MessageLite reply) {
                        handshaken((HelloReply) reply);
                    }

                    @Override
                    public void failed(HeadwaterException why) {
                        refused(why);
                    }
                }),
                List.of());
        link.flush();
        startTicking();
    }

    private void handshaken(HelloReply reply) {
        if (state != State.HANDSHAKING) {
            return;
        }
        broker = reply;
        link.handshaken(reply.getMaxFrameBytes());
        state = State.READY;
        everReady = true;
        backoffNs = FIRST_BACKOFF_NS;
        heard = true;
        LOG.debug("connection to {}: ready, protocol version {}", settings.server(), reply.getVersion());
        // A listener's flush may break the connection: what it asked waits for the next one then.
        for (SessionListener listener : List.copyOf(listeners)) {
            if (state == State.READY) {
                listener.ready();
            }
        }
        while (state == State.READY && !waiting.isEmpty()) {
            send(waiting.remove(), List.of());
        }
        link.flush();
    }

    private void refused(HeadwaterException why) {
        if (state == State.HANDSHAKING && why instanceof HeadwaterException.Rejected) {
            failWaiting(why);
            link.disconnect(String.valueOf(why.getMessage()));
        }
    }

    @Override
    public void heard() {
        heard = true;
    }

    @Override
    public void received(Frame frame) {
        heard = true;
        try {
            if (frame.isPush()) {
                pushed(frame);
                return;
            }
            Call call = sent.remove(frame.correlationId());
            if (call == null) {
                return;
            }
            if (call.type != frame.type()) {
                call.fail(null, "the broker answered " + call.type + " with " + frame.type());
                link.disconnect("the broker answered " + call.type + " with " + frame.type());
            } else if (frame.isError()) {
                failed(call, frame.message(Error.class));
            } else {
                call.handler.replied(frame.message());
            }
        } finally {
            frame.release();
        }
    }

    private void pushed(Frame frame) {
        if (frame.type() == FrameType.GOODBYE) {
            String why = frame.message(Goodbye.class).getReason().getMessage();
            LOG.info("connection to {}: the broker says goodbye: {}", settings.server(), why);
            link.disconnect(why);
            return;
        }
        if (frame.type() == FrameType.DELIVER || frame.type() == FrameType.QUEUE_DELIVER) {
            int id = frame.type() == FrameType.DELIVER
                    ? frame.message(Deliver.class).getSubscriptionId()
                    : frame.message(QueueDeliver.class).getSubscriptionId();
            if (!subscriptions.contains(id)) {
                // Somebody misses it, perhaps with nothing behind it that would show the gap: it comes again.
                LOG.warn("connection to {}: a delivery for subscription {}, which is not open", settings.server(), id);
                link.disconnect("the broker delivered for subscription " + id + ", which is not open");
                return;
            }
        }
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).pushed(frame);
        }
    }

    private void failed(Call call, Error error) {
        boolean again =
                error.getCode() == ErrorCode.ERROR_OVERLOADED || error.getCode() == ErrorCode.ERROR_SHUTTING_DOWN;
        long waitNs = Math.max(error.getRetryAfterMs() * 1_000_000L, FIRST_BACKOFF_NS);
        if (again && call.repeat != Call.Repeat.NEVER && call.deadlineNs - loop.nowNs() > waitNs) {
            loop.schedule(waitNs, () -> repeat(call));
        } else {
            call.handler.failed(WireErrors.exception(error));
        }
    }

    private void repeat(Call call) {
        if (state == State.CLOSED) {
            call.fail(WireErrors.closed("client"), "the client was closed");
        } else if (state == State.READY) {
            send(call, List.of());
            link.flush();
        } else {
            waiting.add(call);
            connectIfNeeded();
        }
    }

    @Override
    public void writable() {
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).writable();
        }
    }

    @Override
    public void disconnected(String why) {
        if (state == State.CLOSED) {
            return;
        }
        boolean wasReady = state == State.READY;
        if (wasReady) {
            LOG.info("connection to {}: lost: {}", settings.server(), why);
        }
        lastFailure = why;
        state = State.BACKING_OFF;
        subscriptions.clear();
        List<Call> open = new ArrayList<>(sent.values());
        sent.clear();
        List<Call> again = new ArrayList<>();
        for (Call call : open) {
            if (call.repeat == Call.Repeat.NEVER || call.repeat == Call.Repeat.REFUSED) {
                call.fail(null, "the connection was lost before an answer came: " + why);
            } else {
                again.add(call);
            }
        }
        for (int i = again.size() - 1; i >= 0; i--) {
            waiting.addFirst(again.get(i));
        }
        if (!everReady) {
            failWaiting(unreachable());
        }
        if (wasReady) {
            for (SessionListener listener : List.copyOf(listeners)) {
                listener.lost();
            }
        }
        // Half fixed, half random: clients that lost the same broker do not come back in step.
        long delayNs = backoffNs / 2 + random.nextLong(backoffNs / 2 + 1);
        backoffNs = Math.min(MAX_BACKOFF_NS, backoffNs * 2);
        loop.schedule(delayNs, () -> {
            if (state == State.BACKING_OFF) {
                state = State.IDLE;
                connectIfNeeded();
            }
        });
    }

    private HeadwaterException unreachable() {
        return new HeadwaterException.Retriable(
                WireErrors.UNREACHABLE, "broker at " + settings.server() + " cannot be reached: " + lastFailure);
    }

    private void failWaiting(HeadwaterException why) {
        List<Call> failing = new ArrayList<>(waiting);
        waiting.clear();
        for (Call call : failing) {
            call.fail(why, String.valueOf(why.getMessage()));
        }
    }

    private void startTicking() {
        if (!ticking) {
            ticking = true;
            loop.schedule(TICK_NS, this::tick);
        }
    }

    private void tick() {
        ticking = false;
        if (state == State.CLOSED) {
            return;
        }
        long nowNs = loop.nowNs();
        if (heard) {
            heard = false;
            heardNs = nowNs;
        }
        expire(nowNs);
        probe(nowNs);
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).tick(nowNs);
        }
        if (!sent.isEmpty() || !waiting.isEmpty() || !listeners.isEmpty()) {
            startTicking();
        }
    }

    /**
     * Who only waits for deliveries does not notice a connection that is gone without a reset: asks, and an answer that
     * stays away ends the connection as with any request. Ending a subscription that there never was changes nothing.
     */
    private void probe(long nowNs) {
        boolean mayWaitInVain = state == State.READY && !subscriptions.isEmpty() && probe == null;
        if (mayWaitInVain && nowNs - heardNs >= settings.keepAliveNs()) {
            probe = new Call(
                    FrameType.UNSUBSCRIBE,
                    Unsubscribe.newBuilder().setSubscriptionId(NO_SUBSCRIPTION).build(),
                    Call.Repeat.NEVER,
                    Long.MAX_VALUE,
                    new ReplyHandler() {
                        @Override
                        public void replied(MessageLite reply) {
                            probe = null;
                        }

                        @Override
                        public void failed(HeadwaterException why) {
                            probe = null;
                        }
                    });
            send(probe, List.of());
            startTicking();
            link.flush();
        }
    }

    private void expire(long nowNs) {
        List<Call> expired = new ArrayList<>(0);
        for (Iterator<Call> calls = waiting.iterator(); calls.hasNext(); ) {
            Call call = calls.next();
            if (call.deadlineNs - nowNs <= 0) {
                calls.remove();
                expired.add(call);
            }
        }
        for (Call call : expired) {
            call.fail(unreachable(), "not answered in time; " + lastFailure);
        }
        expired.clear();
        boolean stuck = false;
        for (Iterator<Call> calls = sent.values().iterator(); calls.hasNext(); ) {
            Call call = calls.next();
            // The answer to a probe may stand behind a long delivery, which is a sign of life itself.
            long sinceNs = call == probe ? Math.max(call.sentNs, heardNs) : call.sentNs;
            stuck |= nowNs - sinceNs > settings.requestTimeoutNs();
            if (call.deadlineNs - nowNs <= 0) {
                calls.remove();
                expired.add(call);
            }
        }
        for (Call call : expired) {
            call.fail(null, "the broker did not answer " + Errors.name(ErrorCode.ERROR_TIMEOUT) + " in time");
        }
        if (stuck) {
            link.disconnect("no answer for " + settings.requestTimeoutNs() / 1_000_000 + " ms");
        }
    }
}
