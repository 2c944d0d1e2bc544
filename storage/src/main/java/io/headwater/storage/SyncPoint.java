package io.headwater.storage;

/**
 * How far a log reaches, as values that belong together. Mutable and reused: the sync thread owns one per log and lets
 * the log fill it in.
 */
public final class SyncPoint {
    /** Index behind the last entry. */
    public long endIndex;
    /** Offset behind the last record. */
    public long endOffset;
    /** Names the segment that {@link #position} is in. */
    public long segmentBaseIndex;
    /** Byte behind the last entry in that segment. */
    public long position;

    public SyncPoint set(long endIndex, long endOffset, long segmentBaseIndex, long position) {
        this.endIndex = endIndex;
        this.endOffset = endOffset;
        this.segmentBaseIndex = segmentBaseIndex;
        this.position = position;
        return this;
    }

    public SyncPoint set(SyncPoint other) {
        return set(other.endIndex, other.endOffset, other.segmentBaseIndex, other.position);
    }

    /** Whether the other reaches further, or as far but in a later segment, which has no entry yet. */
    boolean isBefore(SyncPoint other) {
        return endIndex < other.endIndex || (endIndex == other.endIndex && segmentBaseIndex < other.segmentBaseIndex);
    }

    @Override
    public String toString() {
        return "index " + endIndex + ", offset " + endOffset + ", segment " + segmentBaseIndex + " at " + position;
    }
}
