package io.headwater.storage;

/**
 * What a sealed segment is, said by a copy that has it to one that is to have it. A segment that was rewritten since has
 * the same entries' places, and another checksum.
 *
 * @param baseIndex of its first entry
 * @param endIndex behind its last entry
 * @param bytes of the file, from its header to its footer
 * @param checksum over its entries, as its footer has it
 * @param epochBefore of the entry before its first; -1: there was none
 * @param lastEpoch of its last entry
 */
public record SegmentManifest(
        long baseIndex, long endIndex, long bytes, long checksum, int epochBefore, int lastEpoch) {
    static final long LEAST_BYTES = SegmentHeader.SIZE + SegmentSummary.SIZE;

    public SegmentManifest {
        if (baseIndex < 0 || endIndex <= baseIndex || bytes <= LEAST_BYTES || lastEpoch < epochBefore) {
            throw new IllegalArgumentException("a segment from entry " + baseIndex + " to " + endIndex + ", of " + bytes
                    + " bytes, behind epoch " + epochBefore + ", up to epoch " + lastEpoch
                    + " (expected: some entries, in epochs that do not fall)");
        }
    }

    static SegmentManifest of(Segment sealed) {
        SegmentSummary summary = sealed.summary();
        return new SegmentManifest(
                sealed.baseIndex(),
                summary.endIndex,
                sealed.sealedSize(),
                summary.checksum,
                sealed.header().lastEpoch(),
                summary.lastEpoch);
    }

    /** Whether its bytes are those of the other one, too. */
    public boolean sameAs(SegmentManifest other) {
        return equals(other);
    }
}
