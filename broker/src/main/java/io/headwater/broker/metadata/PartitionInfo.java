package io.headwater.broker.metadata;

/**
 * One partition as the cluster knows it.
 *
 * @param partitionId unique for ever, never reused; names its directory on disk
 * @param index its place within its topic, from 0
 * @param epoch rises by one with every registration of the node that leads it; fences whoever led before
 */
public record PartitionInfo(long partitionId, int topicId, String topicName, int index, int epoch) {
    PartitionInfo withEpoch(int newEpoch) {
        return new PartitionInfo(partitionId, topicId, topicName, index, newEpoch);
    }

    /** As people name it: {@code orders-3}. */
    public String displayName() {
        return topicName + "-" + index;
    }
}
