package io.headwater.storage;

import java.io.IOException;

/**
 * Derived state that is looked up by key: one store per broker, one ordered key space per {@link View}. Each write
 * stamps the view with the entry index of a partition that it reflects; a rebuild goes from the stamp on. Losing the
 * whole store loses nothing: stamps are then -1 and callers rebuild from the logs.
 *
 * <p>Thread-safe. The first call may take long (a native library is loaded); it never belongs on a partition owner's
 * thread.
 */
public interface ViewStore extends AutoCloseable {
    /** Entry index of the partition that the view reflects (all entries below it); -1 if it reflects nothing yet. */
    long stamp(View view, long partitionId) throws IOException;

    /** The value of a key, or an empty array if there is none; values are never empty. */
    byte[] get(View view, byte[] key) throws IOException;

    /** Applies all of a batch or nothing of it. Not synced: what a crash loses is rebuilt from the stamps. */
    void apply(ViewBatch batch) throws IOException;

    /** Visits the keys that start with a prefix, in order, until the visitor has enough. */
    void scan(View view, byte[] prefix, Visitor visitor) throws IOException;

    /** Writes what is buffered to its files. */
    void flush() throws IOException;

    @Override
    void close() throws IOException;

    /** Sees one key after the other. */
    interface Visitor {
        /** Returns whether to go on. The arrays are the visitor's to keep. */
        boolean visit(byte[] key, byte[] value);
    }
}
