package io.headwater.broker.queue;

/**
 * The time of a turn.
 *
 * @param monotonicMs for leases and graces; means nothing after a restart
 * @param wallMs ms since 1970, for schedules and backoff; may jump
 */
public record Now(long monotonicMs, long wallMs) {}
