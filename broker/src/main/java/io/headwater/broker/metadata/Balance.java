package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a cluster whose nodes hold and lead unequally much would be equal again: partitions with fewer replicas than their
 * topic wants get more, replicas go from the fullest nodes to the
 * emptiest, without putting a partition into fewer racks, and preferred leaders are spread over those that hold the
 * partition. Nodes that are not live keep what they have. A function of the picture.
 */
public final class Balance {
    /** Fewer is equal enough: with an odd number of replicas somebody has one more. */
    private static final int UNEQUAL = 2;

    private final MetadataImage image;
    private final List<NodeInfo> nodes;
    private final Map<Integer, Integer> holds = new HashMap<>();
    private final Map<Integer, Integer> prefers = new HashMap<>();
    private final Map<PartitionInfo, List<Replica>> voters = new LinkedHashMap<>();

    private Balance(MetadataImage image) {
        this.image = image;
        this.nodes = image.nodes().stream().filter(NodeInfo::takesReplicas).toList();
        for (NodeInfo node : nodes) {
            holds.put(node.nodeId(), image.replicaCounts().replicas(node.nodeId()));
            prefers.put(node.nodeId(), image.replicaCounts().preferred(node.nodeId()));
        }
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                ReplicaSet replicas = partition.replicas();
                if (partition.leader() != null
                        && !replicas.isJoint()
                        && replicas.learners().isEmpty()) {
                    voters.put(partition, new ArrayList<>(replicas.voters()));
                }
            }
        }
    }

    /**
     * The voters that partitions would get, the preferred leader first. The same ones as now mean that the preferred leader
     * should lead and does not; partitions that are fine are left out.
     */
    public static Map<PartitionInfo, List<Replica>> of(MetadataImage image) {
        Balance balance = new Balance(image);
        balance.voters.forEach(balance::complete);
        boolean moved = true;
        while (moved) { // each round makes the fullest less full, or is the last
            moved = false;
            for (List<Replica> each : balance.voters.values()) {
                moved |= balance.spreadReplicas(each);
            }
        }
        boolean led = true;
        while (led) {
            led = false;
            for (List<Replica> each : balance.voters.values()) {
                led |= balance.spreadLeaders(each);
            }
        }
        balance.voters.entrySet().removeIf(each -> balance.isFine(each.getKey(), each.getValue()));
        return balance.voters;
    }

    /** As many as its topic wants: it may be older than the cluster, or recovered from one copy. */
    private void complete(PartitionInfo partition, List<Replica> of) {
        TopicInfo topic = Objects.requireNonNull(image.topic(partition.topicName()));
        int wanted = Placement.replicas(image, topic.replication().replicas());
        for (NodeInfo next = another(of); of.size() < wanted && next != null; next = another(of)) {
            of.add(next.replica());
            add(holds, next.nodeId(), 1);
        }
    }

    /** In a rack that has none of it, if there is one, and with fewest replicas. */
    private @Nullable NodeInfo another(List<Replica> of) {
        List<String> racks = of.stream().map(this::rack).toList();
        return nodes.stream()
                .filter(node -> of.stream().noneMatch(each -> each.nodeId() == node.nodeId()))
                .min(Comparator.<NodeInfo, Boolean>comparing(
                                node -> racks.contains(node.details().rack()))
                        .thenComparing(node -> count(holds, node)))
                .orElse(null);
    }

    private boolean isFine(PartitionInfo partition, List<Replica> next) {
        Leader leader = partition.leader();
        NodeInfo preferred = image.nodeOf(next.get(0));
        boolean isLed = preferred == null
                || !preferred.takesReplicas()
                || (leader != null && leader.nodeId() == preferred.nodeId());
        return isLed && next.equals(partition.replicas().voters());
    }

    private boolean spreadReplicas(List<Replica> of) {
        for (int i = 0; i < of.size(); i++) {
            Integer from = holds.get(of.get(i).nodeId());
            NodeInfo to = from == null ? null : emptiest(of, i);
            if (from != null && to != null && from - count(holds, to) >= UNEQUAL) {
                add(holds, of.get(i).nodeId(), -1);
                add(holds, to.nodeId(), 1);
                if (i == 0) {
                    add(prefers, of.get(i).nodeId(), -1);
                    add(prefers, to.nodeId(), 1);
                }
                of.set(i, to.replica());
                return true;
            }
        }
        return false;
    }

    /** Of those that could take this place without a rack less. */
    private @Nullable NodeInfo emptiest(List<Replica> of, int place) {
        NodeInfo best = null;
        for (NodeInfo node : nodes) {
            boolean holdsIt = of.stream().anyMatch(each -> each.nodeId() == node.nodeId());
            if (!holdsIt
                    && (best == null || count(holds, node) < count(holds, best))
                    && racksWith(of, place, node) >= racks(of)) {
                best = node;
            }
        }
        return best;
    }

    private long racks(List<Replica> of) {
        return of.stream().map(this::rack).distinct().count();
    }

    private long racksWith(List<Replica> of, int place, NodeInfo node) {
        List<Replica> changed = new ArrayList<>(of);
        changed.set(place, node.replica());
        return racks(changed);
    }

    private String rack(Replica replica) {
        NodeInfo node = image.node(replica.nodeId());
        return node == null ? "" : node.details().rack();
    }

    private boolean spreadLeaders(List<Replica> of) {
        Integer present = prefers.get(of.get(0).nodeId());
        for (int i = 1; present != null && i < of.size(); i++) {
            Integer other = prefers.get(of.get(i).nodeId());
            if (other != null && present - other >= UNEQUAL) {
                add(prefers, of.get(0).nodeId(), -1);
                add(prefers, of.get(i).nodeId(), 1);
                Replica first = of.get(0);
                of.set(0, of.get(i));
                of.set(i, first);
                return true;
            }
        }
        return false;
    }

    private static int count(Map<Integer, Integer> counts, NodeInfo node) {
        return Objects.requireNonNull(counts.get(node.nodeId()));
    }

    private static void add(Map<Integer, Integer> counts, int node, int by) {
        counts.merge(node, by, Integer::sum);
    }
}
