package io.headwater.broker.cluster;

import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * This broker, in this run of its process.
 *
 * @param run a uuid
 */
record Member(
        String clusterId,
        VoterName name,
        String run,
        ClusterSettings settings,
        ClusterPorts ports,
        ClusterMailbox mailbox) {
    int nodeId() {
        return name.node();
    }

    /**
     * @param used whether it has been started before, and may have voted
     * @param voters when the cluster is founded: itself; otherwise none
     */
    Voter startVoter(boolean used, List<String> voters) throws IOException {
        RatisQuorum.Membership membership = new RatisQuorum.Membership(clusterId, name.toString(), voters);
        return ports.voters().start(membership, used, mailbox::wake);
    }

    /** As it stands in this picture; null: in this run it has not registered yet. */
    @Nullable
    NodeInfo registered(MetadataImage image) {
        NodeInfo node = image.node(nodeId());
        return node != null && node.run().equals(run) ? node : null;
    }
}
