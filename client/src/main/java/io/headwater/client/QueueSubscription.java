package io.headwater.client;

import org.jspecify.annotations.Nullable;

/** A partition of a queue group, as one consumer has it: where deliveries come from, and settlements go to. */
final class QueueSubscription {
    final String topic;
    final int partition;
    final long partitionId;
    final int groupId;
    final Settler settler;

    // The loop's.
    /** 0: not open. */
    int id;
    /** Where it is open, or was last; null: nowhere yet. */
    @Nullable
    Session session;
    /** So often in a row opening failed because another broker is to be asked. */
    int detours;
    /** An attempt to open it again is due. */
    boolean retrying;

    final HeldRecords held = new HeldRecords();

    // Guarded by the consumer's holdings: what waits to be handed out, and what was since the last credit.
    int waiting;
    long waitingBytes;
    int taken;
    long takenBytes;
    boolean creditDue;
    /** Null: what comes is handed out at once. */
    final @Nullable KeyLines lines;

    QueueSubscription(
            String topic, int partition, long partitionId, int groupId, Settler settler, @Nullable KeyLines lines) {
        this.lines = lines;
        this.topic = topic;
        this.partition = partition;
        this.partitionId = partitionId;
        this.groupId = groupId;
        this.settler = settler;
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
