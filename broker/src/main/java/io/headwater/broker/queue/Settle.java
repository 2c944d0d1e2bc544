package io.headwater.broker.queue;

/**
 * What a consumer says about a lease.
 *
 * @param attempt with the offset, what the lease's token names
 * @param delayMs RELEASE, FAIL: not before so long (-1: at once after a release, after the group's backoff after a
 *     failure). EXTEND: how long the lease runs from now on. Else ignored
 * @param reason FAIL, REJECT: why, for people; 256 bytes of it are kept. Empty: not said. Else ignored
 */
public record Settle(Verb verb, long offset, int attempt, long delayMs, String reason) {
    public Settle {
        if (verb == Verb.EXTEND && (delayMs < 1 || delayMs > Integer.MAX_VALUE)) {
            throw new IllegalArgumentException("extend: " + delayMs + " ms (expected: 1 to " + Integer.MAX_VALUE + ")");
        }
        if (delayMs < Attempts.AS_THE_GROUP_SAYS) {
            throw new IllegalArgumentException("delay: " + delayMs + " ms (expected: at least 0, or -1)");
        }
    }

    public static Settle of(Verb verb, long offset, int attempt) {
        return new Settle(verb, offset, attempt, Attempts.AS_THE_GROUP_SAYS, "");
    }
}
