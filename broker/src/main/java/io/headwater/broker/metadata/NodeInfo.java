package io.headwater.broker.metadata;

/**
 * A broker that registered.
 *
 * @param directoryId the identity of its data directory, made when that was formatted
 * @param incarnation the metadata index of its last registration: proves which run of the process is meant
 */
public record NodeInfo(int nodeId, String directoryId, long incarnation) {}
