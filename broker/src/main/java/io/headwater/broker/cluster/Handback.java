package io.headwater.broker.cluster;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which partitions should go back to their preferred leaders, after those were away: when such a node has been there for a
 * while, a few partitions at a time, and each once for each time that the node comes back. Whether the node has caught up
 * the present leader sees, which hands over to whoever has everything. Pure.
 */
final class Handback {
    private static final int AT_ONCE = 10;
    private static final long EVERY_NS = TimeUnit.SECONDS.toNanos(1);

    private record Presence(long incarnation, long sinceNs) {}

    private final long steadyNs;
    private final Map<Integer, Presence> present = new HashMap<>();
    /** By partition: the incarnation of the preferred leader to which it was to go. */
    private final Map<Long, Long> asked = new HashMap<>();

    private long lookNs;
    /** In this picture all that can be led by their preferred leaders are: until the next one there is nothing to look for. */
    private @Nullable MetadataImage atHome;

    Handback(long steadyMs, long nowNs) {
        this.steadyNs = TimeUnit.MILLISECONDS.toNanos(steadyMs);
        this.lookNs = nowNs;
    }

    /** Each picture: a node that is fenced for a moment has been away as well. */
    void onImage(MetadataImage image, long nowNs) {
        present.keySet().removeIf(node -> image.node(node) == null);
        for (NodeInfo node : image.nodes()) {
            Presence known = present.get(node.nodeId());
            if (node.fenced()) {
                present.remove(node.nodeId());
            } else if (known == null || known.incarnation() != node.incarnation()) {
                present.put(node.nodeId(), new Presence(node.incarnation(), nowNs));
            }
        }
    }

    /** Somebody wants another leader: it does not go back until its preferred one has been away again. */
    void leave(MetadataImage image, PartitionInfo partition) {
        NodeInfo preferred = image.node(partition.replicas().voters().get(0).nodeId());
        if (preferred != null) {
            asked.put(partition.partitionId(), preferred.incarnation());
        }
    }

    /** The partitions whose leaders are to hand over now. */
    List<Long> next(MetadataImage image, long nowNs) {
        List<Long> next = new ArrayList<>(0);
        if (nowNs - lookNs < 0) {
            return next;
        }
        lookNs = nowNs + EVERY_NS;
        if (isSame(image, atHome)) {
            return next;
        }
        boolean areAtHome = true;
        asked.keySet().removeIf(partition -> image.partition(partition) == null);
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                if (isAway(image, partition)) {
                    areAtHome = false;
                    if (next.size() < AT_ONCE && isDue(partition, nowNs)) {
                        next.add(partition.partitionId());
                    }
                }
            }
        }
        atHome = areAtHome ? image : null;
        return next;
    }

    private static boolean isSame(MetadataImage one, @Nullable MetadataImage other) {
        return one == other;
    }

    /** As far as the picture says it; it does not depend on the time. */
    private static boolean isAway(MetadataImage image, PartitionInfo partition) {
        Leader leader = partition.leader();
        if (leader == null
                || partition.replicas().isJoint()
                || partition.replicas().voters().isEmpty()) {
            return false;
        }
        var preferred = partition.replicas().voters().get(0);
        NodeInfo node = image.node(preferred.nodeId());
        return leader.nodeId() != preferred.nodeId()
                && node != null
                && !node.draining()
                && node.replica().equals(preferred);
    }

    private boolean isDue(PartitionInfo partition, long nowNs) {
        Presence presence = present.get(partition.replicas().voters().get(0).nodeId());
        if (presence == null || nowNs - presence.sinceNs() < steadyNs) {
            return false;
        }
        Long before = asked.put(partition.partitionId(), presence.incarnation());
        return before == null || before != presence.incarnation();
    }
}
