package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where replicas go that cannot stay where they are, and those that are still missing, by the rules of {@link Placement}: to a live node that is not leaving
 * and holds nothing of the partition, in a rack that has fewest of it, with fewest replicas, and among equals of the lowest
 * id. What it has chosen counts for what it chooses next. A function of the picture.
 */
public final class Relocation {
    private static final int NO_PLACE = -1;

    private final MetadataImage image;
    private final List<NodeInfo> nodes;
    private final Map<Integer, Integer> load = new HashMap<>();

    /** @param usable which nodes may get replicas, besides being alive and not leaving */
    public Relocation(MetadataImage image, Predicate<NodeInfo> usable) {
        this.image = image;
        this.nodes = image.nodes().stream()
                .filter(NodeInfo::takesReplicas)
                .filter(usable)
                .toList();
        nodes.forEach(node -> load.put(node.nodeId(), image.replicaCounts().replicas(node.nodeId())));
    }

    /**
     * The voters with others in the places of those that are lost. A learner is chosen before anyone else: somebody has
     * begun with it.
     *
     * @param leaving those of them that do not come back: where there are more voters than the topic wants, one is left out; so is
     *     one of two of a topic that was given no number, if nobody can take its place
     * @return null if none is lost, or if not one of them can be replaced or left out
     */
    public @Nullable List<Replica> without(
            PartitionInfo partition, Predicate<Replica> lost, Predicate<Replica> leaving) {
        List<Replica> voters = new ArrayList<>(partition.replicas().voters());
        boolean changed = false;
        for (int i = voters.size() - 1; i >= 0; i--) {
            if (leaving.test(voters.get(i)) && voters.size() > wanted(partition)) {
                voters.remove(i);
                changed = true;
            } else if (lost.test(voters.get(i))) {
                NodeInfo next = best(partition, voters, i);
                if (next != null) {
                    voters.set(i, next.replica());
                    load.merge(next.nodeId(), 1, Integer::sum);
                    changed = true;
                } else if (leaving.test(voters.get(i)) && voters.size() == 2 && told(partition) == 0) {
                    voters.remove(i); // two are worse than one
                    changed = true;
                }
            }
        }
        return changed ? voters : null;
    }

    /** However many nodes there are just now: what was given three keeps them. */
    private int wanted(PartitionInfo partition) {
        int told = told(partition);
        return told == 0 ? Placement.AUTOMATIC_REPLICAS : told;
    }

    /** How many replicas its topic was told to have; 0: it was not. */
    private int told(PartitionInfo partition) {
        TopicInfo topic = image.topic(partition.topicName());
        return topic == null ? 0 : topic.replication().replicas();
    }

    /** Whether it has one voter because there were no more nodes when it was placed; nobody has changed that since. */
    public boolean mayGrow(PartitionInfo partition) {
        TopicInfo topic = image.topic(partition.topicName());
        return topic != null
                && topic.replication().replicas() == 0
                && partition.cfgVer() == PartitionInfo.FIRST_CFG_VER
                && partition.replicas().voters().size() == 1;
    }

    /**
     * The voters with as many others as the cluster has nodes for by now.
     *
     * @return null if there are not enough nodes
     */
    public @Nullable List<Replica> completed(PartitionInfo partition) {
        List<Replica> voters = new ArrayList<>(partition.replicas().voters());
        int wanted = Math.min(Placement.replicas(image, 0), nodes.size());
        while (voters.size() < wanted) {
            NodeInfo next = best(partition, voters, NO_PLACE);
            if (next == null) {
                return null;
            }
            voters.add(next.replica());
            load.merge(next.nodeId(), 1, Integer::sum);
        }
        return voters.size() < Placement.AUTOMATIC_REPLICAS ? null : voters;
    }

    private @Nullable NodeInfo best(PartitionInfo partition, List<Replica> voters, int place) {
        Map<String, Integer> inRack = new HashMap<>();
        Set<Integer> taken = new HashSet<>();
        for (int i = 0; i < voters.size(); i++) {
            NodeInfo node = image.node(voters.get(i).nodeId());
            if (i != place && node != null) {
                taken.add(node.nodeId());
                inRack.merge(node.details().rack(), 1, Integer::sum);
            }
        }
        NodeInfo best = null;
        for (NodeInfo node : nodes) {
            boolean isFree = !taken.contains(node.nodeId()) && !voters.contains(node.replica());
            if (isFree && (best == null || isBetter(partition, inRack, node, best))) {
                best = node;
            }
        }
        return best;
    }

    private boolean isBetter(PartitionInfo partition, Map<String, Integer> inRack, NodeInfo node, NodeInfo than) {
        List<Replica> learners = partition.replicas().learners();
        boolean has = learners.contains(node.replica());
        if (has != learners.contains(than.replica())) {
            return has;
        }
        int racks = Integer.compare(
                inRack.getOrDefault(node.details().rack(), 0),
                inRack.getOrDefault(than.details().rack(), 0));
        return racks < 0 || (racks == 0 && load.getOrDefault(node.nodeId(), 0) < load.getOrDefault(than.nodeId(), 0));
    }
}
