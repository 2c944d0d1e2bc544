package io.headwater.storage;

/**
 * A run of whole entries of one segment, control entries included, exactly as they stand on the disk: what a leader sends
 * its followers. Lent as a {@link LogSlice} is, and closed like one.
 *
 * @param baseIndex of the first entry; it lies before the index that was asked for only where that is inside a
 *     {@link io.headwater.record.Hole}
 * @param nextIndex where to read on
 */
public record EntryRun(LogSlice bytes, long baseIndex, long nextIndex) implements AutoCloseable {
    @Override
    public void close() {
        bytes.close();
    }
}
