package io.headwater.broker.partition;

import io.headwater.storage.DiskFullException;
import io.headwater.storage.LogOfflineException;

/**
 * How what a partition appends becomes committed: by its own disk, or by those of a quorum. On the partition's owner
 * thread.
 */
public interface Commitment {
    /** The epoch in which this broker leads the partition. */
    int epoch();

    /** Something is about to be appended: what begins the epoch stands before it. */
    void beforeAppend() throws DiskFullException, LogOfflineException;

    /** All entries below this index are committed. */
    long index();
}
