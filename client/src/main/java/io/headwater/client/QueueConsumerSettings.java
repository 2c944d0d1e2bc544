package io.headwater.client;

/**
 * What a queue consumer works on, and how.
 *
 * @param name empty: the client's
 * @param prefetchRecords over all partitions
 * @param leaseMs 0: as the group says
 */
record QueueConsumerSettings(
        String topic,
        String group,
        String name,
        int prefetchRecords,
        int prefetchBytes,
        int recordsPerKey,
        long leaseMs,
        boolean detachedLeases,
        int concurrency,
        long drainNs) {
    private static final int MAX_RECORDS_PER_KEY = 100;
    private static final long MIN_LEASE_MS = 1_000;
    private static final long MAX_LEASE_MS = 12 * 3_600_000;

    QueueConsumerSettings {
        check(!topic.isEmpty() && !group.isEmpty(), "topic, group: '" + topic + "', '" + group + "' (expected: both)");
        check(prefetchRecords > 0, "prefetch: " + prefetchRecords + " (expected: more than 0)");
        check(prefetchBytes > 0, "prefetchBytes: " + prefetchBytes + " (expected: more than 0)");
        check(
                recordsPerKey > 0 && recordsPerKey <= MAX_RECORDS_PER_KEY,
                "recordsPerKey: " + recordsPerKey + " (expected: 1 to " + MAX_RECORDS_PER_KEY + ")");
        check(
                leaseMs == 0 || (leaseMs >= MIN_LEASE_MS && leaseMs <= MAX_LEASE_MS),
                "lease: " + leaseMs + " ms (expected: 1 s to 12 h)");
        check(concurrency > 0, "concurrency: " + concurrency + " (expected: more than 0)");
        check(drainNs >= 0, "drain: " + drainNs + " ns (expected: 0 or more)");
    }

    /** Whether several records of a key may be here, of which one at a time is handed out. */
    boolean keepsLines() {
        return recordsPerKey > 1 && !detachedLeases;
    }

    private static void check(boolean fine, String message) {
        if (!fine) {
            throw new IllegalArgumentException(message);
        }
    }
}
