package io.headwater.client;

import io.headwater.protocol.wire.Node;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.Topics;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who leads what, as brokers said it: perhaps a moment old. A broker's picture has an epoch for each partition, and an
 * older one changes nothing. A hint, of a broker that is not the leader, has none: it counts until somebody says
 * otherwise. Without nodes there is a single broker, which does everything. On the loop.
 */
final class Picture {
    /** Nothing is known: any broker may be asked. */
    static final int UNKNOWN = -1;
    /** There is none at this moment. */
    static final int NOBODY = 0;

    private static final class Place {
        @Nullable
        String topic;

        int index;
        int epoch;
        int leader = UNKNOWN;
        /** As brokers' pictures have it, whatever was hinted at since. */
        int told = UNKNOWN;
        /** Since when it has no leader, as far as it is known here. */
        long leaderlessNs;
        /** Somebody has asked who leads it. */
        boolean used;
    }

    private final Map<Integer, Endpoint> nodes = new TreeMap<>();
    private final Map<Long, Place> places = new HashMap<>();
    private int controller = UNKNOWN;
    private long news;

    /**
     * Rises when a broker's picture says of a partition what none has said before. One that only repeats what its leader
     * denies is cut off, or early.
     */
    long news() {
        return news;
    }

    boolean isCluster() {
        return !nodes.isEmpty();
    }

    /** By their ids. */
    Map<Integer, Endpoint> nodes() {
        return nodes;
    }

    /** The node to ask, {@link #NOBODY}, or {@link #UNKNOWN}. */
    int nodeOf(long target) {
        if (nodes.isEmpty() || target == Target.ANY) {
            return UNKNOWN;
        }
        if (target == Target.CONTROLLER) {
            return controller;
        }
        Place place = places.get(target);
        if (place == null) {
            return UNKNOWN;
        }
        place.used = true;
        // Who does not know its topic cannot ask for its leader but by asking for what it wants.
        return place.leader == NOBODY && place.topic == null ? UNKNOWN : place.leader;
    }

    /** Null: not known. */
    @Nullable
    String topicOf(long target) {
        Place place = places.get(target);
        return place == null ? null : place.topic;
    }

    /** The topics whose partitions this node leads, of those that somebody uses; {@link #NOBODY}: that no node leads. */
    Set<String> topicsLedBy(int node) {
        Set<String> topics = new LinkedHashSet<>();
        for (Place place : places.values()) {
            if (place.used && place.leader == node && place.topic != null) {
                topics.add(place.topic);
            }
        }
        return topics;
    }

    /** True: somebody else leads something than before. */
    boolean learn(Topics topics, long nowNs) {
        if (topics.getNodesCount() == 0) {
            return false;
        }
        boolean changed = false;
        for (Topic topic : topics.getTopicsList()) {
            for (Partition partition : topic.getPartitionsList()) {
                Place place = places.computeIfAbsent(partition.getPartitionId(), unused -> new Place());
                place.topic = topic.getName();
                place.index = partition.getIndex();
                if (place.leader == UNKNOWN || partition.getEpoch() >= place.epoch) {
                    news += partition.getEpoch() > place.epoch || partition.getLeader() != place.told ? 1 : 0;
                    place.epoch = partition.getEpoch();
                    place.told = partition.getLeader();
                    changed |= lead(place, partition.getLeader(), nowNs);
                }
            }
        }
        return learnNodes(topics) || changed;
    }

    private boolean learnNodes(Topics topics) {
        Map<Integer, Endpoint> before = new TreeMap<>(nodes);
        Set<Integer> needed = new LinkedHashSet<>();
        places.values().forEach(place -> needed.add(place.leader));
        needed.add(controller);
        nodes.keySet().retainAll(needed);
        for (Node node : topics.getNodesList()) {
            know(node.getNodeId(), node.getEndpoint());
        }
        return !nodes.equals(before);
    }

    private void know(int node, String endpoint) {
        if (node > 0 && !endpoint.isEmpty()) {
            nodes.put(node, Endpoint.parse(endpoint));
        }
    }

    private static boolean lead(Place place, int leader, long nowNs) {
        if (leader == NOBODY && place.leader != NOBODY) {
            place.leaderlessNs = nowNs;
        }
        boolean changed = place.leader != leader;
        place.leader = leader;
        return changed;
    }

    /** A broker has said that another is to be asked. */
    void hint(long target, int node, String endpoint, long nowNs) {
        know(node, endpoint);
        if (target == Target.CONTROLLER) {
            controller = node == NOBODY ? UNKNOWN : node;
        } else if (Target.isPartition(target)) {
            lead(places.computeIfAbsent(target, unused -> new Place()), node, nowNs);
        }
    }

    /** Its node does not answer: any other may know better. */
    void forgetController(int node, Endpoint endpoint) {
        if (controller != UNKNOWN && (controller == node || endpoint.equals(nodes.get(controller)))) {
            controller = UNKNOWN;
        }
    }

    /** {@code orders-3}. */
    String name(long target) {
        Place place = places.get(target);
        return place == null || place.topic == null ? "partition " + target : place.topic + "-" + place.index;
    }

    /** {@code no leader for orders-3 since 4 s}; null: it has one, or nobody knows. */
    @Nullable
    String leaderless(long target, long nowNs) {
        Place place = places.get(target);
        return place == null || place.leader != NOBODY
                ? null
                : "no leader for " + name(target) + " since " + (nowNs - place.leaderlessNs) / 1_000_000_000 + " s";
    }
}
