package io.headwater.broker.cluster;

import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Replica;

/** A voter: a node with one data directory. With another one it is another voter, which has promised nothing. */
record VoterName(int node, String directory) {
    static VoterName of(NodeInfo node) {
        return of(node.replica());
    }

    static VoterName of(Replica replica) {
        return new VoterName(replica.nodeId(), replica.directoryId());
    }

    /**
     * @throws IllegalArgumentException if this is no voter's name
     */
    static VoterName parse(String name) {
        int dash = name.indexOf('-');
        try {
            return new VoterName(Integer.parseInt(name.substring(0, Math.max(0, dash))), name.substring(dash + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("voter: " + name + " (expected: NODE-DIRECTORY)", e);
        }
    }

    /** The node of this voter; 0: of none, which has an empty name. */
    static int nodeOf(String name) {
        return name.isEmpty() ? 0 : parse(name).node();
    }

    @Override
    public String toString() {
        return node + "-" + directory;
    }
}
