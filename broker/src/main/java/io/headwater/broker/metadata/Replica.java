package io.headwater.broker.metadata;

/**
 * One copy of a partition. The same node with another data directory is another replica: what the first one voted,
 * reported and acknowledged says nothing about it.
 */
public record Replica(int nodeId, String directoryId) {}
