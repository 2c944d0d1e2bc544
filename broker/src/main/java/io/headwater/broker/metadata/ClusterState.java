package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the cluster agrees on beside topics, partitions and groups. Small, changes rarely, is copied whole. Immutable.
 *
 * @param nodes by their ids
 * @param features the levels that hold, by name
 * @param recoveries the last ones, oldest first
 */
record ClusterState(
        String id, SortedMap<Integer, NodeInfo> nodes, SortedMap<String, Integer> features, List<Recovery> recoveries) {
    /** Whoever recovers more often than this by hand has the rest in the brokers' logs. */
    static final int MAX_RECOVERIES = 1_000;

    ClusterState {
        nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
        features = Collections.unmodifiableSortedMap(new TreeMap<>(features));
        recoveries = List.copyOf(recoveries);
    }

    static ClusterState empty(String id) {
        return new ClusterState(id, Collections.emptySortedMap(), Collections.emptySortedMap(), List.of());
    }

    @Nullable
    NodeInfo nodeWithDirectory(String directoryId) {
        for (NodeInfo node : nodes.values()) {
            if (node.directoryId().equals(directoryId)) {
                return node;
            }
        }
        return null;
    }

    ClusterState with(NodeInfo node) {
        SortedMap<Integer, NodeInfo> changed = new TreeMap<>(nodes);
        changed.put(node.nodeId(), node);
        return new ClusterState(id, changed, features, recoveries);
    }

    ClusterState withoutNode(int nodeId) {
        SortedMap<Integer, NodeInfo> rest = new TreeMap<>(nodes);
        rest.remove(nodeId);
        return new ClusterState(id, rest, features, recoveries);
    }

    ClusterState withFeature(String name, int level) {
        SortedMap<String, Integer> changed = new TreeMap<>(features);
        changed.put(name, level);
        return new ClusterState(id, nodes, changed, recoveries);
    }

    ClusterState with(Recovery recovery) {
        List<Recovery> all = new ArrayList<>(recoveries);
        all.add(recovery);
        for (int i = 0; i < all.size() && all.size() > MAX_RECOVERIES; i++) {
            if (all.get(i).partitionId() != Recovery.OF_METADATA) { // those are few, and voters have to know of them
                all.remove(i);
            }
        }
        return new ClusterState(id, nodes, features, all);
    }
}
