package io.headwater.client;

import io.headwater.protocol.wire.CommitPosition;
import org.jspecify.annotations.Nullable;

/**
 * One partition that a consumer reads. The loop owns what concerns the subscription; the user's thread owns how far the
 * user has come; what both look at is volatile.
 */
final class PartitionReader {
    static final long NO_BOUND = Long.MAX_VALUE;

    final StreamConsumer.TopicPartition partition;
    final long partitionId;

    // The loop's.
    int subscriptionId;
    /** Where it is subscribed, or was last; null: nowhere yet. */
    @Nullable
    Session session;
    /** So often in a row subscribing failed because another broker is to be asked, or is not as far yet. */
    int detours;
    /** Not subscribed again before this. */
    long notBeforeNs;
    /** Everything before it has been delivered once: it is there, whatever a broker says that is behind. */
    long deliveredUntil;

    /** What the broker sends from here on it has to check before, as it came damaged; -1: nothing has. */
    long recheckFrom = -1;

    long nextOffset;
    long sinceGeneration;
    boolean opening;
    /** How long the last attempt to open waited; 0: none has failed. */
    long retryNs;
    /** Received, and not yet credited again. */
    int bufferedBytes;

    private int epochs;
    boolean stopped;

    // Set by the loop, seen by the user's thread.
    /** Rises whenever reading starts somewhere else: what was delivered before is not handed out any more. */
    volatile int epoch;

    volatile long untilOffset = NO_BOUND;
    volatile long untilIngestionMs = Long.MAX_VALUE;
    volatile boolean revoked;

    // Set by the user's thread, seen by the loop.
    /** Next to hand out. */
    volatile long position = -1;
    /** Next to process: everything before it is done. */
    volatile long processed = -1;

    volatile boolean finished;

    // The user's thread's.
    int bytesToCredit;
    /** What follows a failure in the same epoch is not handed out: there would be a gap. -1: none has failed. */
    int failedEpoch = -1;
    /** Where bytes came damaged that were asked for once more; -1: nowhere. */
    long damagedAt = -1;

    boolean touched;
    long processingStartMs;
    long processingEndMs;
    long lastEventTimeMs;
    /** Where reading has started, and without a position would again: not worth a commit by itself. -1: nowhere. */
    private volatile long unreadStart = -1;
    /** Last position that the broker has confirmed, or has been asked to keep; also set by commits' completions. */
    volatile long committed = -1;

    PartitionReader(StreamConsumer.TopicPartition partition, long partitionId) {
        this.partition = partition;
        this.partitionId = partitionId;
    }

    boolean hasBound() {
        return untilOffset != NO_BOUND || untilIngestionMs != Long.MAX_VALUE;
    }

    /**
     * On the loop: reading goes on from here, whatever was read before.
     *
     * @param commits whether the offset is to be committed even if nothing is read from it
     */
    synchronized void moveTo(long offset, boolean commits) {
        unreadStart = commits ? -1 : offset;
        nextOffset = offset;
        position = offset;
        processed = offset;
        finished = false;
        stopped = false;
        nextEpoch();
    }

    /**
     * On the loop: somebody else has moved the group, and {@link #moveTo} will follow. Until then there is nothing to
     * commit: the old position under the new generation would take the seek back.
     */
    synchronized void setAside() {
        position = -1;
        processed = -1;
        nextEpoch();
    }

    /** On the loop: what is on its way is not wanted any more. Returns the new epoch. */
    synchronized int nextEpoch() {
        epochs++;
        epoch = epochs;
        return epochs;
    }

    /** By the user's thread: where what was delivered for that epoch goes on; -1: the reader was moved meanwhile. */
    synchronized long expected(int ofEpoch) {
        return epoch == ofEpoch ? position : -1;
    }

    /**
     * By the user's thread: everything before {@code to} is handed out; false: the reader was moved meanwhile, and
     * stands where it was moved to.
     */
    synchronized boolean handedOut(int ofEpoch, long to) {
        boolean current = epoch == ofEpoch;
        if (current) {
            position = Math.max(position, to);
        }
        return current;
    }

    /** By the user's thread: nothing follows, unless the reader was moved meanwhile. */
    synchronized void finish(int ofEpoch) {
        finished |= epoch == ofEpoch;
    }

    /** By the user's thread: everything that was handed out is done. */
    synchronized void markProcessed() {
        processed = position;
    }

    /** By the user's thread: everything before {@code to} is done; says nothing about a reader that was moved. */
    synchronized void markProcessed(int ofEpoch, long to) {
        if (epoch == ofEpoch) {
            processed = to;
        }
    }

    /** Nothing has been processed since reading started, and that start is not worth a commit. */
    boolean isUnread() {
        return processed == unreadStart;
    }

    /** What to tell the broker, or null where it knows already. By the user's thread. */
    @Nullable
    CommitPosition toCommit() {
        long offset = processed;
        if (offset < 0 || offset == committed || (committed < 0 && offset == unreadStart)) {
            return null;
        }
        return CommitPosition.newBuilder()
                .setPartitionId(partitionId)
                .setOffset(offset)
                .setProcessingStartMs(processingStartMs)
                .setProcessingEndMs(processingEndMs)
                .setEventTimeMs(lastEventTimeMs)
                .build();
    }

    @Override
    public String toString() {
        return partition.topic() + "-" + partition.partition();
    }
}
