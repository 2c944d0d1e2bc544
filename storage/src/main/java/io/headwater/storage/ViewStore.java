package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Derived state that is looked up by key: one store per broker, one ordered key space per {@link View}. Each write
 * stamps the view with the entry index of a partition that it reflects; a rebuild goes on from the stamp. Losing the
 * whole store loses nothing: stamps are then -1 and callers rebuild from the logs.
 *
 * <p>Thread-safe. The first call may take long (a native library is loaded, see {@link #warmUp}), and any call may wait
 * for the disk: none belongs on a partition owner's thread.
 */
public interface ViewStore extends AutoCloseable {
    /** The store in a directory, which is created at first use. This call touches nothing. */
    static ViewStore in(Path directory) {
        return new RocksDbViews(directory);
    }

    /**
     * Opens the store now, for a background thread to call early. A store that is damaged is set aside and an empty one
     * takes its place.
     */
    void warmUp() throws IOException;

    /**
     * Entry index of the partition that the view reflects (all entries below it); -1 if it reflects nothing.
     *
     * @throws ViewsLostException if the store turned out to be damaged; it is empty now. So does every method below
     */
    long stamp(View view, long partitionId) throws IOException;

    /** The value of a key, or an empty array if there is none; values are never empty. */
    byte[] get(View view, byte[] key) throws IOException;

    /**
     * Applies all of a batch or nothing of it. Not synced: what a crash loses is missing from the stamps too.
     *
     * @throws DiskFullException if there is no room for it
     */
    void apply(ViewBatch batch) throws IOException;

    /** Visits the keys that start with a prefix, in order, until the visitor has enough. */
    void scan(View view, byte[] prefix, Visitor visitor) throws IOException;

    /** Closes the store; what was applied is there when it is opened again. Quiet if it was never used. */
    @Override
    void close() throws IOException;

    /** Sees one key after the other. */
    interface Visitor {
        /** Returns whether to go on. The arrays are the visitor's to keep. */
        boolean visit(byte[] key, byte[] value);
    }
}
