package io.headwater.broker.peer;

/**
 * Another broker sent what no broker sends. Where it comes out of {@link PeerHandler}, the connection is closed with a
 * line in the log that says why.
 */
public final class BadPeerMessageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public BadPeerMessageException(String message) {
        super(message);
    }

    static void require(boolean holds, String what, Object value, String expected) {
        if (!holds) {
            throw new BadPeerMessageException(what + ": " + value + " (expected: " + expected + ")");
        }
    }
}
