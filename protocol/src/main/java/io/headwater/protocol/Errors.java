package io.headwater.protocol;

import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;

/**
 * What each error code means where nothing else is said: <em>definite</em> (the operation did not and will not take
 * effect) or <em>unknown</em>, and whether the same request may succeed later by itself. The table in
 * {@code docs/protocol.md} is this class in words, and a test compares them.
 */
public final class Errors {
    private Errors() {}

    /** With the code's own defaults. */
    public static Error of(ErrorCode code, String message) {
        return builder(code, message).build();
    }

    /** Definite, and worth trying again after this time. */
    public static Error retryAfter(ErrorCode code, String message, int retryAfterMs) {
        return builder(code, message)
                .setRetriable(true)
                .setRetryAfterMs(retryAfterMs)
                .build();
    }

    /** Whatever the code's default: this operation may have taken effect. */
    public static Error unknownOutcome(ErrorCode code, String message) {
        return builder(code, message).setUnknownOutcome(true).build();
    }

    /**
     * Another broker has to be asked.
     *
     * @param nodeId 0: nobody at this moment
     * @param endpoint host:port for clients; empty: not known
     */
    public static Error elsewhere(ErrorCode code, String message, int nodeId, String endpoint) {
        return builder(code, message).setNodeId(nodeId).setEndpoint(endpoint).build();
    }

    /** What was asked for is not there; the answer carries the range that is. */
    public static Error outOfRange(String message, long validFrom, long validUntil) {
        return builder(ErrorCode.ERROR_OFFSET_OUT_OF_RANGE, message)
                .setValidFrom(validFrom)
                .setValidUntil(validUntil)
                .build();
    }

    /** With the code's defaults, to be changed where the case is special. */
    public static Error.Builder builder(ErrorCode code, String message) {
        return Error.newBuilder()
                .setCode(code)
                .setMessage(message)
                .setRetriable(isRetriable(code))
                .setUnknownOutcome(isUnknownOutcome(code));
    }

    /** The code's default: the same request may succeed later without anybody changing anything. */
    public static boolean isRetriable(ErrorCode code) {
        return switch (code) {
            case ERROR_DISK_FULL,
                    ERROR_OVERLOADED,
                    ERROR_SHUTTING_DOWN,
                    ERROR_TIMEOUT,
                    ERROR_NOT_LEADER,
                    ERROR_NOT_CONTROLLER,
                    ERROR_METADATA_UNAVAILABLE -> true;
            default -> false;
        };
    }

    /** The code's default: the operation may have taken effect. */
    public static boolean isUnknownOutcome(ErrorCode code) {
        return switch (code) {
            // UNRECOGNIZED: a later broker's code. What it means is not known, so neither is what happened.
            case ERROR_TIMEOUT, ERROR_INTERNAL, ERROR_MOVE_UNDECIDED, UNRECOGNIZED -> true;
            default -> false;
        };
    }

    /** The code without its prefix, for people: {@code UNKNOWN_TOPIC}. */
    public static String name(ErrorCode code) {
        return code.name().startsWith("ERROR_") ? code.name().substring("ERROR_".length()) : code.name();
    }
}
