package io.headwater.storage;

/**
 * What {@code marks} remembers of one partition. Mutable and reused: {@link Marks#load} fills it in.
 *
 * <p>{@link #clean} says that the log was closed in order and that nothing was acknowledged behind {@link #durable}
 * since: a bad byte below is corruption. It does not say that nothing was written behind it (a crash may come between
 * the first append and its group commit): a log that is opened clean must still make sure that zeros follow before it
 * appends. Without {@code clean} the mark lags behind what was acknowledged, and the tail behind it is read entry by
 * entry.
 */
public final class Mark {
    static final long UNKNOWN = -1;

    public long partitionId;
    /** The highest leader epoch that this copy has promised to; -1 before the first. */
    public int promisedEpoch = -1;
    /** Everything below is on the disk. */
    public final SyncPoint durable = new SyncPoint();
    /** Everything below this entry index is known to be committed. In the file it is never beyond {@link #durable}. */
    public long commitIndex;

    /**
     * The base index of the log's first segment, or of one before which retention has removed all: a log that begins later has lost
     * something. {@link #UNKNOWN} where a version wrote the mark that did not keep it.
     */
    public long startIndex;

    public boolean clean;

    /** The bits of {@link ReplicaFlag}s. */
    int flags;
    /**
     * Of a copy that is {@link ReplicaFlag#SUSPECT}: behind the last entry that it had when it was found damaged; 0: not known, as
     * it may have acknowledged more than is known.
     */
    public long hadEndIndex;
    /** The epoch of that entry. */
    public int hadEpoch;

    /** In this run: what was written and is not on the disk may be lost, though the machine was up. Not in the journal. */
    boolean syncFailed;
    /** Changed since it was last handed to the journal. */
    boolean pending;
    /** Pending with a change that an acknowledgement waits for. */
    boolean urgent;

    public boolean has(ReplicaFlag flag) {
        return (flags & flag.bit()) != 0;
    }

    /** Whether nothing was ever acknowledged in the log: its partition is only expected to be written to. */
    public boolean unused() {
        return clean && durable.endIndex == 0;
    }

    Mark set(Mark other) {
        partitionId = other.partitionId;
        promisedEpoch = other.promisedEpoch;
        durable.set(other.durable);
        commitIndex = other.commitIndex;
        startIndex = other.startIndex;
        clean = other.clean;
        flags = other.flags;
        hadEndIndex = other.hadEndIndex;
        hadEpoch = other.hadEpoch;
        return this;
    }
}
