package io.headwater.broker.partition;

import io.headwater.protocol.wire.Error;

/** An expected failure on its way to the wire. Has no stack trace: it is a value, not a bug. */
public final class RequestFailedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Error error;

    public RequestFailedException(Error error) {
        super(error.getMessage(), null, false, false);
        this.error = error;
    }

    public Error error() {
        return error;
    }
}
