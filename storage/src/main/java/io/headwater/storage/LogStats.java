package io.headwater.storage;

import java.util.List;

/**
 * What a log holds. The times are those of its data and include both ends; in a log without records a minimum is
 * {@link Long#MAX_VALUE} and a maximum {@link Long#MIN_VALUE}.
 *
 * @param bytes of entries, without what is preallocated
 */
public record LogStats(
        long bytes,
        int segments,
        long minIngestionTimeMs,
        long maxIngestionTimeMs,
        long minEventTimeMs,
        long maxEventTimeMs) {
    static LogStats of(List<Segment> segments) {
        long bytes = 0;
        long minIngestion = Long.MAX_VALUE;
        long maxIngestion = Long.MIN_VALUE;
        long minEvent = Long.MAX_VALUE;
        long maxEvent = Long.MIN_VALUE;
        for (Segment segment : segments) {
            SegmentSummary summary = segment.summary();
            bytes += summary.endPosition;
            minIngestion = Math.min(minIngestion, summary.minIngestionTimeMs);
            maxIngestion = Math.max(maxIngestion, summary.maxIngestionTimeMs);
            minEvent = Math.min(minEvent, summary.minEventTimeMs);
            maxEvent = Math.max(maxEvent, summary.maxEventTimeMs);
        }
        return new LogStats(bytes, segments.size(), minIngestion, maxIngestion, minEvent, maxEvent);
    }
}
