package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.Recovery;
import java.io.IOException;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the vote of this node counts. If the metadata went on from another voter's log, by hand, what this one's has is of
 * no use, and it must not vote with it. On the owner's thread.
 */
final class Vote {
    private static final Logger LOG = LoggerFactory.getLogger(Vote.class);

    private final VoterName name;
    private final NodeFile file;
    private boolean isVoid;

    Vote(VoterName name, NodeFile file) {
        this.name = name;
        this.file = file;
    }

    /** Of a node that has a voter: a newer picture than before. */
    void look(MetadataImage before, MetadataImage newer) {
        Recovery last = newer.recoveryOfMetadata();
        if (last != null
                && last.index() > before.appliedIndex()
                && !VoterName.of(last.replica()).equals(name)) {
            LOG.warn(
                    "cluster: the metadata were recovered by hand from node {}: the vote of this node is void",
                    last.replica().nodeId());
            isVoid = true;
        }
    }

    boolean isVoid() {
        return isVoid;
    }

    /** Durable, and before the newer picture is: it begins anew, if it is made a voter again. False: to be tried again. */
    boolean giveUp(MetadataImage image) {
        NodeFile.Known known = Objects.requireNonNull(file.known(), "this node has started");
        try {
            file.write(known.withoutVote().with(image));
            isVoid = false;
            return true;
        } catch (IOException e) {
            LOG.warn("cluster: that this node has no vote any more cannot be kept; tried again", e);
            return false;
        }
    }
}
