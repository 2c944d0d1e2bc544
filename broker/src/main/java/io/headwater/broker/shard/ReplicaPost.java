package io.headwater.broker.shard;

import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ReplicaMessage;

/**
 * The way of one owner's replicas to other brokers. On the owner's thread; what was said in a turn leaves with {@link
 * #flush} at the latest. Nothing that is said is sure to arrive.
 */
public interface ReplicaPost {
    /** A broker that has nobody to talk to. */
    ReplicaPost NONE = new ReplicaPost() {
        @Override
        public void send(int node, long partitionId, long startIndex, ReplicaMessage message) {}

        @Override
        public void answer(int controllerNode, long partitionId, ControllerMessage.SealReport report) {}

        @Override
        public void tellController(long partitionId, ControllerMessage message) {}

        @Override
        public void flush() {}
    };

    /** @param startIndex of the sender's log */
    void send(int node, long partitionId, long startIndex, ReplicaMessage message);

    void answer(int controllerNode, long partitionId, ControllerMessage.SealReport report);

    void tellController(long partitionId, ControllerMessage message);

    void flush();
}
