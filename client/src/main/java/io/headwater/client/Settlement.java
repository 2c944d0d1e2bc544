package io.headwater.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer says about a record that it has a lease of. Each but {@link Verb#EXTEND} ends the lease.
 *
 * @param delay RELEASE and FAIL: the record comes again no earlier; null: at once after a release, after the group's
 *     backoff after a failure. EXTEND: how long the lease runs from now on, 1 s to 12 h
 * @param reason for people, kept with the record up to 256 bytes; may be empty
 */
public record Settlement(Verb verb, @Nullable Duration delay, String reason) {
    private static final Settlement ACK = new Settlement(Verb.ACK, null, "");
    private static final Settlement RELEASE = new Settlement(Verb.RELEASE, null, "");

    /** What is said. */
    public enum Verb {
        /** It is done. */
        ACK,
        /** Somebody else shall have it; no failure is counted. */
        RELEASE,
        /** The attempt failed, which is counted. */
        FAIL,
        /** Nobody can process it: it is dead now. */
        REJECT,
        /** More time. */
        EXTEND
    }

    public Settlement {
        boolean mayWait = verb == Verb.RELEASE || verb == Verb.FAIL || verb == Verb.EXTEND;
        if (delay != null && (delay.isNegative() || !mayWait)) {
            throw new IllegalArgumentException("delay: " + delay + " with " + verb
                    + " (expected: none, or 0 or more with RELEASE, FAIL or EXTEND)");
        }
        if (verb == Verb.EXTEND && (delay == null || delay.isZero())) {
            throw new IllegalArgumentException("extend: " + delay + " (expected: more than 0)");
        }
    }

    public static Settlement ack() {
        return ACK;
    }

    /** It comes again at once. */
    public static Settlement release() {
        return RELEASE;
    }

    public static Settlement release(Duration delay) {
        return new Settlement(Verb.RELEASE, delay, "");
    }

    /** It comes again after the group's backoff. */
    public static Settlement fail(String reason) {
        return new Settlement(Verb.FAIL, null, reason);
    }

    public static Settlement fail(String reason, Duration delay) {
        return new Settlement(Verb.FAIL, delay, reason);
    }

    public static Settlement reject(String reason) {
        return new Settlement(Verb.REJECT, null, reason);
    }

    public static Settlement extend(Duration fromNow) {
        return new Settlement(Verb.EXTEND, fromNow, "");
    }
}
