package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the replicas of new partitions go: on nodes that are not about to leave, on such that are fenced only where there
 * are not enough others, in as many racks as there are, where there are fewest replicas, and among equals on the lowest
 * node id. The first voter is the preferred leader: of a partition's nodes that are alive the one that is that for the
 * fewest. A pure function of the picture, so that every broker and
 * every replay places alike: whoever changes it changes what the log means, and needs a feature level for it.
 */
final class Placement {
    /** More copies than this only cost. */
    static final int MAX_REPLICAS = 9;

    /** Of a topic that asks for none in particular. */
    static final int AUTOMATIC_REPLICAS = 3;

    /** Those that may be chosen, by id; what follows is in their order. */
    private final List<NodeInfo> nodes;
    /** Equal numbers for equal racks. */
    private final int[] racks;

    private final int[] replicas;
    private final int[] preferred;
    private final Map<List<Replica>, ReplicaSet> shared = new HashMap<>();

    private Placement(MetadataImage image, int wanted) {
        nodes = candidates(image, wanted);
        racks = new int[nodes.size()];
        replicas = new int[nodes.size()];
        preferred = new int[nodes.size()];
        Map<String, Integer> numbers = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            NodeInfo node = nodes.get(i);
            numbers.putIfAbsent(node.details().rack(), numbers.size());
            racks[i] = numbers.getOrDefault(node.details().rack(), 0);
            replicas[i] = image.replicaCounts().replicas(node.nodeId());
            preferred[i] = image.replicaCounts().preferred(node.nodeId());
        }
    }

    /** One that is fenced gets what is written without it when it is back; better than to be without its copy for good. */
    private static List<NodeInfo> candidates(MetadataImage image, int wanted) {
        List<NodeInfo> alive =
                image.nodes().stream().filter(NodeInfo::takesReplicas).toList();
        return alive.size() >= wanted || alive.isEmpty() ? alive : staying(image);
    }

    private static List<NodeInfo> staying(MetadataImage image) {
        return image.nodes().stream().filter(node -> !node.draining()).toList();
    }

    /** How many replicas a new partition gets whose topic asks for so many; 0: 3, or 1 where there are fewer nodes. */
    static int replicas(MetadataImage image, int wanted) {
        // With two, either of them would stop all writes when it is down.
        int automatic = staying(image).size() >= AUTOMATIC_REPLICAS ? AUTOMATIC_REPLICAS : 1;
        return wanted != 0 ? wanted : automatic;
    }

    /**
     * The replica sets of so many new partitions, in their order; equal ones are the same object.
     *
     * @throws IllegalArgumentException if there are fewer nodes to choose from than replicas
     */
    static List<ReplicaSet> place(MetadataImage image, int partitions, int replicas) {
        Placement placement = new Placement(image, replicas);
        placement.requireNodes(image, replicas);
        List<ReplicaSet> placed = new ArrayList<>(partitions);
        for (int i = 0; i < partitions; i++) {
            placed.add(placement.next(replicas));
        }
        return placed;
    }

    private void requireNodes(MetadataImage image, int wanted) {
        if (nodes.size() >= wanted) {
            return;
        }
        throw new IllegalArgumentException("replicas: " + wanted + " (expected: at most " + nodes.size()
                + ", one for each node that can take one; " + image.nodes().size() + " are registered, of which "
                + (image.nodes().size() - staying(image).size()) + " are leaving)");
    }

    private ReplicaSet next(int count) {
        boolean[] chosen = new boolean[nodes.size()];
        int[] inRack = new int[nodes.size()];
        int[] picks = new int[count];
        for (int i = 0; i < count; i++) {
            int best = -1;
            for (int node = 0; node < nodes.size(); node++) {
                if (!chosen[node] && (best < 0 || isBetter(node, best, inRack))) {
                    best = node;
                }
            }
            chosen[best] = true;
            inRack[racks[best]]++;
            replicas[best]++;
            picks[i] = best;
        }
        Arrays.sort(picks);
        int leader = picks[0];
        for (int pick : picks) {
            if (isBetterLeader(pick, leader)) {
                leader = pick;
            }
        }
        preferred[leader]++;
        return shared(leader, picks);
    }

    private boolean isBetterLeader(int node, int than) {
        if (nodes.get(node).fenced() != nodes.get(than).fenced()) {
            return nodes.get(than).fenced();
        }
        return preferred[node] < preferred[than];
    }

    private boolean isBetter(int node, int than, int[] inRack) {
        if (nodes.get(node).fenced() != nodes.get(than).fenced()) {
            return nodes.get(than).fenced();
        }
        int racksDiffer = Integer.compare(inRack[racks[node]], inRack[racks[than]]);
        return racksDiffer < 0 || (racksDiffer == 0 && replicas[node] < replicas[than]);
    }

    /** The leader first, the others by id: the fewer different lists, the less memory. */
    private ReplicaSet shared(int leader, int[] picks) {
        List<Replica> voters = new ArrayList<>(picks.length);
        voters.add(nodes.get(leader).replica());
        for (int pick : picks) {
            if (pick != leader) {
                voters.add(nodes.get(pick).replica());
            }
        }
        return shared.computeIfAbsent(voters, ReplicaSet::of);
    }
}
