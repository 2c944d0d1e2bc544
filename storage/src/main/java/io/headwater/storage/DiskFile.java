package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * An open file, addressed by position.
 *
 * <p>Reading and {@link #sync} may happen on any thread, also while another thread writes. Writing belongs to one
 * thread at a time: the gathering {@link #write(ByteBuffer[], int, long)} uses the file's one current position.
 * Buffers are borrowed: they are not touched after a method has returned. Their positions move by what was
 * transferred.
 */
public interface DiskFile extends Closeable {
    long size() throws IOException;

    /** Reads up to {@code dst.remaining()} bytes; returns how many, -1 at or behind the end of the file. */
    int read(ByteBuffer dst, long position) throws IOException;

    /** Fills {@code dst}. {@link java.io.EOFException} if the file ends before that. */
    void readFully(ByteBuffer dst, long position) throws IOException;

    /**
     * Writes all of {@code src}.
     *
     * @throws DiskFullException if there is no room; a prefix may have been written
     */
    void write(ByteBuffer src, long position) throws IOException;

    /**
     * Writes the first {@code count} buffers one behind the other, with as few system calls as the platform allows.
     *
     * @throws DiskFullException if there is no room; a prefix may have been written
     */
    void write(ByteBuffer[] srcs, int count, long position) throws IOException;

    /**
     * Returns when everything written before this call is on the disk, whether through this object or through a
     * mapping of the same file (fdatasync; the size too if it is needed to read the bytes). After a failure nothing may
     * be believed about what is on the disk, and a later success proves nothing.
     */
    void sync() throws IOException;

    void truncate(long size) throws IOException;

    /** For {@code transferTo} and for mapping. {@code null} where no real file stands behind (a simulated disk). */
    @Nullable
    FileChannel channel();

    @Override
    void close() throws IOException;
}
