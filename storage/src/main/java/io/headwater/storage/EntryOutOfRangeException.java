package io.headwater.storage;

/** The asked-for entry lies before the first retained one or behind the end. Carries what would be valid. */
public final class EntryOutOfRangeException extends StorageException {
    private final long startIndex;
    private final long endIndex;

    public EntryOutOfRangeException(long index, long startIndex, long endIndex) {
        super("entry index: " + index + " (expected: from " + startIndex + " to " + endIndex + ")");
        this.startIndex = startIndex;
        this.endIndex = endIndex;
    }

    public long startIndex() {
        return startIndex;
    }

    /** Itself valid: a read there finds nothing yet. */
    public long endIndex() {
        return endIndex;
    }
}
