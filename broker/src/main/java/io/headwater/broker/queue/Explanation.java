package io.headwater.broker.queue;

import org.jspecify.annotations.Nullable;

/**
 * Why a record is not being delivered now.
 *
 * @param deliveries how often it was delivered
 * @param failures how many of these count as failures
 * @param lastEnd how its last attempt that has ended did so; null: none has
 * @param said of its last failure, by whoever let it fail; empty: nothing
 * @param session who holds it: LEASED; 0: a detached lease
 * @param untilMs LEASED: on the monotonic clock; SCHEDULED, BACKOFF: on the wall clock; else 0
 * @param sinceMs LEASED: since when, on the monotonic clock, to a tenth of a second; {@link #BEFORE}: since before the
 *     group was opened; else 0
 * @param behind KEY_HELD, LEASED: the first record of the key that is leased; KEY_ORDER: the first that waits; -1: it is
 *     that itself, or in another state
 */
public record Explanation(
        Reason reason,
        int deliveries,
        int failures,
        int priority,
        @Nullable Cause lastEnd,
        String said,
        long session,
        long sinceMs,
        long untilMs,
        long behind) {
    /** After a restart: the log does not say at what time by this clock. */
    public static final long BEFORE = Long.MIN_VALUE;

    /** The first that applies. */
    public enum Reason {
        DONE,
        UNCOMMITTED,
        LEASED,
        DEAD,
        /** Dead; a copy is on its way to the dead-letter topic. */
        MOVING,
        /** Its producer wants it later. */
        SCHEDULED,
        /** It was sent back with a delay, or has failed. */
        BACKOFF,
        /** Another record with its key is leased. */
        KEY_HELD,
        /** Another record with its key comes first. */
        KEY_ORDER,
        PAUSED,
        /** Its consumer died with it and others: it waits for one that holds nothing else. */
        SUSPECT,
        /** Nothing holds it back but its turn: there is no consumer, no credit, or something comes first. */
        ELIGIBLE
    }
}
