package io.headwater.storage;

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
        long maxEventTimeMs) {}
