package io.headwater.broker.queue;

/**
 * What a group's operator decides. May change while it works, but for {@code keyed}: operations say what came of it.
 *
 * @param keyed first in, first out per key
 * @param maxFailures a record that has failed so often is dead; 0: none ever is
 * @param backoff how long one waits after a failure, unless the consumer says how long
 * @param onDead what follows a death
 * @param deadLetters the topic has a dead-letter topic: the dead are moved there instead of being kept in place, unless
 *     something waits for them ({@code onDead})
 * @param graceMs how long the leases of a lost session wait for it to come back
 */
public record QueuePolicy(
        boolean keyed, int maxFailures, Backoff backoff, OnDead onDead, boolean deadLetters, long graceMs) {
    public static final QueuePolicy PLAIN = new QueuePolicy(false, 16, Backoff.DEFAULT, OnDead.SKIP, false, 5_000);
    public static final QueuePolicy KEYED = new QueuePolicy(true, 16, Backoff.DEFAULT, OnDead.SKIP, false, 5_000);

    public QueuePolicy {
        if (maxFailures < 0 || maxFailures > 1_000) {
            throw new IllegalArgumentException(
                    "maxFailures (--max-failures): " + maxFailures + " (expected: 1 to 1000, or 0: off)");
        }
        if (graceMs < 0) {
            throw new IllegalArgumentException("graceMs (--session-grace): " + graceMs + " (expected: at least 0)");
        }
        if (onDead == OnDead.HOLD_KEY && !keyed) {
            throw new IllegalArgumentException(
                    "onDead (--on-dead): hold-key (expected: skip or stop, as the group is not keyed)");
        }
    }

    public QueuePolicy withDeadLetters(boolean now) {
        return new QueuePolicy(keyed, maxFailures, backoff, onDead, now, graceMs);
    }

    /** Where something waits for the dead, they stay: what was moved away could not come back before it. */
    Burial burial() {
        return switch (onDead) {
            case SKIP -> deadLetters ? Burial.MOVING : Burial.PARKED;
            case HOLD_KEY -> Burial.HOLDS_KEY;
            case STOP -> Burial.PARKED;
        };
    }
}
