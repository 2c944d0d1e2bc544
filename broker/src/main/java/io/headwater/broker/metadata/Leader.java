package io.headwater.broker.metadata;

/**
 * Who leads a partition in its present epoch.
 *
 * @param incarnation of the node when it was chosen; the node must not lead if it has registered again since, because it
 *     may have forgotten what it did in this epoch
 */
public record Leader(int nodeId, long incarnation) {}
