package io.headwater.storage;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A run of whole DATA entries in one segment, lent: the reader closes it, on any thread, exactly once. Until then the
 * segment's file stays open and its bytes stay as they are, even if retention removes the segment meanwhile.
 */
public final class LogSlice implements AutoCloseable {
    LogSlice() {}

    /** 0: nothing there, or (with a time range) nothing that matches up to {@link #nextOffset}. */
    public int sizeInBytes() {
        throw new UnsupportedOperationException();
    }

    /** Where to read on: everything before it, from the asked-for offset, is in this slice or does not match. */
    public long nextOffset() {
        throw new UnsupportedOperationException();
    }

    public int recordCount() {
        throw new UnsupportedOperationException();
    }

    /**
     * Copies all bytes to {@code dst}, which is borrowed. Owner thread only.
     *
     * @throws CorruptLogException if the bytes cannot be read any more
     */
    public void copyTo(ByteBuffer dst) throws CorruptLogException {
        throw new UnsupportedOperationException();
    }

    /** For {@code transferTo}; {@code null} on a simulated disk: use {@link #copyTo}. Never close it. */
    public @Nullable FileChannel channel() {
        throw new UnsupportedOperationException();
    }

    /** Of the first byte in {@link #channel}. */
    public long position() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
