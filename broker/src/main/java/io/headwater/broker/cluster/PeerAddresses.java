package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.peer.Peers;
import java.util.SortedMap;
import java.util.TreeMap;

/** Tells the network where the nodes of the cluster listen, as the metadata say. */
final class PeerAddresses {
    private final Peers peers;
    private final SortedMap<Integer, HostPort> told = new TreeMap<>();

    PeerAddresses(Peers peers) {
        this.peers = peers;
    }

    void follow(MetadataImage now) {
        told.keySet().removeIf(node -> {
            boolean gone = now.node(node) == null;
            if (gone) {
                peers.forget(node);
            }
            return gone;
        });
        for (NodeInfo node : now.nodes()) {
            String endpoint = node.details().peerEndpoint();
            if (!endpoint.isEmpty()) {
                HostPort address = HostPort.parse(endpoint);
                if (!address.equals(told.put(node.nodeId(), address))) {
                    peers.know(node.nodeId(), address);
                }
            }
        }
    }
}
