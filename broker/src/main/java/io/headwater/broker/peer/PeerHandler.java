package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerMessage;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * What comes in from other brokers. On threads of the network: nothing may block there. A {@link BadPeerMessageException}
 * from the first two closes the connection; so does any other, which is logged as an error of this broker.
 */
public interface PeerHandler {
    /**
     * @param node who says so; 0: no member yet
     * @param attachment the receiver's from now on
     */
    void received(int node, PeerMessage message, ByteBuffer attachment);

    /**
     * A question.
     *
     * @param answer takes one message, from any thread, some time later; one with a failure where there is no answer
     */
    void asked(int node, PeerMessage question, ByteBuffer attachment, Consumer<PeerMessage> answer);

    /**
     * What was sent to the node may be lost.
     *
     * @param refused it was reachable and nobody listens there any more: the process is gone, most likely
     */
    void disconnected(int node, boolean refused);
}
