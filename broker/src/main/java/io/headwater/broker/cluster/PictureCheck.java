package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PictureDigest;
import io.headwater.broker.peer.wire.Heartbeat;
import io.headwater.broker.peer.wire.PictureMark;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller's: whether other nodes hold the picture of the metadata that it holds itself. It says what differs, and mends
 * nothing. On the owner's thread but for {@link #differing}.
 */
final class PictureCheck {
    private static final Logger LOG = LoggerFactory.getLogger(PictureCheck.class);
    /** Whoever leads has all that was agreed on; in this time it has applied it, or hears that it leads no longer. */
    private static final long AHEAD_NS = TimeUnit.SECONDS.toNanos(10);

    private final PictureMarks own;
    /** Nodes whose picture goes beyond the controller's, and since when. */
    private final Map<Integer, Long> aheadSinceNs = new HashMap<>();

    private volatile Set<Integer> differing = Set.of();

    PictureCheck(PictureMarks own) {
        this.own = own;
    }

    void onImage(MetadataImage image) {
        aheadSinceNs.keySet().removeIf(node -> image.node(node) == null);
        if (differing.stream().anyMatch(node -> image.node(node) == null)) {
            Set<Integer> left = new TreeSet<>(differing);
            left.removeIf(node -> image.node(node) == null);
            differing = Set.copyOf(left);
        }
    }

    void heard(Heartbeat heartbeat, MetadataImage image, long nowNs) {
        PictureMark theirs = heartbeat.getPicture();
        int node = heartbeat.getNodeId();
        if (theirs.getFormat() != PictureDigest.FORMAT || image.node(node) == null) {
            return;
        }
        if (theirs.getIndex() > image.appliedIndex()) {
            if (nowNs - aheadSinceNs.computeIfAbsent(node, each -> nowNs) >= AHEAD_NS) {
                differs(node, theirs.getIndex());
            }
            return;
        }
        aheadSinceNs.remove(node);
        Long digest = own.digest(theirs.getIndex());
        if (digest == null) {
            return;
        }
        if (digest != theirs.getDigest()) {
            differs(node, theirs.getIndex());
        } else if (differing.contains(node)) {
            LOG.info("cluster: node {} holds the same metadata as the controller again", node);
            Set<Integer> left = new TreeSet<>(differing);
            left.remove(node);
            differing = Set.copyOf(left);
        }
    }

    private void differs(int node, long index) {
        if (differing.contains(node)) {
            return;
        }
        LOG.error(
                "cluster: node {} does not hold the same metadata as the controller, as of index {}: one of the two has applied"
                        + " what the others have not. If only this node is named, stop it and replace it with an empty data"
                        + " directory; if all others are named, it is the controller that differs"
                        + " ('A broker holds other metadata' in docs/operating.md)",
                node,
                index);
        Set<Integer> more = new TreeSet<>(differing);
        more.add(node);
        differing = Set.copyOf(more);
    }

    /** Nodes that hold other metadata than the controller. Any thread. */
    Set<Integer> differing() {
        return differing;
    }
}
