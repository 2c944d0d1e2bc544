package io.headwater.broker.net;

import io.headwater.protocol.Frame;

/**
 * Where one connection's requests to partitions go: the way into the owners' mailboxes. Called on that connection's
 * event loop only, and never blocks.
 */
public interface Requests {
    /** Makes one for each connection. */
    @FunctionalInterface
    interface Factory {
        Requests open(Connection connection);
    }

    /** What became of an offered frame. */
    enum Offered {
        /** Taken, or answered already. */
        TAKEN,
        /** A mailbox is full; nothing was taken, and nothing was done: the listener answers ERROR_OVERLOADED. */
        FULL,
        /** A mailbox is so full that it cannot take what must not be lost; the listener gives the connection up. */
        HOPELESS
    }

    /** Offers a request about one or more partitions, not about topics or groups. Takes the frame with {@link Offered#TAKEN}. */
    Offered offer(Frame frame);

    /** The peer has taken enough of what was on its way; see {@link Connection#mayDeliver}. Never refused. */
    void drained();

    /** The connection is closed. Once, after its last frame. Never refused. */
    void closed();
}
