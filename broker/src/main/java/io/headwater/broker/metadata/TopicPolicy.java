package io.headwater.broker.metadata;

import io.headwater.protocol.wire.AckLevel;

/**
 * What holds for all partitions of a topic.
 *
 * @param retentionMs by ingestion time; -1: no limit
 * @param retentionBytes per partition; -1: no limit
 * @param ackLevel what an acknowledgement means; never unspecified
 */
public record TopicPolicy(long retentionMs, long retentionBytes, AckLevel ackLevel) {
    /** The value of a limit that is not set. */
    public static final long NO_LIMIT = -1;

    public TopicPolicy {
        require(retentionMs > 0 || retentionMs == NO_LIMIT, "retentionMs", retentionMs, "above 0, or -1 for no limit");
        require(
                retentionBytes > 0 || retentionBytes == NO_LIMIT,
                "retentionBytes",
                retentionBytes,
                "above 0, or -1 for no limit");
        require(
                ackLevel == AckLevel.ACK_PERSISTED || ackLevel == AckLevel.ACK_MEMORY,
                "ackLevel",
                ackLevel,
                "persisted or memory");
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
        }
    }
}
