package io.headwater.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a consumer reads, and how. */
record ConsumerSettings(
        List<String> topics,
        List<StreamConsumer.TopicPartition> partitions,
        @Nullable String group,
        String memberId,
        Position from,
        @Nullable Position until,
        boolean localEnds,
        boolean autoCommit,
        long autoCommitNs,
        int maxBufferedBytes,
        int maxPollRecords,
        StreamConsumer.OutOfRange outOfRange) {

    ConsumerSettings {
        check(topics.isEmpty() != partitions.isEmpty(), "topics: name topics, or partitions, and not both");
        check(group == null || partitions.isEmpty(), "partitions: a group assigns them itself");
        check(maxBufferedBytes > 0, "maxBufferedBytes: " + maxBufferedBytes + " (expected: more than 0)");
        check(maxPollRecords > 0, "maxPollRecords: " + maxPollRecords + " (expected: more than 0)");
        check(
                until == null || until.kind() != Position.Kind.BEGINNING,
                "until: beginning (expected: an end, an offset or a time)");
    }

    private static void check(boolean fine, String message) {
        if (!fine) {
            throw new IllegalArgumentException(message);
        }
    }

    boolean isGrouped() {
        return group != null;
    }

    boolean filtersEventTime() {
        return from.kind() == Position.Kind.EVENT_TIME || (until != null && until.kind() == Position.Kind.EVENT_TIME);
    }

    /** First event time that is wanted. */
    long eventFromMs() {
        return from.kind() == Position.Kind.EVENT_TIME ? from.value() : Long.MIN_VALUE;
    }

    /** First event time that is not wanted any more. */
    long eventUntilMs() {
        return until != null && until.kind() == Position.Kind.EVENT_TIME ? until.value() : Long.MAX_VALUE;
    }
}
