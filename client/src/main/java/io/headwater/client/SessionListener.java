package io.headwater.client;

import io.headwater.protocol.Frame;

/** Whoever lives on a {@link Cluster}'s sessions: producers and consumers. Called on the loop. */
interface SessionListener {
    /** A connection is there and has shaken hands. */
    void ready(Session session);

    /** The connection is gone; what was asked on it has been answered or failed already. */
    void lost(Session session);

    /** Somebody else leads something than before. */
    void moved();

    /** Something came unasked. Borrows the frame. */
    void pushed(Session session, Frame frame);

    /** The socket takes more again. */
    void writable(Session session);

    /** Now and then, for deadlines. */
    void tick(long nowNs);
}
