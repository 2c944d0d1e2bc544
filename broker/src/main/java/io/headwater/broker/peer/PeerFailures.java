package io.headwater.broker.peer;

import io.netty.handler.codec.DecoderException;

/** Says in a few words what went wrong with a connection. */
final class PeerFailures {
    private PeerFailures() {}

    static String describe(Throwable failure) {
        Throwable cause =
                failure instanceof DecoderException && failure.getCause() != null ? failure.getCause() : failure;
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }

    /** Whether what came over the connection is to blame, and not this process. */
    static boolean isTheOthers(Throwable failure) {
        return failure instanceof BadPeerMessageException || failure instanceof DecoderException;
    }
}
