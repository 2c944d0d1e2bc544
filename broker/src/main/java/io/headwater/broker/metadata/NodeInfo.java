package io.headwater.broker.metadata;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A broker that registered.
 *
 * @param replica itself with its present data directory, as partitions name their copies there
 * @param leader itself in its present incarnation, as partitions name their leader; the incarnation is the metadata
 *     index of its last registration and proves which run of the process is meant
 * @param run uuid of that run; empty: of a cluster of one, where the lock of the data directory allows only one
 * @param fenced believed dead: chosen for nothing until it is heard of again
 * @param draining about to leave: gets no new replicas
 */
public record NodeInfo(Replica replica, Leader leader, String run, Details details, boolean fenced, boolean draining) {
    /**
     * What it said about itself.
     *
     * @param clientEndpoint host:port; empty: not told
     * @param peerEndpoint host:port; empty: it has none
     * @param rack replicas of a partition go to different ones
     * @param features by name; what is missing it cannot do
     */
    public record Details(
            String clientEndpoint, String peerEndpoint, String rack, SortedMap<String, FeatureRange> features) {
        public Details {
            features = Collections.unmodifiableSortedMap(new TreeMap<>(features));
        }

        boolean supports(String feature, int level) {
            FeatureRange range = features.get(feature);
            return range != null && range.includes(level);
        }
    }

    public int nodeId() {
        return replica.nodeId();
    }

    public String directoryId() {
        return replica.directoryId();
    }

    public long incarnation() {
        return leader.incarnation();
    }

    /** Whether it may have others beside it. */
    public boolean isMember() {
        return !details.peerEndpoint().isEmpty();
    }

    NodeInfo withFenced(boolean isFenced) {
        return new NodeInfo(replica, leader, run, details, isFenced, draining);
    }

    NodeInfo drained() {
        return new NodeInfo(replica, leader, run, details, fenced, true);
    }

    /** Whether new replicas may be placed on it. */
    public boolean takesReplicas() {
        return !fenced && !draining;
    }
}
