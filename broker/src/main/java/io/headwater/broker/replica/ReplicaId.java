package io.headwater.broker.replica;

import java.util.UUID;

/**
 * One copy of a partition: a node and the data directory on it. The same node with another directory is another
 * replica: a disk that was wiped or exchanged has promised nothing, and must not vote with its predecessor's name (R10).
 */
public record ReplicaId(int node, UUID directory) {
    @Override
    public String toString() {
        return node + "/" + directory.toString().substring(24);
    }
}
