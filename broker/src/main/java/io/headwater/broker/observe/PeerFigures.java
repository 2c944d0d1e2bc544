package io.headwater.broker.observe;

/**
 * Between this broker and another one. Counters since this one knows the other.
 *
 * @param connected whether this broker's connection to it is open
 * @param connections how often that was opened
 * @param sentBytes over connections in either direction, as they go over the wire
 * @param queuedBytes that wait to be written
 */
public record PeerFigures(
        int node, boolean connected, long connections, long sentBytes, long receivedBytes, long queuedBytes) {}
