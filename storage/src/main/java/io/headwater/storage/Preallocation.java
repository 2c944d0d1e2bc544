package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The space of one segment file behind its last entry, so that a later append finds its blocks in place: written with
 * zeros, which makes the appends' syncs cheapest, or only reserved, where an append is so fast that writing everything
 * twice costs more. It is extended on a background thread one step ahead, or by the owner when that is too late. Any
 * thread.
 */
final class Preallocation {
    private static final int PAGE = 4096;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(256 << 10).asReadOnlyBuffer();

    /** What an owner writes itself when the background is late. */
    static final int CHUNK_BYTES = 1 << 20;

    /** Zeros that the background writes between two syncs: few, since a group commit may have to wait for them. */
    private static final int MIN_PIECE_BYTES = 256 << 10;

    private static final int MAX_PIECE_BYTES = 2 << 20;
    private static final int PIECES_OF_A_STEP = 64;

    /** Syncs the file on behalf of the log it belongs to. */
    @FunctionalInterface
    interface Sync {
        void run() throws IOException;
    }

    private final DiskFile file;
    private volatile long end;
    private volatile boolean closed;

    /** Reserves blocks as {@link Disk#reserve} does. */
    @FunctionalInterface
    interface Reserve {
        boolean upTo(long from, long to) throws IOException;
    }

    /** The file's bytes from its last entry to {@code end} read as zeros. */
    Preallocation(DiskFile file, long end) {
        this.file = file;
        this.end = end;
    }

    /**
     * Zeros that are written and synced at once: few where the log grows slowly and latency counts, more where it grows fast.
     *
     * @param stepBytes how far ahead the log has itself preallocated, which follows its pace
     */
    static long pieceOf(long stepBytes) {
        return Math.max(MIN_PIECE_BYTES, Math.min(MAX_PIECE_BYTES, stepBytes / PIECES_OF_A_STEP));
    }

    long end() {
        return end;
    }

    /**
     * Writes zeros up to {@code target}, or as far as there is room. Not synced: the sync of what is written there later
     * covers the zeros too.
     *
     * @throws DiskFullException if there is no room up to {@code needed}
     */
    void extend(long needed, long target) throws IOException {
        try {
            while (end < target && !closed) {
                extendChunk(target);
            }
        } catch (DiskFullException e) {
            if (end < needed) {
                throw e;
            }
        }
    }

    /**
     * Writes zeros up to {@code target} and syncs them as it goes, so that no group commit has to wait for more than a few of
     * them. What there is no room for is left out: the owner hears of a full disk when it needs more than there is.
     *
     * @param piece how many bytes between two syncs
     * @param sync syncs the file; that it failed is said once, and may concern entries in the same file
     * @throws IOException what a write or {@code sync} threw
     */
    void extendAhead(long target, long piece, Sync sync) throws IOException {
        boolean full = false;
        while (end < target && !closed && !full) {
            long pause = Math.min(target, end + piece);
            try {
                while (end < pause && !closed) {
                    extendChunk(pause);
                }
            } catch (DiskFullException e) {
                full = true;
            }
            sync.run();
        }
    }

    /**
     * Extends up to {@code target} without writing.
     *
     * @return false: it has to be written with zeros
     */
    synchronized boolean reserveAhead(long target, Reserve reserve) throws IOException {
        if (end < target && !closed) {
            try {
                if (!reserve.upTo(end, target)) {
                    return false;
                }
            } catch (DiskFullException e) {
                // Perhaps there is room for a part.
                return false;
            }
            end = target;
        }
        return true;
    }

    private synchronized void extendChunk(long target) throws IOException {
        if (end < target && !closed) {
            long to = Math.min((target + PAGE - 1) / PAGE * PAGE, end + ZEROS.capacity());
            end = zero(file, end, to);
        }
    }

    /** After this returns the file is not extended any more, so that it may be truncated. */
    synchronized void close() {
        closed = true;
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
