package io.headwater.broker.net;

import io.headwater.protocol.Frame;

/**
 * Where the listeners put what does not belong to a partition: topics, groups, status, producer ids. Implemented by the
 * control agent. Both methods are called from network threads and must not block.
 */
public interface ControlMailbox {
    /**
     * Takes the frame.
     *
     * @return false: full, nothing taken; the listener answers ERROR_OVERLOADED
     */
    boolean offer(Connection connection, Frame frame);

    /** Exactly once per connection, after its last frame, whether or not it ever sent one. Never refused. */
    void closed(Connection connection);
}
