package io.headwater.broker.partition;

import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.NodeLag;
import io.headwater.protocol.wire.ReplicaLag;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far followers are behind: of one owner, one broker or the cluster. All are counted by node, and only the worst kept
 * one by one, so that ten thousand partitions make no large answer.
 */
public final class ReplicaLags {
    /** A voter that lacks something for so long has fallen out, and is not just slow. */
    public static final long UNDER_REPLICATED_MS = 10_000;
    /** Under load each follower lacks what is under way; for so long it does not. */
    static final long NAMED_MS = 1_000;

    static final int MOST_NAMED = 50;
    private static final Comparator<ReplicaLag> WORST_LAST = Comparator.comparing(ReplicaLag::getVotes)
            .thenComparingLong(ReplicaLag::getBehindMs)
            .thenComparingLong(ReplicaLag::getEntries);

    private final SortedMap<Integer, NodeLag.Builder> nodes = new TreeMap<>();
    private final PriorityQueue<ReplicaLag> worst = new PriorityQueue<>(WORST_LAST);
    private int underReplicated;

    /** Of one copy, as the leader of the partition sees it. */
    public void follower(long partitionId, int node, boolean votes, long entries, long behindMs) {
        count(node, votes && behindMs >= UNDER_REPLICATED_MS ? 1 : 0, entries, entries);
        if (behindMs >= NAMED_MS) {
            name(ReplicaLag.newBuilder()
                    .setPartitionId(partitionId)
                    .setNode(node)
                    .setVotes(votes)
                    .setEntries(entries)
                    .setBehindMs(behindMs)
                    .build());
        }
    }

    /** One partition more has a voter that has fallen out. */
    public void underReplicated() {
        underReplicated++;
    }

    /** What another owner, or another broker, says of what it leads. */
    public void add(ClusterLags others) {
        underReplicated += others.getUnderReplicated();
        for (NodeLag each : others.getNodesList()) {
            count(each.getNode(), each.getUnderReplicated(), each.getEntries(), each.getLargest());
        }
        others.getWorstList().forEach(this::name);
    }

    private void count(int node, int fallenOut, long entries, long largest) {
        NodeLag.Builder lag =
                nodes.computeIfAbsent(node, each -> NodeLag.newBuilder().setNode(each));
        lag.setUnderReplicated(lag.getUnderReplicated() + fallenOut)
                .setEntries(lag.getEntries() + entries)
                .setLargest(Math.max(lag.getLargest(), largest));
    }

    private void name(ReplicaLag lag) {
        worst.add(lag);
        if (worst.size() > MOST_NAMED) {
            worst.remove();
        }
    }

    public ClusterLags.Builder wire() {
        ClusterLags.Builder wire = ClusterLags.newBuilder().setUnderReplicated(underReplicated);
        nodes.values().forEach(wire::addNodes);
        worst.stream().sorted(WORST_LAST.reversed()).forEach(wire::addWorst);
        return wire;
    }
}
