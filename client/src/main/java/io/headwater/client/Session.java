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
 * The conversation with one broker: connects when it is told to, with a pause after each failure, shakes hands, and gives
 * every request its reply or its failure, or back to its {@link Owner} to be asked again. A state machine: everything
 * runs on the {@link Loop}, which also tells the time.
 */
final class Session implements LinkListener {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final long FIRST_BACKOFF_NS = 50_000_000;
    private static final long MAX_BACKOFF_NS = 2_000_000_000;
    /** Who says nothing for so long while something is asked may be gone. */
    private static final long SILENT_NS = 1_000_000_000;

    private static final int NO_SUBSCRIPTION = 0;
    private static final String SOFTWARE = "headwater-java/0.1.0";

    /** Whose sessions these are. */
    interface Owner {
        /** A connection is there and has shaken hands. */
        void ready(Session session);

        /**
         * An attempt or a connection has ended.
         *
         * @param again what was asked on it and is to be asked again, in this order
         */
        void ended(Session session, boolean wasReady, List<Call> again);

        /** The pause after that is over. */
        void rested(Session session);

        void pushed(Session session, Frame frame);

        void writable(Session session);

        /** Before the call's handler hears of it. */
        void answered(Call call, MessageLite reply);

        /** False: the call fails with this. Else the owner has it. */
        boolean takesBack(Session session, Call call, Error error);

        /** Never the same twice. */
        int nextSubscriptionId();
    }

    /** Where the conversation stands. */
    private enum State {
        IDLE,
        CONNECTING,
        HANDSHAKING,
        READY,
        BACKING_OFF,
        CLOSED
    }

    private final Endpoint endpoint;
    private final Link link;
    private final Loop loop;
    private final RandomGenerator random;
    private final ClientSettings settings;
    private final Owner owner;
    private final Map<Integer, Call> sent = new LinkedHashMap<>();
    /** Of the present connection. */
    private final Set<Integer> subscriptions = new HashSet<>();

    private State state = State.IDLE;
    private int lastCorrelationId;
    private long backoffNs = FIRST_BACKOFF_NS;
    private long startedNs;
    private long usedNs;
    private boolean silent;
    /** Something came since the last tick, or somebody began to wait. */
    private boolean heard;

    private long heardNs;
    private @Nullable Call probe;
    private String lastFailure = "not connected yet";
    private @Nullable HeadwaterException refusal;
    private @Nullable HelloReply broker;

    Session(Endpoint endpoint, Link link, Loop loop, RandomGenerator random, ClientSettings settings, Owner owner) {
        this.endpoint = endpoint;
        this.link = link;
        this.loop = loop;
        this.random = random;
        this.settings = settings;
        this.owner = owner;
        this.usedNs = loop.nowNs();
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** What the broker said about itself last; null before the first handshake. */
    @Nullable
    HelloReply broker() {
        return broker;
    }

    /** 0: not known. */
    int nodeId() {
        return broker == null ? 0 : broker.getNodeId();
    }

    boolean isReady() {
        return state == State.READY;
    }

    boolean isWritable() {
        return state == State.READY && link.isWritable();
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /** It could connect now. */
    boolean isIdle() {
        return state == State.IDLE;
    }

    /** For so long it has been connecting; -1: it is not. */
    long tryingNs() {
        boolean isTrying = state == State.CONNECTING || state == State.HANDSHAKING;
        return isTrying ? loop.nowNs() - startedNs : -1;
    }

    /** Something has been asked, and nothing heard, for longer than a broker takes that is well. */
    boolean isSilent() {
        return silent;
    }

    /** When it was heard last, to a tick. */
    long heardNs() {
        return heardNs;
    }

    /** Somebody waits for an answer or for deliveries. */
    boolean isBusy() {
        return !sent.isEmpty() || !subscriptions.isEmpty();
    }

    /** When it was asked for last. */
    long usedNs() {
        return usedNs;
    }

    void use() {
        usedNs = loop.nowNs();
    }

    String lastFailure() {
        return lastFailure;
    }

    /** Why the broker does not want to talk to this client; null: it never said so. */
    @Nullable
    HeadwaterException refusal() {
        return refusal;
    }

    /** A new id, under which deliveries may come from now on. */
    int openSubscription() {
        heard = true;
        int id = owner.nextSubscriptionId();
        subscriptions.add(id);
        return id;
    }

    /** The broker has said that nothing more comes under this id. */
    void closeSubscription(int id) {
        subscriptions.remove(id);
    }

    /** Nothing where it is connected, tries to, or pauses after a failure. */
    void connect() {
        if (state == State.IDLE) {
            state = State.CONNECTING;
            startedNs = loop.nowNs();
            link.connect(this);
        }
    }

    /** Asks, on the present connection; only while {@link #isReady}. Needs a flush. */
    void send(Call call) {
        send(call, List.of());
    }

    /** Asks once, on the present connection; only while {@link #isReady}. Takes the attachments. Needs a flush. */
    void sendOnce(FrameType type, MessageLite request, List<ByteBuf> attachments, ReplyHandler handler) {
        Call call = new Call(type, request, Call.Repeat.NEVER, Long.MAX_VALUE, handler);
        call.isOnce = true;
        send(call, attachments);
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
        sent.clear();
        subscriptions.clear();
        for (Call call : open) {
            call.fail(WireErrors.closed("client"), "the client was closed");
        }
        link.disconnect("closed");
    }

    private void send(Call call, List<ByteBuf> attachments) {
        lastCorrelationId = lastCorrelationId == Integer.MAX_VALUE ? 1 : lastCorrelationId + 1;
        call.isOpen = true;
        call.session = this;
        call.sentNs = loop.nowNs();
        usedNs = call.sentNs;
        sent.put(lastCorrelationId, call);
        link.send(call.type, lastCorrelationId, call.request, attachments);
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
    }

    private void handshaken(HelloReply reply) {
        if (state != State.HANDSHAKING) {
            return;
        }
        broker = reply;
        link.handshaken(reply.getMaxFrameBytes());
        state = State.READY;
        backoffNs = FIRST_BACKOFF_NS;
        heard = true;
        LOG.debug("connection to {}: ready, protocol version {}", endpoint, reply.getVersion());
        owner.ready(this);
    }

    private void refused(HeadwaterException why) {
        if (state == State.HANDSHAKING && why instanceof HeadwaterException.Rejected) {
            refusal = why;
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
                call.isOpen = false;
                owner.answered(call, frame.message());
                call.handler.replied(frame.message());
            }
        } finally {
            frame.release();
        }
    }

    private void pushed(Frame frame) {
        if (frame.type() == FrameType.GOODBYE) {
            String why = frame.message(Goodbye.class).getReason().getMessage();
            LOG.info("connection to {}: the broker says goodbye: {}", endpoint, why);
            link.disconnect(why);
            return;
        }
        if (frame.type() == FrameType.DELIVER || frame.type() == FrameType.QUEUE_DELIVER) {
            int id = frame.type() == FrameType.DELIVER
                    ? frame.message(Deliver.class).getSubscriptionId()
                    : frame.message(QueueDeliver.class).getSubscriptionId();
            if (!subscriptions.contains(id)) {
                // Somebody misses it, perhaps with nothing behind it that would show the gap: it comes again.
                LOG.warn("connection to {}: a delivery for subscription {}, which is not open", endpoint, id);
                link.disconnect("the broker delivered for subscription " + id + ", which is not open");
                return;
            }
        }
        owner.pushed(this, frame);
    }

    private void failed(Call call, Error error) {
        call.isOpen = false;
        if (!owner.takesBack(this, call, error)) {
            // What is refused now for no good may have been done by an earlier attempt.
            boolean isUnsure = call.isUnsure && error.getRetriable() && call.repeat != Call.Repeat.READ;
            call.handler.failed(
                    isUnsure
                            ? new HeadwaterException.OutcomeUnknown(
                                    Errors.name(error.getCode()),
                                    error.getMessage() + "; an earlier attempt had no answer")
                            : WireErrors.exception(error));
        }
    }

    @Override
    public void writable() {
        owner.writable(this);
    }

    @Override
    public void disconnected(String why) {
        if (state == State.CLOSED) {
            return;
        }
        boolean wasReady = state == State.READY;
        if (wasReady) {
            LOG.info("connection to {}: lost: {}", endpoint, why);
        }
        lastFailure = why;
        state = State.BACKING_OFF;
        silent = false;
        subscriptions.clear();
        List<Call> open = new ArrayList<>(sent.values());
        sent.clear();
        List<Call> again = new ArrayList<>();
        for (Call call : open) {
            if (call.mayRepeatUnanswered()) {
                call.unanswered();
                again.add(call);
            } else {
                call.fail(null, "the connection was lost before an answer came: " + why);
            }
        }
        // Half fixed, half random: clients that lost the same broker do not come back in step.
        long delayNs = backoffNs / 2 + random.nextLong(backoffNs / 2 + 1);
        backoffNs = Math.min(MAX_BACKOFF_NS, backoffNs * 2);
        loop.schedule(delayNs, () -> {
            if (state == State.BACKING_OFF) {
                state = State.IDLE;
                owner.rested(this);
            }
        });
        owner.ended(this, wasReady, again);
    }

    /** Now and then, for deadlines. */
    void tick(long nowNs) {
        if (heard) {
            heard = false;
            heardNs = nowNs;
        }
        expire(nowNs);
        probe(nowNs);
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
            probe.isOnce = true;
            send(probe, List.of());
            link.flush();
        }
    }

    private void expire(long nowNs) {
        List<Call> expired = new ArrayList<>(0);
        boolean quiet = false;
        boolean stuck = false;
        for (Iterator<Call> calls = sent.values().iterator(); calls.hasNext(); ) {
            Call call = calls.next();
            // The answer to a probe may stand behind a long delivery, which is a sign of life itself.
            long sinceNs = call == probe ? Math.max(call.sentNs, heardNs) : call.sentNs;
            stuck |= nowNs - sinceNs > settings.requestTimeoutNs();
            quiet |= nowNs - Math.max(call.sentNs, heardNs) > SILENT_NS;
            if (call.deadlineNs - nowNs <= 0) {
                calls.remove();
                expired.add(call);
            }
        }
        silent = quiet;
        for (Call call : expired) {
            call.fail(
                    null,
                    "the broker at " + endpoint + " did not answer " + Errors.name(ErrorCode.ERROR_TIMEOUT)
                            + " in time");
        }
        if (stuck) {
            link.disconnect("no answer for " + settings.requestTimeoutNs() / 1_000_000 + " ms");
        }
    }
}
