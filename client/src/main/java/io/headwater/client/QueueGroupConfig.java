package io.headwater.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a queue or keyed group is to behave. Null means the broker's default when creating, and unchanged when altering.
 *
 * @param keyed first in, first out per key; cannot be altered
 * @param lease how long a consumer may work on a record where it asks for nothing else, 1 s to 12 h; default 30 s
 * @param maxFailures a record that failed so often is dead; negative: none ever is; default 16
 * @param sessionGrace how long the leases of a lost connection wait for it to come back; zero: not at all; default 5 s
 */
public record QueueGroupConfig(
        boolean keyed,
        @Nullable Duration lease,
        @Nullable Integer maxFailures,
        @Nullable Backoff backoff,
        @Nullable OnDead onDead,
        @Nullable Duration sessionGrace) {

    /** What the death of a record means for what follows. */
    public enum OnDead {
        /** It goes on. */
        SKIP,
        /** The records of the same key wait; keyed groups only. */
        HOLD_KEY,
        /** The group pauses in this partition. */
        STOP
    }

    /**
     * How long a record waits after a failure, where the consumer does not say.
     *
     * @param first after the first failure
     * @param max never longer
     */
    public record Backoff(Kind kind, Duration first, Duration max) {
        /** How the wait grows with the failures. */
        public enum Kind {
            NONE,
            FIXED,
            LINEAR,
            /** Doubles each time, with jitter. */
            EXPONENTIAL
        }

        public static Backoff none() {
            return new Backoff(Kind.NONE, Duration.ZERO, Duration.ZERO);
        }

        public static Backoff fixed(Duration wait) {
            return new Backoff(Kind.FIXED, wait, wait);
        }

        public static Backoff linear(Duration first, Duration max) {
            return new Backoff(Kind.LINEAR, first, max);
        }

        public static Backoff exponential(Duration first, Duration max) {
            return new Backoff(Kind.EXPONENTIAL, first, max);
        }
    }

    public static QueueGroupConfig queue() {
        return new QueueGroupConfig(false, null, null, null, null, null);
    }

    /** First in, first out per key. */
    public static QueueGroupConfig keyedQueue() {
        return new QueueGroupConfig(true, null, null, null, null, null);
    }

    public QueueGroupConfig withLease(Duration duration) {
        return new QueueGroupConfig(keyed, duration, maxFailures, backoff, onDead, sessionGrace);
    }

    public QueueGroupConfig withMaxFailures(int count) {
        return new QueueGroupConfig(keyed, lease, count, backoff, onDead, sessionGrace);
    }

    public QueueGroupConfig withBackoff(Backoff waits) {
        return new QueueGroupConfig(keyed, lease, maxFailures, waits, onDead, sessionGrace);
    }

    public QueueGroupConfig withOnDead(OnDead choice) {
        return new QueueGroupConfig(keyed, lease, maxFailures, backoff, choice, sessionGrace);
    }

    public QueueGroupConfig withSessionGrace(Duration grace) {
        return new QueueGroupConfig(keyed, lease, maxFailures, backoff, onDead, grace);
    }
}
