package io.headwater.broker.replica;

/**
 * The port to the log of a replica. What is appended becomes durable without being asked for, and the replica is told
 * ({@link Replica#onDurable}); a log that cannot do that any more must halt the replica. What is there when a replica is
 * opened is durable.
 */
public interface ReplicaLog {
    long startIndex();

    /** Behind the last entry, durable or not. */
    long endIndex();

    /** Behind the last entry that is on disk. */
    long durableIndex();

    /** Behind the last entry that survives the end of this process, on disk or not. */
    long writtenIndex();

    EpochTable epochs();

    /** As leader. Returns the entry's index. */
    long appendEpochStart(int epoch);

    /** As leader. Returns the entry's index. */
    long appendConfigurationMark(int epoch, int configurationVersion);

    /** As leader, behind the start of the epoch: what others had here and behind was given up by hand. */
    void appendLossMarker(int epoch);

    /** As follower: appends those entries that start at the end of this log; the ones before it are there already. */
    void append(Entries received);

    /** Entries from an index on, at least one if there is any, as many as fit into the bytes otherwise. */
    Entries read(long fromIndex, int maxBytes);

    /** Looks at these again, which others do not take: what was read before may have rotted since. As leader. */
    void recheck(long fromIndex, long endIndex);

    /** As leader: whether a whole segment begins at this index, all of it committed, that others may copy as it stands. */
    boolean offersSegment(long fromIndex);

    /** As follower: whether it ends where a segment does, and would rather copy the next ones than be sent them. */
    boolean takesSegments();

    /** Gives up all entries from this index on. When it returns, they do not come back after a crash. */
    void truncateTo(long endIndex);
}
