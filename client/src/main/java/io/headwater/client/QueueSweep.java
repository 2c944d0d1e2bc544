package io.headwater.client;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of many records of a queue group. Immutable.
 *
 * @param states PURGE, MOVE: which; else empty
 * @param dryRun nothing changes; says how many records it would concern
 * @param target MOVE: the topic to which they go; null: each to the topic where it died. Else null
 */
public record QueueSweep(
        Kind kind,
        Set<RecordState> states,
        QueueFilter which,
        boolean dryRun,
        @Nullable String target) {
    /** What becomes of them. */
    public enum Kind {
        /** What is in some states is done, though nobody worked on it. */
        PURGE,
        /** The dead are ready again, without failures. */
        REDRIVE,
        /** What its producers want delivered later never comes. */
        CANCEL,
        /**
         * What was acknowledged and is still in the topic is ready again, without failures. Deliveries count on from the most that any
         * record of the group in the partition has had.
         */
        REPLAY,
        /** What is in some states is copied to another topic and then done: always in one of both, never deliverable in both. */
        MOVE
    }

    private static final Set<RecordState> MOVABLE = Set.of(RecordState.READY, RecordState.WAITING, RecordState.DEAD);

    public QueueSweep {
        states = Set.copyOf(states);
    }

    /** @param states some of READY, WAITING, DEAD */
    public static QueueSweep purge(Set<RecordState> states, QueueFilter which) {
        return new QueueSweep(Kind.PURGE, states, which, false, null);
    }

    public static QueueSweep redrive(QueueFilter which) {
        return new QueueSweep(Kind.REDRIVE, Set.of(), which, false, null);
    }

    public static QueueSweep cancel(QueueFilter which) {
        return new QueueSweep(Kind.CANCEL, Set.of(), which, false, null);
    }

    public static QueueSweep replay(QueueFilter which) {
        return new QueueSweep(Kind.REPLAY, Set.of(), which, false, null);
    }

    /** All that is not leased, to another topic: key, value, headers and event time as they are. */
    public static QueueSweep move(QueueFilter which, String topic) {
        return new QueueSweep(Kind.MOVE, MOVABLE, which, false, topic);
    }

    /**
     * Of the group of a dead-letter topic: each record back to the topic where it died, as it was before. Those that do not
     * name one that there is are {@link QueueAdmin.Left left}.
     */
    public static QueueSweep moveToOrigin(QueueFilter which) {
        return new QueueSweep(Kind.MOVE, MOVABLE, which, false, null);
    }

    /** The same, only of these states. */
    public QueueSweep of(Set<RecordState> some) {
        return new QueueSweep(kind, some, which, dryRun, target);
    }

    /** The same, and nothing changes. */
    public QueueSweep asDryRun() {
        return new QueueSweep(kind, states, which, true, target);
    }
}
