package io.headwater.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A small append-only file of checksummed records, for state that must survive and is not worth a log: marks, and the
 * metadata of a single node. Not thread-safe.
 */
public final class Journal implements Closeable {
    /** Opens or, if there is no such file, creates. {@code replay} sees every record, oldest first. */
    public static Journal open(Disk disk, Path file, int tag, Consumer<byte[]> replay) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Adds a record to what the next {@link #write} or {@link #sync} hands to the file. Borrows the array. */
    public void append(byte[] payload) {
        throw new UnsupportedOperationException("landing");
    }

    /** Hands what was appended to the file, without waiting for the disk. */
    public void write() throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Returns when everything appended is on the disk. After a failure only {@link #rewrite} and close may follow. */
    public void sync() throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Bytes of records, buffered ones included. */
    public long size() {
        throw new UnsupportedOperationException("landing");
    }

    /** Replaces the whole content by these records, atomically and durably. */
    public void rewrite(Iterable<byte[]> snapshot) throws IOException {
        throw new UnsupportedOperationException("landing");
    }

    /** Syncs and closes. */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException("landing");
    }
}
