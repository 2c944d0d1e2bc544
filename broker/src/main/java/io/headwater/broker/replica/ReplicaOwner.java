package io.headwater.broker.replica;

/** The port to who serves the partition from this replica. Told within calls to the replica; must not call back. */
public interface ReplicaOwner {
    /** This replica leads from now on; it may append where {@link Replica#acceptsAppends} says so. */
    void leads(int epoch);

    /** What it has appended and not seen committed may or may not survive. */
    void stopsLeading(int epoch);

    /** All before this index is final, here and everywhere. */
    void committed(long endIndex);

    /**
     * The log has to be filled from others, with what is committed; then {@link Replica#onCopied}. Until then nothing else
     * changes it, unless this replica is told that it leads.
     *
     * @param fromIndex where the log begins anew; or where it ends, and may go on with segments from others
     * @param untilIndex where the leader's log ends now: what comes later is better taken as it comes, or this had no end
     */
    void mustCopy(long fromIndex, long untilIndex, boolean goesOn);

    /**
     * This copy holds what was given up by hand when another one was chosen to lead, and nothing that is needed. It does
     * nothing any more; another one begins in its place, with an empty log.
     */
    void mustBeginAnew();

    /**
     * What this replica may have lacked ({@link ReplicaStart#lack}) it has again, or it is given up. When this returns, that
     * is durable: it has a say from then on.
     */
    void wholeAgain();

    /**
     * This replica is about to acknowledge, or to count, what it has written and not synced. Asked each time.
     *
     * @return true: it is durable that it may, so that after its machine was down it is opened as one that lacks its tail
     *     ({@link Lack#TAIL}); false: it must not
     */
    boolean mayCountWritten();

    /** This replica does nothing any more. A person has to look at it. */
    void halted(String reason);
}
