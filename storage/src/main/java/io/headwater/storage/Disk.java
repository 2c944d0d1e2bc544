package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The port to the file system: everything that storage does to files goes through it, so that tests can lose what was
 * not synced, tear writes, fill the disk and fail syncs. {@link FileSystemDisk} is the real one.
 *
 * <p>What a caller must not assume: that a created, renamed or deleted name survives a power cut before
 * {@link #syncDirectory} of its directory has returned, or that bytes survive one before {@link DiskFile#sync}. What it
 * may assume: of the changes of one directory, none survives without those before it.
 *
 * <p>Any thread may call.
 */
public interface Disk {
    /** How a file is opened. */
    enum Mode {
        /** For reading; the file must exist. */
        READ,
        /** For reading and writing; the file must exist. */
        READ_WRITE,
        /** For reading and writing; the file must not exist yet. */
        CREATE_NEW
    }

    /**
     * Opens a file.
     *
     * @throws java.nio.file.NoSuchFileException if it must exist and does not
     * @throws java.nio.file.FileAlreadyExistsException if it must not exist and does
     * @throws DiskFullException if it must be created and there is no room
     */
    DiskFile open(Path file, Mode mode) throws IOException;

    /** Deletes a file or an empty directory. {@link java.nio.file.NoSuchFileException} if there is none. */
    void delete(Path path) throws IOException;

    /** Renames within one file system, atomically; an existing target is replaced. */
    void rename(Path from, Path to) throws IOException;

    /** Makes the names in a directory durable: what was created, renamed or deleted in it before this call. */
    void syncDirectory(Path directory) throws IOException;

    /** Creates a directory and its missing parents; quiet if it is there. Durable after a sync of the parents. */
    void createDirectories(Path directory) throws IOException;

    /** The names (not paths) in a directory, sorted. */
    List<String> list(Path directory) throws IOException;

    boolean exists(Path path);

    /**
     * Takes the exclusive lock that a file stands for, creating the file if need be, until the result is closed or the
     * process ends.
     *
     * @throws DirectoryLockedException if this or another process holds it; names the holder
     */
    Closeable lock(Path file) throws IOException;

    /**
     * Gives a file the blocks for {@code [from, to)}, which reads as zeros, without writing any: cheaper than zeros, but
     * each sync of what is written there later has metadata to write too. Durable with the next sync of the file.
     *
     * @return false: the file system or the platform cannot
     * @throws DiskFullException if there is no room
     */
    default boolean reserve(Path file, long from, long to) throws IOException {
        return false;
    }

    /** How many syncs of different files it is worth having under way at once. */
    default int parallelSyncs() {
        return 1;
    }

    /**
     * Names the time since the machine's memory was last lost: what was written and not synced is there as long as this stays
     * the same. Empty: nobody knows.
     */
    default String bootId() throws IOException {
        return "";
    }

    /** Bytes that this process may still write below the directory. */
    long usableBytes(Path directory) throws IOException;
}
