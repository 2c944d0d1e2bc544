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
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);
    private static final Duration LONGEST_LEASE = Duration.ofHours(12);
    private static final Duration LONGEST_DELAY = Duration.ofDays(36_500);
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
        boolean fits = switch (verb) {
            case ACK, REJECT -> delay == null;
            case RELEASE, FAIL -> delay == null || (!delay.isNegative() && delay.compareTo(LONGEST_DELAY) <= 0);
            case EXTEND -> delay != null && delay.compareTo(SHORTEST_LEASE) >= 0 && delay.compareTo(LONGEST_LEASE) <= 0;
        };
        if (!fits) {
            throw new IllegalArgumentException("delay: " + delay + " with " + verb
                    + " (expected: RELEASE and FAIL: 0 to 36,500 days; EXTEND: 1 s to 12 h; else none)");
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

    /** 0: none. */
    long delayMs() {
        return delay == null ? 0 : delay.toMillis();
    }
}
