package io.headwater.broker.queue;

/**
 * The operations on a group's records, each on a run of offsets. An operation says what is, not what changes: attempts
 * and failures are absolute, and what is done stays done until it is replayed. So the operations of an entry lead to the same state from the
 * state before them and from one that holds some of them already, and a snapshot may be taken between any two.
 */
interface QueueChange {
    /** Records that are more than a line in the log: with a priority, or not to be delivered before a wall time (0: now). */
    void published(long offset, long count, int priority, long dueMs);

    /** Delivered for the {@code attempt}-th time. */
    void granted(long offset, long count, int attempt, long session, int leaseMs);

    /** The lease runs anew for that time. */
    void extended(long offset, long count, int leaseMs);

    void acked(long offset, long count);

    /** The attempt is over: the record may be delivered again, not before a wall time (0: now). */
    void returned(long offset, long count, Ending ending, long dueMs);

    /** At that wall time. */
    void died(long offset, long count, Ending ending, Burial burial, long atMs);

    /**
     * The records of this batch are moving, and it is the one under way; one without records: none is. Those of the one
     * before it are what they were.
     */
    void sent(Shipment shipment);

    /** The batch of that number is in the other topic, durably: its records are done. */
    void arrived(long number);

    /** What was moving is dead in place. */
    void kept(long offset, long count, Kept why);

    /** From the dead: ready, without failures. The count of deliveries goes on. */
    void redriven(long offset, long count);

    /**
     * What was done is to be delivered again, not before a wall time (0: now), without failures. The count of deliveries
     * goes on from {@code attempt}, which no lease of the record was ever above.
     */
    void replayed(long offset, long count, int attempt, int priority, long dueMs);

    /** Done without an acknowledgement: purged or cancelled. */
    void removed(long offset, long count);

    /** An operator's request was answered: what it led to stands before. */
    void answered(Answered answer);

    /** What was said about records from this offset on is void: they never came into the log. */
    void retracted(long from);

    /** What producers asked for the records that were there before the group is told. */
    void surveyed();

    void paused();

    void resumed();
}
