package io.headwater.broker.queue;

import java.util.function.LongUnaryOperator;

/**
 * How long a record waits after a failure.
 *
 * @param firstMs after the first failure
 * @param maxMs never longer
 */
public record Backoff(Kind kind, long firstMs, long maxMs) {
    public static final Backoff NONE = new Backoff(Kind.NONE, 0, 0);
    public static final Backoff DEFAULT = new Backoff(Kind.EXPONENTIAL, 1_000, 300_000);

    /** How the wait grows with the failures. */
    public enum Kind {
        NONE,
        FIXED,
        LINEAR,
        /** Doubles each time; the second half of it is chance, so that what failed together does not return together. */
        EXPONENTIAL
    }

    public Backoff {
        if (firstMs < 0 || maxMs < firstMs) {
            throw new IllegalArgumentException(
                    "backoff (--backoff): " + firstMs + " ms to " + maxMs + " ms (expected: 0 <= first <= max)");
        }
    }

    /**
     * @param failures at least 1
     * @param random a number from 0 to below its argument
     */
    long delayMs(int failures, LongUnaryOperator random) {
        return switch (kind) {
            case NONE -> 0;
            case FIXED -> firstMs;
            case LINEAR -> firstMs > maxMs / failures ? maxMs : firstMs * failures;
            case EXPONENTIAL -> {
                int doublings = Math.min(failures - 1, Long.numberOfLeadingZeros(Math.max(1, firstMs)) - 1);
                long delayMs = Math.min(maxMs, firstMs << doublings);
                yield delayMs - random.applyAsLong(delayMs / 2 + 1);
            }
        };
    }
}
