package io.headwater.storage;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that read as zeros, ready to become segments, and the background thread's other work on files. A spare is made ahead
 * or is a retired segment that was written with zeros again: nothing that stood in it may come back to life. For the
 * same reason no spare outlives the process: a crash can leave one whose renaming was lost and whose bytes were not.
 *
 * <p>Any thread.
 */
final class SpareFiles {
    /** A spare, open; whoever takes it owns it. */
    record Spare(Path path, DiskFile file, long bytes) {}

    static final String DIRECTORY = "spares";
    private static final Logger LOG = LoggerFactory.getLogger(SpareFiles.class);
    private static final int MOST_SPARES = 2;
    private static final int ZEROED_AT_ONCE = 1 << 20;

    private final Disk disk;
    private final Path directory;
    private final long mostBytes;
    private final Executor background;
    private final ArrayDeque<Spare> ready = new ArrayDeque<>();
    private int coming;
    /** Retired segments that could be neither recycled nor deleted. */
    private final Set<Path> undeleted = new HashSet<>();
    /** For the names that go when what was retired is recycled or deleted. */
    private final DirectorySync names;

    private long nextName;
    private volatile boolean closed;

    SpareFiles(Disk disk, Path dataDirectory, long mostBytes, Executor background) {
        this.disk = disk;
        this.directory = dataDirectory.resolve(DIRECTORY);
        this.mostBytes = mostBytes;
        this.background = background;
        this.names = new DirectorySync(disk, directory);
    }

    /** Throws away what an earlier process left. */
    void open() throws IOException {
        disk.createDirectories(directory);
        names.named();
        for (String name : disk.list(directory)) {
            deleteTree(disk, directory.resolve(name));
        }
    }

    static void deleteTree(Disk disk, Path path) throws IOException {
        if (path.getFileName().toString().endsWith(".deleted")) {
            for (String name : disk.list(path)) {
                disk.delete(path.resolve(name));
            }
        }
        disk.delete(path);
    }

    void inBackground(Runnable work) {
        background.execute(work);
    }

    synchronized @Nullable Spare take() {
        return ready.poll();
    }

    /**
     * Asks for a spare of about this size, unless there is one.
     *
     * @param reserved it may be reserved only, and not written with zeros
     */
    void want(long bytes, boolean reserved) {
        synchronized (this) {
            if (closed || !ready.isEmpty() || coming > 0) {
                return;
            }
            coming++;
        }
        background.execute(() -> make(Math.min(bytes, mostBytes), reserved));
    }

    private void make(long bytes, boolean reserved) {
        Path path = newPath(".zeroing");
        try {
            if (closed) {
                return;
            }
            keep(path, disk.open(path, Disk.Mode.CREATE_NEW), bytes, reserved);
        } catch (IOException e) {
            LOG.info("spares: no spare segment could be made: {}", e.toString());
        } finally {
            synchronized (this) {
                coming--;
            }
        }
    }

    /**
     * Moves a retired segment out of its partition's directory, durably, and makes a spare of it, or just deletes it if
     * it is lent: whoever reads it keeps the bytes. On the background thread.
     */
    void retire(LogContext log, long baseIndex, boolean lent) {
        Path retired = newPath(".retired");
        try {
            disk.rename(log.logPath(baseIndex), retired);
            disk.syncDirectory(directory);
            disk.syncDirectory(log.directory());
            IndexFile.delete(log, baseIndex);
        } catch (IOException e) {
            LOG.warn("{}: segment {} is not removed; the next start finds it again", log, baseIndex, e);
            return;
        }
        recycle(retired, lent);
    }

    /** Moves a whole directory away so that it is gone at once; deletes what is in it. On any thread. */
    void retireDirectory(Path parent, Path path) throws IOException {
        Path deleted = newPath(".deleted");
        disk.rename(path, deleted);
        syncRetired(parent);
        background.execute(() -> {
            try {
                deleteTree(disk, deleted);
            } catch (IOException e) {
                LOG.warn("spares: {} could not be deleted; the next start tries again", deleted, e);
            }
        });
    }

    /** What was moved here out of {@code parent} stays here. On any thread. */
    void syncRetired(Path parent) throws IOException {
        disk.syncDirectory(directory);
        disk.syncDirectory(parent);
    }

    private void recycle(Path retired, boolean lent) {
        Path path = newPath(".zeroing");
        try {
            boolean enough;
            synchronized (this) {
                enough = closed || ready.size() + coming >= MOST_SPARES;
            }
            if (enough || lent) {
                disk.delete(retired);
                return;
            }
            disk.rename(retired, path);
            DiskFile file = disk.open(path, Disk.Mode.READ_WRITE);
            long size = Math.min(file.size(), mostBytes);
            file.truncate(size);
            keep(path, file, size, false);
        } catch (IOException e) {
            LOG.info("spares: {} could not be recycled: {}", retired, e.toString());
            synchronized (this) {
                undeleted.add(retired);
                undeleted.add(path);
            }
        } finally {
            names.named();
        }
    }

    /**
     * Makes sure that nothing stands in retired segments any more. On the background thread.
     *
     * @throws IOException if one can still not be deleted
     */
    void deleteRetired() throws IOException {
        List<Path> left;
        synchronized (this) {
            left = List.copyOf(undeleted);
        }
        for (Path path : left) {
            try {
                disk.delete(path);
                names.named();
            } catch (NoSuchFileException gone) {
                // That is what was wanted.
            }
            synchronized (this) {
                undeleted.remove(path);
            }
        }
        names.sync();
    }

    private void keep(Path path, DiskFile file, long to, boolean reserved) throws IOException {
        boolean kept = false;
        try {
            long from = reserved && disk.reserve(path, 0, to) ? to : 0;
            for (long at = from; at < to && !closed; ) {
                at = Preallocation.zero(file, at, Math.min(to, at + ZEROED_AT_ONCE));
                // Not all at the end: the disk would be busy with it for as long as it takes, and group commits wait.
                file.sync();
            }
            file.sync();
            disk.syncDirectory(directory);
            synchronized (this) {
                kept = !closed;
                if (kept) {
                    ready.add(new Spare(path, file, to));
                }
            }
        } finally {
            if (!kept) {
                file.close();
                disk.delete(path);
            }
        }
    }

    private synchronized Path newPath(String suffix) {
        return directory.resolve(nextName++ + suffix);
    }

    boolean stopped() {
        return closed;
    }

    /** From now on no spares are made. */
    void stop() {
        closed = true;
    }

    /** Deletes the spares; a clean directory holds none. */
    void close() {
        ArrayDeque<Spare> left;
        synchronized (this) {
            closed = true;
            left = new ArrayDeque<>(ready);
            ready.clear();
        }
        for (Spare spare : left) {
            try {
                spare.file().close();
                disk.delete(spare.path());
            } catch (IOException e) {
                LOG.info("spares: {} could not be deleted: {}", spare.path(), e.toString());
            }
        }
    }
}
