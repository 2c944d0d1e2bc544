package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small append-only file of checksummed records, for state that must survive and is not worth a log: marks, and the
 * metadata of a single node. Its bytes are drawn in {@link JournalLayout}. Not thread-safe.
 *
 * <p>The file is preallocated with zeros, so that the sync of a few bytes need not change the file's size (which would
 * double its cost), and so that a full disk is met before a record is half written.
 */
public final class Journal implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    private static final int MIN_STEP = 64 * 1024;
    private static final int MAX_STEP = 1024 * 1024;
    /** State that is larger than this belongs into a log. */
    static final int MAX_PAYLOAD = 64 * 1024 * 1024;

    private static final byte[] NONE = new byte[0];

    private final Disk disk;
    private final Path path;
    private final int tag;
    private long generation;
    private DiskFile file;
    private JournalBuffer buffer;
    /** How far the file consists of records and of zeros that were written. */
    private long allocated;
    /** Everything before this position is on the disk. */
    private long syncedEnd;

    private boolean usable = true;

    private Journal(Disk disk, Path path, int tag, long generation, JournalReplacement content) {
        this.disk = disk;
        this.path = path;
        this.tag = tag;
        this.generation = generation;
        this.file = content.file();
        this.buffer = content.buffer();
        this.allocated = content.allocated();
        this.syncedEnd = buffer.start();
    }

    /**
     * Opens or, if there is no such file, creates. {@code replay} sees the payload of every record, oldest first, and
     * may keep the arrays. What a crash has left of an unsynced write is cut off.
     *
     * @throws CorruptJournalException if bytes that were on the disk have changed; what {@code replay} saw is then void
     */
    public static Journal open(Disk disk, Path path, int tag, Consumer<byte[]> replay) throws IOException {
        return disk.exists(path) ? openExisting(disk, path, tag, replay) : create(disk, path, tag, List.of());
    }

    /** Creates a journal with these records, durably. */
    static Journal create(Disk disk, Path path, int tag, Iterable<byte[]> records) throws IOException {
        JournalReplacement made = JournalReplacement.write(disk, path, tag, 1, records);
        disk.syncDirectory(directory(path));
        return new Journal(disk, path, tag, 1, made);
    }

    static Journal openExisting(Disk disk, Path path, int tag, Consumer<byte[]> replay) throws IOException {
        DiskFile file = disk.open(path, Disk.Mode.READ_WRITE);
        try {
            JournalScan scan = new JournalScan(file, path);
            scan.run(tag, replay);
            if (scan.torn()) {
                LOG.warn("journal {}: cut at byte {}: a crash left part of an unsynced write there", path, scan.end());
                JournalReplacement.zero(file, scan.end(), scan.size());
            }
            // What was read may so far be in the page cache only; from here on it is claimed to be on the disk.
            file.sync();
            JournalBuffer buffer = new JournalBuffer(scan.generation(), scan.end());
            JournalReplacement content = new JournalReplacement(file, buffer, scan.size());
            return new Journal(disk, path, tag, scan.generation(), content);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Path directory(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException("path: " + path + " (expected: a file in a directory)");
        }
        return parent;
    }

    /** Adds a record to what the next {@link #write} or {@link #sync} hands to the file. Borrows the array. */
    public void append(byte[] payload) {
        requireUsable();
        if (payload.length < 1 || payload.length > MAX_PAYLOAD) {
            throw new IllegalArgumentException(
                    "payload: " + payload.length + " bytes (expected: 1 to " + MAX_PAYLOAD + ")");
        }
        buffer.add(payload, payload.length, syncedEnd);
    }

    /**
     * Makes sure that the file has room for so many bytes of records (with their heads), beyond what is buffered.
     *
     * @throws DiskFullException if it has not; nothing has changed
     */
    void reserve(long bytes) throws IOException {
        requireUsable();
        long needed = buffer.end() + bytes;
        if (needed > allocated) {
            long step = Math.max(MIN_STEP, Math.min(allocated, MAX_STEP));
            long target = JournalReplacement.roundedUp(Math.max(needed, allocated + step));
            usable = false;
            try {
                JournalReplacement.zero(file, allocated, target);
            } catch (DiskFullException e) {
                usable = true;
                throw e;
            }
            usable = true;
            allocated = target;
        }
    }

    /**
     * Hands what was appended to the file, without waiting for the disk.
     *
     * @throws DiskFullException if there is no room: what was appended since the last write is dropped, the file is as
     *     before, and the journal stays usable. After any other exception only {@link #rewrite} and close may follow
     */
    public void write() throws IOException {
        requireUsable();
        if (buffer.pending() == 0) {
            return;
        }
        try {
            reserve(0);
        } catch (DiskFullException e) {
            buffer.drop();
            throw e;
        }
        usable = false;
        try {
            buffer.writeTo(file);
        } catch (DiskFullException e) {
            // A file system that copies on write may do this in spite of the preallocation. Part of it may be written.
            throw new IOException(e.getMessage(), e);
        }
        usable = true;
    }

    /** Returns when everything appended is on the disk. Fails as {@link #write} does; a failed sync is final. */
    public void sync() throws IOException {
        write();
        if (syncedEnd < buffer.start()) {
            usable = false;
            try {
                file.sync();
            } catch (DiskFullException e) {
                // Allocation put off until now. Unlike a full disk before a write, this says nothing about the bytes.
                throw new IOException(e.getMessage(), e);
            }
            usable = true;
            syncedEnd = buffer.start();
        }
    }

    /** Bytes of the file that hold something, buffered records included. */
    public long size() {
        return buffer.end();
    }

    /**
     * Replaces the whole content, buffered records included, by these records, atomically and durably. They go to a new
     * file, so this is also the way on after a failed write or sync.
     *
     * @throws DiskFullException if there is no room; the journal is as before
     */
    public void rewrite(Iterable<byte[]> snapshot) throws IOException {
        JournalReplacement made = JournalReplacement.write(disk, path, tag, generation + 1, snapshot);
        // Which of the two files a crash would leave is open until the directory is synced: neither may be appended to.
        usable = false;
        DiskFile old = file;
        file = made.file();
        generation++;
        buffer = made.buffer();
        allocated = made.allocated();
        syncedEnd = buffer.start();
        old.close();
        disk.syncDirectory(directory(path));
        usable = true;
    }

    /**
     * Syncs and closes. A last record states that everything before it was synced, so that damage to what a clean stop
     * has left is told from a torn write.
     */
    @Override
    public void close() throws IOException {
        try {
            if (usable) {
                sync();
                buffer.add(NONE, 0, syncedEnd);
                syncLast();
            }
        } finally {
            usable = false;
            file.close();
        }
    }

    private void syncLast() throws IOException {
        try {
            sync();
        } catch (DiskFullException e) {
            LOG.warn("journal {}: no room for the record that protects its end: {}", path, e.getMessage());
        }
    }

    private void requireUsable() {
        if (!usable) {
            throw new IllegalStateException("journal " + path + ": used after a failed write or sync, or after close");
        }
    }
}
