package io.headwater.client;

import java.util.Set;

/**
 * What becomes of many records of a queue group. Immutable.
 *
 * @param states PURGE: which; else empty
 * @param dryRun nothing changes; says how many records it would concern
 */
public record QueueSweep(Kind kind, Set<RecordState> states, QueueFilter which, boolean dryRun) {
    /** What becomes of them. */
    public enum Kind {
        /** What is in some states is done, though nobody worked on it. */
        PURGE,
        /** The dead are ready again, without failures. */
        REDRIVE,
        /** What its producers want delivered later never comes. */
        CANCEL,
        /**
         * What is done and still in the topic is ready again, without failures. Deliveries count on from the most that any
         * record of the group in the partition has had.
         */
        REPLAY
    }

    public QueueSweep {
        states = Set.copyOf(states);
    }

    /** @param states some of READY, WAITING, DEAD */
    public static QueueSweep purge(Set<RecordState> states, QueueFilter which) {
        return new QueueSweep(Kind.PURGE, states, which, false);
    }

    public static QueueSweep redrive(QueueFilter which) {
        return new QueueSweep(Kind.REDRIVE, Set.of(), which, false);
    }

    public static QueueSweep cancel(QueueFilter which) {
        return new QueueSweep(Kind.CANCEL, Set.of(), which, false);
    }

    public static QueueSweep replay(QueueFilter which) {
        return new QueueSweep(Kind.REPLAY, Set.of(), which, false);
    }

    /** The same, and nothing changes. */
    public QueueSweep asDryRun() {
        return new QueueSweep(kind, states, which, true);
    }
}
