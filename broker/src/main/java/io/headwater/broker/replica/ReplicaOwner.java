package io.headwater.broker.replica;

/** The port to who serves the partition from this replica. Told within calls to the replica; must not call back. */
public interface ReplicaOwner {
    /** This replica leads from now on; it may append where {@link Replica#acceptsAppends} says so. */
    void leads(int epoch);

    /** What it has appended and not seen committed may or may not survive. */
    void stopsLeading(int epoch);

    /** All before this index is final, here and everywhere. */
    void committed(long endIndex);

    /** Segments up to at least this index have to be copied from others; then {@link Replica#onCopied}. */
    void mustCopy(long leaderStartIndex);

    /**
     * This copy holds what was given up by hand when another one was chosen to lead, and nothing that is needed. It does
     * nothing any more; another one begins in its place, with an empty log.
     */
    void mustBeginAnew();

    /**
     * This replica was {@link ReplicaStart#suspect}, and has again all that it may ever have acknowledged. When this
     * returns, that is durable: it has a say from then on.
     */
    void wholeAgain();

    /** This replica does nothing any more. A person has to look at it. */
    void halted(String reason);
}
