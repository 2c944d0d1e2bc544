package io.headwater.broker.shard;

import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.work.LetterBox.Delivery;
import io.headwater.storage.LogStart;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * The way of one owner's partitions to other brokers. On the owner's thread; what was said in a turn leaves with {@link
 * #flush} at the latest. Nothing that is said is sure to arrive.
 */
public interface ReplicaPost {
    /** A broker that has nobody to talk to. */
    ReplicaPost NONE = new ReplicaPost() {
        @Override
        public void send(int node, long partitionId, LogStart start, ReplicaMessage message) {}

        @Override
        public void answer(int controllerNode, long partitionId, ControllerMessage.SealReport report) {}

        @Override
        public void tellController(long partitionId, ControllerMessage message) {}

        @Override
        public void deliver(int node, long partitionId, ByteBuffer batch, Consumer<Delivery> back) {
            throw new IllegalStateException("node " + node + " (expected: none, this broker stands alone)");
        }

        @Override
        public void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back) {
            throw new IllegalStateException("node " + node + " (expected: none, this broker stands alone)");
        }

        @Override
        public void flush() {}
    };

    /** @param start of the sender's log */
    void send(int node, long partitionId, LogStart start, ReplicaMessage message);

    void answer(int controllerNode, long partitionId, ControllerMessage.SealReport report);

    void tellController(long partitionId, ControllerMessage message);

    /**
     * Records that a queue group moves into a partition that another broker leads.
     *
     * @param batch taken
     * @param back hears exactly once, on some thread, what became of it
     */
    void deliver(int node, long partitionId, ByteBuffer batch, Consumer<Delivery> back);

    /**
     * Asks for a part of a segment.
     *
     * @param back hears the answer, or that there is none, exactly once, on some thread
     */
    void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back);

    void flush();
}
