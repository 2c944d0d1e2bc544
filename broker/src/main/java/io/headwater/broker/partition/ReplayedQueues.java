package io.headwater.broker.partition;

import java.nio.ByteBuffer;

/** The groups of a partition that is opened. What the log says of others, which are gone, is passed over. */
record ReplayedQueues(PartitionQueues queues) implements Replay.Groups {
    @Override
    public void restore(int groupId, ByteBuffer snapshot) {
        queues.restore(groupId, snapshot);
    }

    @Override
    public void replayed(ByteBuffer operations) {
        queues.replayed(operations);
    }

    @Override
    public void retract(long endOffset) {
        queues.retract(endOffset);
    }
}
