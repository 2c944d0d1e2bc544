package io.headwater.broker.shard;

import io.headwater.broker.observe.ReplicationFigures;
import io.headwater.broker.observe.ReplicationFigures.Lag;
import io.headwater.broker.partition.ReplicaLags;
import io.headwater.broker.replica.FollowerLags;
import io.headwater.protocol.wire.ClusterLags;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Adds up what the copies of an owner do at one moment. */
final class ReplicationCount implements FollowerLags {
    private final long nowMs;
    private final SortedMap<Integer, Lag> lags = new TreeMap<>();
    private final ReplicaLags told = new ReplicaLags();
    private int leading;
    private int following;
    private int underReplicated;
    private long partitionId;
    private boolean lacksVoter;

    ReplicationCount(long nowMs) {
        this.nowMs = nowMs;
    }

    void add(LocalReplica local) {
        if (local.follows()) {
            addFollowing();
        } else if (local.leadsOthers()) {
            addLeading(local.info().partitionId(), to -> local.replica().tellLags(nowMs, to));
        }
    }

    void addFollowing() {
        following++;
    }

    /** @param followers is to tell of each of them */
    void addLeading(long ofPartition, Consumer<FollowerLags> followers) {
        leading++;
        partitionId = ofPartition;
        lacksVoter = false;
        followers.accept(this);
        if (lacksVoter) {
            underReplicated++;
            told.underReplicated();
        }
    }

    @Override
    public void follower(int node, boolean votes, long entries, long behindMs) {
        lags.merge(node, new Lag(entries, entries), Lag::plus);
        lacksVoter |= votes && behindMs >= ReplicaLags.UNDER_REPLICATED_MS;
        told.follower(partitionId, node, votes, entries, behindMs);
    }

    boolean isAnybodyBehind() {
        return lags.values().stream().anyMatch(lag -> lag.entries() > 0);
    }

    ClusterLags lags() {
        return told.wire().build();
    }

    ReplicationFigures figures(long begun, long ended, long repairsBegun, long repairsEnded) {
        return new ReplicationFigures(
                leading, following, underReplicated, begun, ended, repairsBegun, repairsEnded, lags);
    }
}
