package io.headwater.broker.shard;

import io.headwater.broker.observe.ReplicationFigures;
import io.headwater.broker.observe.ReplicationFigures.Lag;
import io.headwater.broker.replica.FollowerLags;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Adds up what the copies of an owner do at one moment. */
final class ReplicationCount implements FollowerLags {
    /** A voter that lacks something for so long has fallen out, and is not just slow. */
    static final long UNDER_REPLICATED_MS = 10_000;

    private final long nowMs;
    private final SortedMap<Integer, Lag> lags = new TreeMap<>();
    private int leading;
    private int following;
    private int underReplicated;
    private boolean lacksVoter;

    ReplicationCount(long nowMs) {
        this.nowMs = nowMs;
    }

    void add(LocalReplica local) {
        if (local.follows()) {
            addFollowing();
        } else if (local.leadsOthers()) {
            addLeading(to -> local.replica().tellLags(nowMs, to));
        }
    }

    void addFollowing() {
        following++;
    }

    /** @param followers is to tell of each of them */
    void addLeading(Consumer<FollowerLags> followers) {
        leading++;
        lacksVoter = false;
        followers.accept(this);
        underReplicated += lacksVoter ? 1 : 0;
    }

    @Override
    public void follower(int node, boolean votes, long entries, long behindMs) {
        lags.merge(node, new Lag(entries, entries), Lag::plus);
        lacksVoter |= votes && behindMs >= UNDER_REPLICATED_MS;
    }

    boolean isAnybodyBehind() {
        return lags.values().stream().anyMatch(lag -> lag.entries() > 0);
    }

    ReplicationFigures figures(long begun, long ended, long repairsBegun, long repairsEnded) {
        return new ReplicationFigures(
                leading, following, underReplicated, begun, ended, repairsBegun, repairsEnded, lags);
    }
}
