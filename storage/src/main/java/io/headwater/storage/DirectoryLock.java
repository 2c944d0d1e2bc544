package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** One worker per data directory: the file {@code lock} in it is locked for as long as this object is open. */
public final class DirectoryLock implements Closeable {
    static final String FILE_NAME = "lock";

    private final Path directory;
    private final Closeable held;

    private DirectoryLock(Path directory, Closeable held) {
        this.directory = directory;
        this.held = held;
    }

    /**
     * Locks a directory, which must exist.
     *
     * @throws DirectoryLockedException if another process, or another part of this one, holds it; the message names the
     *     directory and the process
     */
    public static DirectoryLock acquire(Disk disk, Path directory) throws IOException {
        return new DirectoryLock(directory, disk.lock(directory.resolve(FILE_NAME)));
    }

    public Path directory() {
        return directory;
    }

    @Override
    public void close() throws IOException {
        held.close();
    }
}
