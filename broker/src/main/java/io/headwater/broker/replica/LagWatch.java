package io.headwater.broker.replica;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Since when the followers of a leader are behind. Nothing is noted when something is appended or acknowledged: each look
 * remembers where the leader's disk was, and how long ago the follower still lacked some of that.
 */
final class LagWatch {
    private static final class Seen {
        long durable;
        long acked;
        long atMs;
    }

    private final Map<ReplicaId, Seen> seen = new HashMap<>();

    void keepOnly(Collection<ReplicaId> followers) {
        seen.keySet().retainAll(followers);
    }

    /** How long the follower has lacked something that was on the leader's disk, as far as looks can tell. */
    long behindMs(ReplicaId follower, long acked, long durable, long nowMs) {
        Seen last = seen.computeIfAbsent(follower, each -> new Seen());
        // One that acknowledges less than before has begun anew.
        if (acked >= last.durable || acked < last.acked) {
            last.durable = durable;
            last.atMs = nowMs;
        }
        last.acked = acked;
        return nowMs - last.atMs;
    }
}
