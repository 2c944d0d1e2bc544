package io.headwater.broker.replica;

/**
 * Who leads an epoch: a replica, while its node is in one incarnation. A node that has restarted is another incarnation
 * and does not lead on (R6). The replica is named, not only its node: on the node of a voter whose disk was lost there
 * is another replica by now, in the same incarnation maybe, that is no voter and would never lead.
 */
public record Leader(ReplicaId replica, long incarnation) {
    public int node() {
        return replica.node();
    }
}
