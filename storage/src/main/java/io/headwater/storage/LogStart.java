package io.headwater.storage;

import java.util.List;

/**
 * Where a log begins, and what came before it and is not there any more.
 *
 * @param index of the first entry
 * @param offset of the first record
 * @param epochBefore of the entry before the first; -1 if there never was one
 * @param timeBeforeMs its ingestion time; {@link Long#MIN_VALUE} if there never was one
 */
public record LogStart(long index, long offset, int epochBefore, long timeBeforeMs) {
    /** Of a log that has lost nothing. */
    public static final LogStart OF_ALL = new LogStart(0, 0, -1, Long.MIN_VALUE);

    public LogStart {
        if (index < 0 || offset < 0 || (index == 0) != (epochBefore < 0)) {
            throw new IllegalArgumentException(
                    "start of a log: index " + index + ", offset " + offset + ", epoch before " + epochBefore
                            + " (expected: none negative, and an epoch where there were entries)");
        }
    }

    static LogStart of(List<Segment> segments) {
        return segments.isEmpty() ? OF_ALL : of(segments.get(0).header());
    }

    static LogStart of(SegmentHeader header) {
        return new LogStart(header.baseIndex(), header.baseOffset(), header.lastEpoch(), header.lastIngestionTimeMs());
    }
}
