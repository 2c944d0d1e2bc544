package io.headwater.storage;

/**
 * Hears what the group commit has made durable. Called on the sync thread: it must be quick, must not block, and must
 * not throw. Typically it notes the ends for the partitions' owners and wakes each owner once in
 * {@link #cycleEnded}.
 */
public interface DurabilityListener {
    /** Everything below these ends is on the disk. The ends of one partition never go back. */
    void durable(long partitionId, long endIndex, long endOffset);

    /** A sync of this partition failed; no {@link #durable} follows for it in this process. */
    void failed(long partitionId, Throwable cause);

    /** All that became durable together has been told. */
    void cycleEnded();
}
