package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes the names in a directory durable, with one sync for all who wait for it at the same time: the directory of all
 * partitions gets a name from each. Any thread.
 */
final class DirectorySync {
    private final Disk disk;
    private final Path directory;
    /** Counts names that were made. */
    private final AtomicLong made = new AtomicLong();
    /** So many of them are durable. */
    private long durable;

    DirectorySync(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    /** A name was made. */
    void named() {
        made.incrementAndGet();
    }

    /** Returns when every name is durable that was made before this call. */
    void sync() throws IOException {
        long needed = made.get();
        synchronized (this) {
            if (durable < needed) {
                long covered = made.get();
                disk.syncDirectory(directory);
                durable = covered;
            }
        }
    }
}
