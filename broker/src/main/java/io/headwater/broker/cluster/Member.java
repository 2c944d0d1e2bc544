package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
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

    /** As it stands in this picture; null: in this run it has not registered yet. */
    @Nullable
    NodeInfo registered(MetadataImage image) {
        NodeInfo node = image.node(nodeId());
        return node != null && node.run().equals(run) ? node : null;
    }
}
