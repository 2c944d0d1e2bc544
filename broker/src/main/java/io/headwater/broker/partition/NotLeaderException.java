package io.headwater.broker.partition;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.storage.StorageException;

/** The partition's log is not to be used here: another broker leads it, or none does at this moment. */
public final class NotLeaderException extends StorageException {
    private static final long serialVersionUID = 1L;
    /** Nobody leads. */
    private static final int NOBODY = 0;

    private final int nodeId;
    private final String endpoint;

    private NotLeaderException(String message, int nodeId, String endpoint) {
        super(message);
        this.nodeId = nodeId;
        this.endpoint = endpoint;
    }

    /**
     * @param self the node that was asked; where the metadata say that it leads, it does not yet or not any more
     */
    public static NotLeaderException of(MetadataImage image, PartitionInfo partition, int self) {
        Leader leader = partition.leader();
        if (leader == null || leader.nodeId() == self) {
            return new NotLeaderException("no broker leads it at this moment; try again", NOBODY, "");
        }
        NodeInfo node = image.node(leader.nodeId());
        return new NotLeaderException(
                "node " + leader.nodeId() + " leads it",
                leader.nodeId(),
                node == null ? "" : node.details().clientEndpoint());
    }

    /** 0: none. */
    public int nodeId() {
        return nodeId;
    }

    /** host:port for clients; empty: not known. */
    public String endpoint() {
        return endpoint;
    }
}
