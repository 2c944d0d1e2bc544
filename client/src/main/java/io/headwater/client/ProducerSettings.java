package io.headwater.client;

import io.headwater.record.Compression;

/** How a producer batches. */
record ProducerSettings(int batchBytes, long lingerNs, Compression compression, long maxMemoryBytes, int maxInFlight) {
    private static final int MIN_BATCH_BYTES = 1024;
    private static final int MAX_BATCH_BYTES = 4 * 1024 * 1024;
    private static final int MAX_IN_FLIGHT = 64;

    ProducerSettings {
        check(
                batchBytes >= MIN_BATCH_BYTES && batchBytes <= MAX_BATCH_BYTES,
                "batchBytes",
                batchBytes,
                "1 KiB to 4 MiB");
        check(lingerNs >= 0, "linger", lingerNs, "not negative");
        check(maxMemoryBytes >= batchBytes, "maxMemoryBytes", maxMemoryBytes, "at least batchBytes");
        check(maxInFlight >= 1 && maxInFlight <= MAX_IN_FLIGHT, "maxInFlight", maxInFlight, "1 to 64");
    }

    private static void check(boolean fine, String name, long value, String expected) {
        if (!fine) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
        }
    }
}
