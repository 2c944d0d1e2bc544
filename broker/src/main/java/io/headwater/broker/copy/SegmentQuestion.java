package io.headwater.broker.copy;

/**
 * Asks another copy for some bytes of a sealed segment.
 *
 * @param baseIndex of the segment's first entry
 * @param checksum of the one that was begun; another one is given from its first byte on
 * @param position of the first byte, in the file; 0: none of it is here
 */
public record SegmentQuestion(long partitionId, long baseIndex, long checksum, long position, int maxBytes) {
    static final int MOST_BYTES = 1 << 20;

    public SegmentQuestion {
        if (baseIndex < 0 || position < 0 || maxBytes <= 0 || maxBytes > MOST_BYTES) {
            throw new IllegalArgumentException("segment " + baseIndex + ", " + maxBytes + " bytes from " + position
                    + " (expected: none negative, 1 to " + MOST_BYTES + " bytes)");
        }
    }
}
