package io.headwater.broker.queue;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that hold leases of a group. One is here as long as it holds any. Detached leases belong to no session,
 * so that nothing is known about who holds them.
 */
final class SessionTable {
    /** The session of a lease that belongs to its token alone. */
    static final long DETACHED = 0;

    private static final long HERE = Long.MAX_VALUE;

    /** A session with leases. */
    static final class Session {
        final long id;
        int leases;
        int suspects;
        /** On the monotonic clock: when its leases come back, unless it has come back itself. */
        private long goneAtMs = HERE;

        private int leasesWhenLost;

        Session(long id) {
            this.id = id;
        }

        private boolean goesBefore(Session other) {
            return goneAtMs == other.goneAtMs ? id < other.id : goneAtMs < other.goneAtMs;
        }

        boolean isLost() {
            return goneAtMs != HERE;
        }

        /** More than one lease may have been the end of it. */
        boolean wasLostWithSeveral() {
            return leasesWhenLost > 1;
        }
    }

    private final Long2ObjectHashMap<Session> sessions = new Long2ObjectHashMap<>();
    private int suspects;
    /** Nobody's grace ends before. */
    private long earliestGoneMs = HERE;

    /** How many suspects are leased now, detached ones included. */
    int suspects() {
        return suspects;
    }

    int leasesOf(long id) {
        Session session = sessions.get(id);
        return session == null ? 0 : session.leases;
    }

    @Nullable
    Session find(long id) {
        return sessions.get(id);
    }

    void took(long id, boolean suspect) {
        int plus = suspect ? 1 : 0;
        suspects += plus;
        if (id != DETACHED) {
            Session session = sessions.computeIfAbsent(id, Session::new);
            session.leases++;
            session.suspects += plus;
        }
    }

    void gaveBack(long id, boolean suspect) {
        int less = suspect ? 1 : 0;
        suspects -= less;
        Session session = sessions.get(id);
        if (session != null) {
            session.leases--;
            session.suspects -= less;
            if (session.leases == 0) {
                sessions.remove(id);
            }
        }
    }

    void lost(long id, long goneAtMs) {
        Session session = sessions.get(id);
        if (session != null && !session.isLost()) {
            lost(session, goneAtMs);
        }
    }

    /** After a restart nobody is connected. */
    void allLost(long goneAtMs) {
        for (Session session : sessions.values()) {
            lost(session, goneAtMs);
        }
    }

    private void lost(Session session, long goneAtMs) {
        session.goneAtMs = goneAtMs;
        earliestGoneMs = Math.min(earliestGoneMs, goneAtMs);
        session.leasesWhenLost = session.leases;
    }

    void resumed(long id) {
        Session session = sessions.get(id);
        if (session != null) {
            session.goneAtMs = HERE;
            session.leasesWhenLost = 0;
        }
    }

    /** The one whose grace has ended first, by time and id; null: nobody's. */
    @Nullable
    Session gone(long nowMs) {
        if (nowMs < earliestGoneMs) {
            return null;
        }
        Session first = null;
        earliestGoneMs = HERE;
        for (Session session : sessions.values()) {
            earliestGoneMs = Math.min(earliestGoneMs, session.goneAtMs);
            if (session.goneAtMs <= nowMs && (first == null || session.goesBefore(first))) {
                first = session;
            }
        }
        return first;
    }

    /** No grace ends before; the largest long: none runs. */
    long nextGoneMs() {
        return earliestGoneMs;
    }
}
