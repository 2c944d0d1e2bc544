package io.headwater.broker.shard;

import io.headwater.broker.metadata.TopicPolicy;
import org.agrona.collections.Long2LongHashMap;

/**
 * When a partition that nobody has used since the start is opened only to see whether something is too old: not at the
 * start, when that would open all of them at once, but a fraction of its retention later, each at its own moment.
 */
final class ColdRetention {
    private static final long MIN_INTERVAL_MS = 1_000;
    private static final long MAX_INTERVAL_MS = 3_600_000;
    private static final int FRACTION = 16;
    /** Spreads consecutive ids over the interval. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final Long2LongHashMap turns = new Long2LongHashMap(-1);

    boolean isDue(long partitionId, TopicPolicy policy, long nowMs) {
        if (policy.retentionMs() < 0
                && policy.retentionBytes() < 0
                && !policy.work().untilAcked()
                && !policy.compaction().on()) {
            return false;
        }
        long interval = policy.retentionMs() < 0
                ? MAX_INTERVAL_MS
                : Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, policy.retentionMs() / FRACTION));
        long shift = Math.floorMod(partitionId * GOLDEN, interval);
        long turn = (nowMs + shift) / interval;
        long before = turns.put(partitionId, turn);
        return before != -1 && before != turn;
    }
}
