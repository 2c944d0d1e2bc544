package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The space of one segment file that is written with zeros, so that a later append finds its blocks in place. It is
 * extended on a background thread one step ahead, or by the owner when that is too late. Any thread.
 */
final class Preallocation {
    /** What is written and synced at once: an owner that comes too late waits for no more than one. */
    static final int CHUNK_BYTES = 1 << 20;

    private static final int PAGE = 4096;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(256 << 10).asReadOnlyBuffer();

    private final DiskFile file;
    private volatile long end;
    private volatile boolean closed;

    /** The file's bytes from its last entry to {@code end} are zeros. */
    Preallocation(DiskFile file, long end) {
        this.file = file;
        this.end = end;
    }

    long end() {
        return end;
    }

    /**
     * Writes zeros up to {@code target}, or as far as there is room.
     *
     * @throws DiskFullException if there is none up to {@code needed}
     */
    synchronized void extend(long needed, long target) throws IOException {
        long to = (target + PAGE - 1) / PAGE * PAGE;
        try {
            while (end < to && !closed) {
                end = zero(file, end, Math.min(to, end + ZEROS.capacity()));
            }
        } catch (DiskFullException e) {
            if (end < needed) {
                throw e;
            }
        }
    }

    /**
     * Extends to {@code target}, or as far as there is room, a chunk at a time. The zeros of a chunk are on the disk
     * before they count, so that the next group commit need not wait for them.
     */
    void extendSynced(long target) throws IOException {
        try {
            while (extendChunk(target)) {
                // The owner gets its turn in between.
            }
        } catch (DiskFullException e) {
            // What there was room for is of use; the owner hears of the full disk when it needs more than that.
        }
    }

    /** False: nothing is left to do. */
    private synchronized boolean extendChunk(long target) throws IOException {
        long to = Math.min((target + PAGE - 1) / PAGE * PAGE, end + CHUNK_BYTES);
        if (closed || end >= to) {
            return false;
        }
        long reached = zero(file, end, to);
        file.sync();
        end = reached;
        return true;
    }

    /** After this returns the file is not extended any more, so that it may be truncated. */
    void close() {
        closed = true;
        synchronized (this) {
            closed = true;
        }
    }

    /** Overwrites with zeros and returns {@code to}. */
    static long zero(DiskFile file, long from, long to) throws IOException {
        long at = from;
        while (at < to) {
            int n = (int) Math.min(ZEROS.capacity(), to - at);
            file.write(ZEROS.duplicate().limit(n), at);
            at += n;
        }
        return at;
    }
}
