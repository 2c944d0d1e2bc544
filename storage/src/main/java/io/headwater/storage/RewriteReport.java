package io.headwater.storage;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a rewriting.
 *
 * @param untilOffset if nothing failed, and every share of live records was to be rewritten: no file of the log holds a
 *     record below it that the filter does not keep, but for those of unreadable batches
 * @param segments those that became smaller, oldest first; also of a rewriting that failed later
 * @param unreadableBatches batches that had to be looked into and cannot be decompressed: they stay as they are
 * @param failure why it ended early, or why it may not survive a power cut; {@code null}: neither is so
 */
public record RewriteReport(
        long untilOffset,
        List<RewrittenSegment> segments,
        long unreadableBatches,
        @Nullable Exception failure) {

    /**
     * A segment that was replaced. Its indexes, offsets and times are those that it had.
     *
     * @param baseOffset of its first record, whether that is still there or not
     * @param endOffset exclusive
     * @param removedRecords how many went
     * @param records how many are left
     */
    public record RewrittenSegment(
            long baseIndex,
            long baseOffset,
            long endOffset,
            long removedRecords,
            long records,
            long bytesBefore,
            long bytesAfter) {}

    public long removedRecords() {
        return segments.stream().mapToLong(RewrittenSegment::removedRecords).sum();
    }

    /** How much smaller the log became. */
    public long freedBytes() {
        return segments.stream()
                .mapToLong(segment -> segment.bytesBefore() - segment.bytesAfter())
                .sum();
    }
}
