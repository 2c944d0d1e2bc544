package io.headwater.broker.queue;

/**
 * How an attempt on a record ended, but for an acknowledgement.
 *
 * @param failures how many attempts have failed by now
 * @param reason what was said of it, for people, as {@link Reasons} may keep it; empty: nothing
 */
record Ending(int failures, Cause cause, String reason) {}
