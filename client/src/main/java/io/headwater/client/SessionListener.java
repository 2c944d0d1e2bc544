package io.headwater.client;

import io.headwater.protocol.Frame;

/** Whoever lives on a {@link Session}: producers and consumers. Called on the loop. */
interface SessionListener {
    /** A connection is there and has shaken hands. */
    void ready();

    /** The connection is gone; what was asked on it has been answered or failed already. */
    void lost();

    /** Something came unasked. Borrows the frame. */
    void pushed(Frame frame);

    /** The socket takes more again. */
    void writable();

    /** Now and then, for deadlines. */
    void tick(long nowNs);
}
