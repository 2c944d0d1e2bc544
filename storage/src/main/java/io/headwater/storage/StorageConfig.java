package io.headwater.storage;

/**
 * How logs use the disk. Each has one sensible default; the danger of another value stands beside it.
 *
 * @param segmentBytes size at which a segment is sealed. Small ones make many files; big ones make retention coarse,
 *     because it removes whole segments
 * @param initialSegmentBytes what the first append to a segment preallocates; doubled by each step that is used up
 *     quickly
 * @param maxStepBytes the most that is preallocated in one step
 * @param reservePace bytes per second from which on space is reserved and not written with zeros: at less, zeros make syncs
 *     faster; at more, writing everything twice costs too much (docs/adr/0008)
 * @param indexIntervalBytes bytes of log between two steps of the sparse index
 * @param maxBatchBytes the largest record batch or control payload that an append takes
 * @param syncMode {@link SyncMode#OFF} loses acknowledged records in a power cut; for tests and benchmarks only
 */
public record StorageConfig(
        long segmentBytes,
        int initialSegmentBytes,
        int maxStepBytes,
        long reservePace,
        int indexIntervalBytes,
        int maxBatchBytes,
        SyncMode syncMode) {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    public StorageConfig {
        require("segmentBytes", segmentBytes, 4 * KIB, 1L << 30);
        require("initialSegmentBytes", initialSegmentBytes, 4 * KIB, segmentBytes);
        require("maxStepBytes", maxStepBytes, initialSegmentBytes, 1L << 30);
        require("reservePace", reservePace, 1, Long.MAX_VALUE);
        require("indexIntervalBytes", indexIntervalBytes, 64, 1L << 30);
        require("maxBatchBytes", maxBatchBytes, KIB, 512L * MIB);
    }

    public static StorageConfig defaults() {
        return new StorageConfig(256L * MIB, 64 * KIB, 64 * MIB, 128L * MIB, 4 * KIB, 64 * MIB, SyncMode.EVERY_COMMIT);
    }

    public StorageConfig withSegmentBytes(long segmentBytes) {
        return new StorageConfig(
                segmentBytes,
                (int) Math.min(initialSegmentBytes, segmentBytes),
                maxStepBytes,
                reservePace,
                indexIntervalBytes,
                maxBatchBytes,
                syncMode);
    }

    public StorageConfig withSyncMode(SyncMode syncMode) {
        return new StorageConfig(
                segmentBytes,
                initialSegmentBytes,
                maxStepBytes,
                reservePace,
                indexIntervalBytes,
                maxBatchBytes,
                syncMode);
    }

    private static void require(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + min + " to " + max + ")");
        }
    }
}
