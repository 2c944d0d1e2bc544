package io.headwater.storage;

/** The asked-for offset lies before the first retained record or behind the end. Carries what would be valid. */
public final class OffsetOutOfRangeException extends StorageException {
    private final long offset;
    private final long startOffset;
    private final long endOffset;

    public OffsetOutOfRangeException(long offset, long startOffset, long endOffset) {
        super("offset: " + offset + " (expected: from " + startOffset + " to " + endOffset + ")");
        this.offset = offset;
        this.startOffset = startOffset;
        this.endOffset = endOffset;
    }

    public long offset() {
        return offset;
    }

    public long startOffset() {
        return startOffset;
    }

    /** Itself valid: a read there finds nothing yet. */
    public long endOffset() {
        return endOffset;
    }
}
