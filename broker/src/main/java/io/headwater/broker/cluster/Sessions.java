package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who is heard of. Pure; times are nanoseconds of any clock that only rises. Being wrong costs a failover and nothing else.
 */
final class Sessions {
    /** Until what was proposed about a node shows, or is proposed again. */
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final class Session {
        private final long incarnation;
        private long heardNs;
        private long proposedNs;
        private boolean alive;

        Session(long incarnation, boolean alive, long nowNs) {
            this.incarnation = incarnation;
            this.alive = alive;
            this.heardNs = nowNs;
            this.proposedNs = nowNs - AGAIN_NS;
        }
    }

    private final long sessionNs;
    private final SortedMap<Integer, Session> sessions = new TreeMap<>();

    Sessions(long sessionMs) {
        this.sessionNs = TimeUnit.MILLISECONDS.toNanos(sessionMs);
    }

    /** Whoever is new here, or has registered again, has a session from now on. */
    void onImage(MetadataImage image, long nowNs) {
        sessions.keySet().removeIf(node -> image.node(node) == null);
        for (NodeInfo node : image.nodes()) {
            Session known = sessions.get(node.nodeId());
            if (known == null || known.incarnation != node.incarnation()) {
                sessions.put(node.nodeId(), new Session(node.incarnation(), !node.fenced(), nowNs));
            }
        }
    }

    /** If it lives it will be heard of within this time: a new controller need not wait for a whole session. */
    void expectWithin(int node, long ns, long nowNs) {
        Session session = sessions.get(node);
        if (session != null) {
            session.heardNs = Math.min(session.heardNs, nowNs - sessionNs + ns);
        }
    }

    void heard(int node, long incarnation, long nowNs) {
        Session session = session(node, incarnation);
        if (session != null) {
            session.heardNs = nowNs;
            session.alive = true;
        }
    }

    /** Nobody listens there any more: whether it lives is for its next heartbeat to say. */
    void gone(int node) {
        Session session = sessions.get(node);
        if (session != null) {
            session.alive = false;
        }
    }

    /** Time in which nothing could be heard of anyone. */
    void wereDeaf(long ns) {
        sessions.values().forEach(session -> session.heardNs += ns);
    }

    boolean heardWithin(int node, long incarnation, long ns, long nowNs) {
        Session session = session(node, incarnation);
        return session != null && session.alive && nowNs - session.heardNs < ns;
    }

    private @Nullable Session session(int node, long incarnation) {
        Session session = sessions.get(node);
        return session != null && session.incarnation == incarnation ? session : null;
    }

    /** Those to be fenced: they are silent, and the metadata says they live. Each is named once in a while. */
    List<NodeInfo> silent(MetadataImage image, long nowNs) {
        List<NodeInfo> silent = new ArrayList<>(0);
        for (NodeInfo node : image.nodes()) {
            Session session = session(node.nodeId(), node.incarnation());
            if (session == null) {
                continue;
            }
            session.alive &= nowNs - session.heardNs < sessionNs;
            if (!node.fenced() && !session.alive && mayPropose(session, nowNs)) {
                silent.add(node);
            }
        }
        return silent;
    }

    /** Those to be unfenced: they are heard of, and the metadata says they are fenced. */
    List<NodeInfo> back(MetadataImage image, long nowNs) {
        List<NodeInfo> back = new ArrayList<>(0);
        for (NodeInfo node : image.nodes()) {
            Session session = session(node.nodeId(), node.incarnation());
            if (node.fenced() && session != null && session.alive && mayPropose(session, nowNs)) {
                back.add(node);
            }
        }
        return back;
    }

    private static boolean mayPropose(Session session, long nowNs) {
        if (nowNs - session.proposedNs < AGAIN_NS) {
            return false;
        }
        session.proposedNs = nowNs;
        return true;
    }

    /** When the next one may be silent. */
    long nextInNs(long nowNs) {
        long next = Long.MAX_VALUE;
        for (Session session : sessions.values()) {
            next = Math.min(next, session.alive ? session.heardNs + sessionNs - nowNs : AGAIN_NS);
        }
        return Math.max(0, next);
    }
}
