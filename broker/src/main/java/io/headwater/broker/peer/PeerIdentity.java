package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerHello;
import io.headwater.broker.peer.wire.PeerWelcome;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Who we are, and who may talk to us.
 *
 * @param nodeId 0: no member of a cluster yet
 */
record PeerIdentity(String clusterId, int nodeId, String directoryId) {
    static final int VERSION = 1;

    boolean isMember() {
        return nodeId != 0;
    }

    PeerHello hello(int wantedNode, boolean aside) {
        return PeerHello.newBuilder()
                .setVersion(VERSION)
                .setClusterId(clusterId)
                .setNodeId(nodeId)
                .setDirectoryId(directoryId)
                .setWantedNodeId(wantedNode)
                .setAside(aside)
                .build();
    }

    PeerWelcome welcome() {
        return PeerWelcome.newBuilder()
                .setVersion(VERSION)
                .setClusterId(clusterId)
                .setNodeId(nodeId)
                .setDirectoryId(directoryId)
                .build();
    }

    static PeerWelcome refused(String why, boolean retry) {
        return PeerWelcome.newBuilder()
                .setVersion(VERSION)
                .setRefused(why)
                .setRetry(retry)
                .build();
    }

    /** Of who wants to come in; null: welcome. */
    @Nullable
    PeerWelcome refusal(PeerHello hello, ToIntFunction<String> nodeOfDirectory) {
        if (hello.getVersion() != VERSION) {
            return refused("version: " + hello.getVersion() + " (expected: " + VERSION + ")", false);
        }
        if (!isMember()) {
            return refused("this broker is no member of a cluster yet; try again", true);
        }
        if (hello.getWantedNodeId() != 0 && hello.getWantedNodeId() != nodeId) {
            return refused("wanted node: " + hello.getWantedNodeId() + " (expected: this one, " + nodeId + ")", true);
        }
        if (hello.getDirectoryId().isEmpty()) {
            return refused("directory: none (expected: an id)", false);
        }
        if (hello.getNodeId() == 0 && hello.getClusterId().isEmpty()) {
            return hello.getAside() ? null : refused("a broker that is no member may only ask to join", false);
        }
        if (!hello.getClusterId().equals(clusterId)) {
            return refused("cluster: " + hello.getClusterId() + " (expected: " + clusterId + ")", false);
        }
        if (hello.getNodeId() <= 0 || hello.getNodeId() == nodeId) {
            return refused("node: " + hello.getNodeId() + " (expected: another than this one, " + nodeId + ")", false);
        }
        int owner = nodeOfDirectory.applyAsInt(hello.getDirectoryId());
        if (owner != 0 && owner != hello.getNodeId()) {
            return refused(
                    "node: " + hello.getNodeId() + " (expected: " + owner + ", to which directory "
                            + hello.getDirectoryId() + " belongs)",
                    false);
        }
        return null;
    }

    /** Of who welcomes us; null: it is whom we want. */
    static @Nullable String refusal(PeerHello hello, PeerWelcome welcome) {
        if (welcome.getVersion() != VERSION) {
            return "version: " + welcome.getVersion() + " (expected: " + VERSION + ")";
        }
        if (!hello.getClusterId().isEmpty() && !hello.getClusterId().equals(welcome.getClusterId())) {
            return "cluster: " + welcome.getClusterId() + " (expected: " + hello.getClusterId() + ")";
        }
        if (hello.getWantedNodeId() != 0 && hello.getWantedNodeId() != welcome.getNodeId()) {
            return "node: " + welcome.getNodeId() + " (expected: " + hello.getWantedNodeId() + ")";
        }
        return null;
    }
}
