package io.headwater.storage;

import org.jspecify.annotations.Nullable;

/**
 * How far a log was handed to its files: one immutable value, so that the sync thread sees ends that belong together.
 *
 * @param file the open segment's; {@code null} if nothing was written to it by this process
 */
record Written(
        long endIndex,
        long endOffset,
        long segmentBaseIndex,
        long position,
        @Nullable SegmentFile file) {}
