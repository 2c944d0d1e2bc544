package io.headwater.storage;

import java.nio.file.Path;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;

/**
 * A broker's directory of logs: the lock, the marks, the sync thread, the views, and each partition's log on demand.
 * Opening it touches no partition.
 */
public final class DataDirectory implements AutoCloseable {
    DataDirectory() {}

    /**
     * Opens or creates a data directory and takes its lock.
     *
     * @throws DirectoryLockedException if another process has it; names the directory and the holder
     * @throws DamagedMarksException if the marks are missing beside logs, damaged, or older than they are
     */
    public static DataDirectory open(
            Path directory,
            StorageConfig config,
            Disk disk,
            EpochClock epochClock,
            NanoClock nanoClock,
            DurabilityListener listener)
            throws StorageException {
        throw new UnsupportedOperationException();
    }

    /**
     * The partition's log, opened (and recovered, unless it was closed cleanly) by its first user, or a new one, which
     * has no file until its first append. On the partition's owner thread; different partitions in parallel.
     *
     * @throws CorruptLogException if something is missing or damaged below the durable mark
     */
    public PartitionLog log(long partitionId) throws StorageException {
        throw new UnsupportedOperationException();
    }

    /** Whether the partition has anything on the disk. Any thread. */
    public boolean exists(long partitionId) {
        throw new UnsupportedOperationException();
    }

    /** Removes the partition with all its files. On its owner thread; its log must not be used afterwards. */
    public void delete(long partitionId) throws StorageException {
        throw new UnsupportedOperationException();
    }

    public Marks marks() {
        throw new UnsupportedOperationException();
    }

    public ViewStore views() {
        throw new UnsupportedOperationException();
    }

    public GroupCommit groupCommit() {
        throw new UnsupportedOperationException();
    }

    public long usableBytes() throws StorageException {
        throw new UnsupportedOperationException();
    }

    /** Flushes and syncs every log, marks them clean and lets go of the lock. No owner may use a log any more. */
    @Override
    public void close() throws StorageException {
        throw new UnsupportedOperationException();
    }
}
