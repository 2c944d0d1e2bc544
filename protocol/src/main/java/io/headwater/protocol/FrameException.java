package io.headwater.protocol;

import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;

/**
 * The peer broke the protocol. The connection cannot go on, because nobody knows where the next frame starts: its
 * reader says goodbye with {@link #error} and closes.
 */
public final class FrameException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Error error;

    FrameException(ErrorCode code, String message) {
        // No stack trace: hostile peers cause these as often as they like.
        super(message, null, false, false);
        this.error = Errors.of(code, message);
    }

    /** What to tell the peer. */
    public Error error() {
        return error;
    }
}
