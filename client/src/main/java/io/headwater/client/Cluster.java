package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.client.link.Link;
import io.headwater.client.link.Loop;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.Topics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The brokers of a cluster, or a single one, as one: gives every request to who answers it, on one {@link Session} for
 * each broker that is needed, and asks again where that may be done: after the loss of a connection, where another broker
 * has to be asked, and where none can be at this moment. On the loop, but for what says otherwise.
 */
final class Cluster implements Session.Owner {
    private static final long TICK_NS = 50_000_000;
    private static final long UNUSED_NS = 60_000_000_000L;

    private final Function<Endpoint, Link> links;
    private final Loop loop;
    private final RandomGenerator random;
    private final ClientSettings settings;
    private final Picture picture = new Picture();
    private final Refresh refresh;
    private final Search search;
    private final Map<Endpoint, Session> sessions = new LinkedHashMap<>();
    private final List<SessionListener> listeners = new ArrayList<>();
    private final Calls calls;
    private int lastSubscriptionId;
    private boolean ticking;
    private boolean closed;
    private volatile @Nullable HelloReply broker;

    /**
     * @param seeds where to look for brokers first; one that is reached is enough
     * @param links makes a connection to a broker, which must not connect by itself
     */
    Cluster(
            List<Endpoint> seeds,
            Function<Endpoint, Link> links,
            Loop loop,
            RandomGenerator random,
            ClientSettings settings) {
        this.links = links;
        this.loop = loop;
        this.random = random;
        this.settings = settings;
        this.calls = new Calls(this);
        this.refresh = new Refresh(this, picture);
        this.search = new Search(this, seeds, random);
    }

    Loop loop() {
        return loop;
    }

    ClientSettings settings() {
        return settings;
    }

    /** What some broker said about itself last; null before the first handshake. From any thread. */
    @Nullable
    HelloReply broker() {
        return broker;
    }

    /** There is more than one broker, or may be. */
    boolean isCluster() {
        return picture.isCluster();
    }

    // ---- who is asked

    /** The session of the partition's leader; null: not at this moment. Looks for it then. */
    @Nullable
    Session leader(long partitionId) {
        return route(partitionId);
    }

    /** False: another broker leads the partition, as far as it is known. */
    boolean mayLead(Session session, long partitionId) {
        int node = picture.nodeOf(partitionId);
        return node <= Picture.NOBODY || session.nodeId() == node;
    }

    /** The one that decides for the cluster can be asked. */
    boolean hasController() {
        return route(Target.CONTROLLER) != null;
    }

    /** A session that is ready, with whatever broker. */
    @Nullable
    Session any() {
        return search.any();
    }

    /** It is the one that is asked what any can be. */
    boolean isHome(Session session) {
        return search.isHome(session);
    }

    /** What the broker said that was asked last does not help. */
    void askAnother() {
        search.leaveHome();
    }

    /** The session of who answers this; null: nobody at this moment. Looks for it then. */
    @Nullable
    Session route(long target) {
        int node = picture.nodeOf(target);
        if (node == Picture.UNKNOWN) {
            return search.any();
        }
        Session session = node == Picture.NOBODY ? null : sessionOf(node);
        if (session != null) {
            session.use();
            if (session.isReady()) {
                return session;
            }
            session.connect();
        }
        if (Target.isPartition(target)) {
            refresh.want(picture.topicOf(target));
        }
        boolean isSlow = session != null && session.tryingNs() > Search.SLOW_NS;
        return target == Target.CONTROLLER && isSlow ? search.any() : null;
    }

    /** A broker may be known by several addresses. */
    private @Nullable Session sessionOf(int node) {
        Endpoint endpoint = picture.nodes().get(node);
        Session known = endpoint == null ? null : sessions.get(endpoint);
        if (known != null && known.isReady()) {
            return known;
        }
        for (Session session : sessions.values()) {
            if (session.isReady() && session.nodeId() == node) {
                return session;
            }
        }
        return endpoint == null ? null : session(endpoint);
    }

    Session session(Endpoint endpoint) {
        return sessions.computeIfAbsent(endpoint, at -> new Session(at, links.apply(at), loop, random, settings, this));
    }

    /** Those that there are, ready or not. */
    Iterable<Session> sessions() {
        return sessions.values();
    }

    Iterable<Endpoint> nodes() {
        return picture.nodes().values();
    }

    // ---- calls

    /** Asks whoever answers it; repeats what may be repeated, until the client's timeout. */
    Call call(FrameType type, MessageLite request, Call.Repeat repeat, ReplyHandler handler) {
        Call call = new Call(type, request, repeat, loop.nowNs() + settings.timeoutNs(), handler);
        startTicking();
        calls.ask(call);
        return call;
    }

    @Override
    public void answered(Call call, MessageLite reply) {
        calls.settled(call);
        long newsBefore = picture.news();
        if (reply instanceof Topics topics && picture.learn(topics, loop.nowNs())) {
            if (picture.news() != newsBefore) {
                refresh.helped();
            }
            List.copyOf(listeners).forEach(SessionListener::moved);
            calls.retryAll();
        }
    }

    @Override
    public boolean takesBack(Session session, Call call, Error error) {
        misdirected(session, call.target, error);
        return calls.takesBack(session, call, error);
    }

    /** A broker has said, in an answer or unasked, that another is to be asked; other errors say nothing here. */
    void misdirected(Session session, long target, Error error) {
        if (!Calls.isElsewhere(error)) {
            return;
        }
        int believed = picture.nodeOf(target);
        int node = error.getNodeId() == session.nodeId() ? Picture.NOBODY : error.getNodeId();
        // Who was deposed long ago says little about who leads now.
        if (believed <= Picture.NOBODY
                || believed == session.nodeId()
                || session.endpoint().equals(picture.nodes().get(believed))) {
            picture.hint(target, node, error.getEndpoint(), loop.nowNs());
        }
        if (Target.isPartition(target) && picture.nodes().get(node) == null) {
            refresh.want(picture.topicOf(target));
        }
    }

    /** Why nobody can be asked at this moment; empty: somebody can. */
    String trouble(long target) {
        String leaderless = picture.leaderless(target, loop.nowNs());
        if (leaderless != null) {
            return leaderless;
        }
        int node = picture.nodeOf(target);
        if (node <= Picture.NOBODY) {
            return search.isReady() ? "" : search.unreachableText();
        }
        Session session = sessionOf(node);
        if (session != null && session.isReady()) {
            return "";
        }
        String what = Target.isPartition(target) ? "the leader of " + picture.name(target) : "the controller";
        return what + ", node " + node
                + (session == null
                        ? ", has no known address"
                        : " at " + session.endpoint() + ", cannot be reached: " + session.lastFailure());
    }

    /** Everything that waits for a broker fails. */
    void failWaiting(HeadwaterException why) {
        calls.failAll(why);
    }

    // ---- sessions

    void add(SessionListener listener) {
        listeners.add(listener);
        startTicking();
        search.any();
        for (Session session : List.copyOf(sessions.values())) {
            if (session.isReady()) {
                listener.ready(session);
            }
        }
    }

    void remove(SessionListener listener) {
        listeners.remove(listener);
    }

    /** Somebody waits for a broker, or lives on one. */
    boolean isNeeded() {
        return !listeners.isEmpty() || calls.areWaiting();
    }

    @Override
    public void ready(Session session) {
        broker = session.broker();
        search.found();
        // A listener's flush may break the connection: what it asked waits for the next one then.
        for (SessionListener listener : List.copyOf(listeners)) {
            if (session.isReady()) {
                listener.ready(session);
            }
        }
        calls.retryAll();
        session.flush();
    }

    @Override
    public void ended(Session session, boolean wasReady, List<Call> again) {
        picture.forgetController(session.nodeId(), session.endpoint());
        calls.askAgain(again);
        search.ended(session);
        if (wasReady) {
            for (SessionListener listener : List.copyOf(listeners)) {
                listener.lost(session);
            }
        }
    }

    @Override
    public void rested(Session session) {
        if (!closed && isNeeded()) {
            search.any();
        }
    }

    @Override
    public void pushed(Session session, Frame frame) {
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).pushed(session, frame);
        }
    }

    @Override
    public void writable(Session session) {
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).writable(session);
        }
    }

    @Override
    public int nextSubscriptionId() {
        return ++lastSubscriptionId;
    }

    private void startTicking() {
        if (!ticking) {
            ticking = true;
            loop.schedule(TICK_NS, this::tick);
        }
    }

    private void tick() {
        ticking = false;
        if (closed) {
            return;
        }
        long nowNs = loop.nowNs();
        calls.expire(nowNs, search);
        boolean isBusy = sessions.size() > 1;
        for (Session session : List.copyOf(sessions.values())) {
            boolean wasSilent = session.isSilent();
            session.tick(nowNs);
            if (wasSilent && !session.isSilent()) {
                calls.retryAll();
            }
            if (session.isSilent() && session.nodeId() != 0) {
                picture.topicsLedBy(session.nodeId()).forEach(refresh::want);
                // What it was asked as their leader waits for the next one.
                picture.topicsLedBy(Picture.NOBODY).forEach(refresh::want);
            }
            isBusy |= session.isBusy();
        }
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).tick(nowNs);
        }
        boolean isNeeded = isNeeded();
        if (isNeeded) {
            search.any();
        }
        closeUnused(nowNs);
        if (isBusy || isNeeded) {
            startTicking();
        }
    }

    /** But for the one that is asked what any can be. */
    private void closeUnused(long nowNs) {
        if (sessions.size() < 2) {
            return;
        }
        for (Session session : List.copyOf(sessions.values())) {
            boolean isUnused = !session.isBusy() && nowNs - session.usedNs() > UNUSED_NS;
            if (isUnused && !search.isHome(session)) {
                sessions.remove(session.endpoint());
                session.close();
                List.copyOf(listeners).forEach(listener -> listener.lost(session));
            }
        }
    }

    void close() {
        if (closed) {
            return;
        }
        closed = true;
        sessions.values().forEach(Session::close);
        calls.close();
    }
}
