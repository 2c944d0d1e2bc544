package io.headwater.broker.peer;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.peer.wire.PeerMessage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The way to other brokers. Any thread. What is sent to one node arrives in the order in which it was sent, or not at
 * all; after something was lost, {@link PeerHandler#disconnected} is told.
 */
public interface Peers {
    /** Where a node listens; a connection is made when there is something to say, and made again when it ends. */
    void know(int node, HostPort endpoint);

    /** The node is not a member any more. */
    void forget(int node);

    /**
     * Sends without an answer. Dropped if the node is not known, cannot be reached, or is too slow for what is sent to it.
     *
     * @param attachment position to limit of each is copied before this returns
     * @throws IllegalArgumentException if both together are larger than a frame may be
     */
    void send(int node, PeerMessage message, List<ByteBuffer> attachment);

    /**
     * Asks. The stage completes on a thread of the network: with the answer, or exceptionally with an {@link
     * java.io.IOException} if there is none: nobody can say whether the question arrived, unless it is a {@link
     * java.net.ConnectException}. Then it certainly did not.
     *
     * @param timeoutMs after which there is none
     */
    CompletionStage<PeerMessage> ask(int node, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs);

    /** Asks whoever listens there, over a connection of its own. */
    CompletionStage<PeerMessage> ask(HostPort endpoint, PeerMessage question, long timeoutMs);
}
