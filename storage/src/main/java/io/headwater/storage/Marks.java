package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The one file of a data directory that cannot be rebuilt: who this directory is, and per partition the promised epoch,
 * the durable mark and the commit mark. Thread-safe.
 *
 * <p>Methods that say "synced" return when the disk has it. The others change memory only; the sync thread carries
 * those changes to the disk together with its next group commit ({@link GroupCommit}).
 */
public final class Marks implements Closeable {
    public static boolean exists(Disk disk, Path directory) {
        throw new UnsupportedOperationException("landing");
    }

    /** Formats a directory: writes a new file, synced. */
    public static Marks create(Disk disk, Path directory, UUID directoryId) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Opens the file of a formatted directory; missing or damaged is {@link DamagedMarksException}. */
    public static Marks open(Disk disk, Path directory) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    public UUID directoryId() {
        throw new UnsupportedOperationException("landing");
    }

    /** Empty until {@link #joinCluster}. */
    public String clusterId() {
        throw new UnsupportedOperationException("landing");
    }

    /** Binds the directory to a cluster, synced; a directory of another cluster is refused. */
    public void joinCluster(String clusterId) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    public boolean contains(long partitionId) {
        throw new UnsupportedOperationException("landing");
    }

    /** Fills in what is known; false if the partition is not known. */
    public boolean load(long partitionId, Mark into) {
        throw new UnsupportedOperationException("landing");
    }

    public long[] partitionIds() {
        throw new UnsupportedOperationException("landing");
    }

    /**
     * Makes a partition known, synced; it must precede the creation of its directory, so that a directory without a
     * mark is always damage. The mark is at zero, not clean. Quiet if it is known already.
     */
    public void register(long partitionId) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Forgets a partition, synced; it must follow the removal of its directory. */
    public void remove(long partitionId) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Raises the promised epoch, synced. */
    public void promise(long partitionId, int epoch) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Raises the commit mark; carried with the next group commit. */
    public void committed(long partitionId, long commitIndex) {
        throw new UnsupportedOperationException("landing");
    }

    /** Takes back {@code clean}; the group commit does this by itself before it acknowledges. */
    public void dirty(long partitionId) {
        throw new UnsupportedOperationException("landing");
    }

    /** Moves the durable mark to a point that is synced; the group commit does this by itself. */
    public void durable(long partitionId, SyncPoint point) {
        throw new UnsupportedOperationException("landing");
    }

    /**
     * Sets the durable mark after recovery has cut the log: the only call that may move it back. Carried with the next
     * group commit or {@link #sync}.
     */
    public void reset(long partitionId, SyncPoint point) {
        throw new UnsupportedOperationException("landing");
    }

    /** The log is closed in order, all of it synced, and ends here; durable with the next {@link #sync} or close. */
    public void clean(long partitionId, SyncPoint end) {
        throw new UnsupportedOperationException("landing");
    }

    /** Writes all changes and returns when the disk has them. */
    public void sync() throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Syncs, and closes the file. */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException("landing");
    }
}
