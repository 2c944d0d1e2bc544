package io.headwater.broker.cluster;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Relocation;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.ReplicaSet;
import io.headwater.broker.metadata.TopicInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which partitions are to get other voters, a few at a time: because a node is leaving, has been fenced for long or has
 * lost its data directory, because there are more nodes than when they were placed, or because an operator said so. All but
 * the last are read off the metadata and survive the controller; what an operator asked for does not, and is asked for again by whoever still wants it. Pure.
 */
final class Moves {
    /** Each may copy a whole log. */
    private static final int AT_ONCE = 5;

    private static final long EVERY_NS = TimeUnit.SECONDS.toNanos(1);
    /** What takes longer holds up no other one. */
    private static final long PLACE_NS = TimeUnit.MINUTES.toNanos(10);

    /** What there was nothing to do about: until something in here is another there is nothing to look for. */
    private record Calm(MetadataImage image, List<Integer> metadataVoters) {
        boolean isSame(MetadataImage newest, List<Integer> voters) {
            return image == newest && metadataVoters.equals(voters);
        }
    }

    private record Given(List<Replica> voters, long sinceNs) {}

    /** A copy that nobody waits for any more. */
    record Drop(long partitionId, Replica learner) {}

    /** What has to be done, all of it at once. */
    record Steps(
            Map<Long, List<Replica>> move,
            List<Long> abort,
            List<PartitionInfo> toPreferred,
            List<Drop> drop,
            List<NodeInfo> unregister) {
        Steps() {
            this(new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        int count() {
            return move.size() + abort.size() + toPreferred.size() + drop.size() + unregister.size();
        }
    }

    private final long lostNs;
    private final Map<Integer, Long> fencedSinceNs = new HashMap<>();
    /** What operators want, by partition; done when the voters are these. */
    private final Map<Long, List<Replica>> asked = new LinkedHashMap<>();
    /** Where an operator wants the voters that there are. */
    private final Set<Long> asWanted = new HashSet<>();
    /** What is under way. */
    private final Map<Long, Given> given = new LinkedHashMap<>();

    private long lookNs;
    private @Nullable Calm calm;

    /** @param lostMs after how long fenced a node's replicas are replaced */
    Moves(long lostMs, long nowNs) {
        this.lostNs = TimeUnit.MILLISECONDS.toNanos(lostMs);
        this.lookNs = nowNs;
    }

    void onImage(MetadataImage image, long nowNs) {
        fencedSinceNs.keySet().removeIf(node -> image.node(node) == null);
        for (NodeInfo node : image.nodes()) {
            if (node.fenced()) {
                fencedSinceNs.putIfAbsent(node.nodeId(), nowNs);
            } else {
                fencedSinceNs.remove(node.nodeId());
            }
        }
    }

    /** An operator wants these voters, the preferred leader first. A later wish replaces an earlier one. */
    void ask(long partitionId, List<Replica> voters) {
        asked.put(partitionId, List.copyOf(voters));
        calm = null;
    }

    /** @param metadataVoters the nodes that vote on the metadata: such a node leaves when it does so no longer */
    Steps next(MetadataImage image, List<Integer> metadataVoters, long nowNs) {
        Steps steps = new Steps();
        if (nowNs - lookNs < 0) {
            return steps;
        }
        lookNs = nowNs + EVERY_NS;
        if (calm != null && calm.isSame(image, metadataVoters)) {
            return steps;
        }
        // Then what is found depends on the picture alone, and not on the time.
        boolean isNothingLeft = asked.isEmpty() && given.isEmpty() && fencedSinceNs.isEmpty();
        asWanted.removeIf(partition -> image.partition(partition) == null);
        asked.keySet().removeIf(partition -> image.partition(partition) == null);
        given.keySet().removeIf(partition -> image.partition(partition) == null);
        Relocation relocation = new Relocation(image, node -> true);
        Set<Integer> holders = new HashSet<>();
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                look(image, partition, relocation, steps, nowNs);
                ReplicaSet replicas = partition.replicas();
                replicas.voters().forEach(each -> holders.add(each.nodeId()));
                replicas.nextVoters().forEach(each -> holders.add(each.nodeId()));
                replicas.learners().forEach(each -> holders.add(each.nodeId()));
            }
        }
        for (NodeInfo node : image.nodes()) {
            if (node.draining() && !holders.contains(node.nodeId()) && !metadataVoters.contains(node.nodeId())) {
                steps.unregister().add(node);
            }
        }
        calm = isNothingLeft && steps.count() == 0 ? new Calm(image, metadataVoters) : null;
        return steps;
    }

    private void look(MetadataImage image, PartitionInfo partition, Relocation relocation, Steps steps, long nowNs) {
        long id = partition.partitionId();
        ReplicaSet present = partition.replicas();
        if (present.isJoint()) {
            boolean isHopeless = present.nextVoters().stream()
                    .anyMatch(voter -> !present.voters().contains(voter) && isLost(image, voter, nowNs));
            if (isHopeless) {
                given.remove(id);
                steps.abort().add(id);
            }
            return;
        }
        List<Replica> wanted = wanted(image, partition, relocation, steps, nowNs);
        Given before = given.get(id);
        boolean isDone = wanted == null && before != null;
        if (wanted == null) {
            given.remove(id);
            isDone |= asked.remove(id) != null;
            if (before != null && !before.voters().equals(present.voters())) {
                steps.abort().add(id); // it was taken back
            }
        } else if (partition.leader() != null && (before == null || !wanted.equals(before.voters()))) {
            if (before != null || taken(image, nowNs) < AT_ONCE) {
                given.put(id, new Given(wanted, nowNs));
                steps.move().put(id, wanted);
            }
        }
        for (Replica learner : present.learners()) {
            boolean isUnwanted = wanted == null || !wanted.contains(learner);
            if (isUnwanted && (isDone || isLost(image, learner, nowNs))) {
                steps.drop().add(new Drop(id, learner));
            }
        }
    }

    /** Places that are taken: not by those that only wait, for a leader or for a copy that does not come. */
    private long taken(MetadataImage image, long nowNs) {
        return given.entrySet().stream()
                .filter(each -> {
                    PartitionInfo partition = image.partition(each.getKey());
                    boolean isLed = partition != null && partition.leader() != null;
                    return isLed && nowNs - each.getValue().sinceNs() < PLACE_NS;
                })
                .count();
    }

    /** Null: the voters are as they should be, or nobody can take the places of those that are lost. */
    private @Nullable List<Replica> wanted(
            MetadataImage image, PartitionInfo partition, Relocation relocation, Steps steps, long nowNs) {
        List<Replica> byHand = asked.get(partition.partitionId());
        List<Replica> voters = partition.replicas().voters();
        if (byHand == null || byHand.stream().anyMatch(each -> !voters.contains(each) && isLost(image, each, nowNs))) {
            asked.remove(partition.partitionId());
            return wantedByItself(image, partition, relocation, nowNs);
        }
        if (!byHand.equals(voters)) {
            return byHand;
        }
        asWanted.add(partition.partitionId());
        Leader leader = partition.leader();
        if (leader != null && leader.nodeId() != byHand.get(0).nodeId()) {
            steps.toPreferred().add(partition);
        }
        return null;
    }

    private @Nullable List<Replica> wantedByItself(
            MetadataImage image, PartitionInfo partition, Relocation relocation, long nowNs) {
        List<Replica> others = relocation.without(
                partition, replica -> isLost(image, replica, nowNs), replica -> isLeaving(image, replica));
        boolean grows = others == null && relocation.mayGrow(partition) && !asWanted.contains(partition.partitionId());
        if (others == null && !grows) {
            return null;
        }
        Given before = given.get(partition.partitionId());
        if (before != null && before.voters().stream().noneMatch(each -> isLost(image, each, nowNs))) {
            return before.voters(); // what is copied already stays, also while its node is away for a moment
        }
        return grows ? relocation.completed(partition) : others;
    }

    private static boolean isLeaving(MetadataImage image, Replica replica) {
        NodeInfo node = image.node(replica.nodeId());
        return node == null || node.draining() || !node.replica().equals(replica);
    }

    private boolean isLost(MetadataImage image, Replica replica, long nowNs) {
        if (isLeaving(image, replica)) {
            return true;
        }
        Long since = fencedSinceNs.get(replica.nodeId());
        return since != null && nowNs - since >= lostNs;
    }
}
