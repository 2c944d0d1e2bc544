package io.headwater.client.link;

import io.headwater.protocol.Frame;

/** What happens on a {@link Link}. Called on the {@link Loop}. */
public interface LinkListener {
    void connected();

    /** Takes the frame. */
    void received(Frame frame);

    /** Some bytes came, perhaps not a whole frame yet. */
    default void heard() {}

    /** There may be room for more. */
    void writable();

    /** The attempt failed, or the connection is gone, for ever. */
    void disconnected(String why);
}
