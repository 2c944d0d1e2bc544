package io.headwater.broker.metadata;

/** The ids that the next new thing of each kind will get; none is ever given twice, on which storage relies. */
record NextIds(long producerId, int topicId, long partitionId, int groupId, int nodeId) {
    static final NextIds FIRST = new NextIds(1, 1, 1, 1, 1);

    NextIds afterProducers(int count) {
        return new NextIds(producerId + count, topicId, partitionId, groupId, nodeId);
    }

    /** Far behind whatever may have been given without our knowing. */
    NextIds after(int producers, int ids, int nodes) {
        return new NextIds(producerId + producers, topicId + ids, partitionId + ids, groupId + ids, nodeId + nodes);
    }

    NextIds afterTopic() {
        return new NextIds(producerId, topicId + 1, partitionId, groupId, nodeId);
    }

    NextIds afterPartitions(int count) {
        return new NextIds(producerId, topicId, partitionId + count, groupId, nodeId);
    }

    NextIds afterGroup() {
        return new NextIds(producerId, topicId, partitionId, groupId + 1, nodeId);
    }

    /** Nodes may bring their own ids. */
    NextIds afterNode(int id) {
        return new NextIds(producerId, topicId, partitionId, groupId, Math.max(nodeId, id + 1));
    }
}
