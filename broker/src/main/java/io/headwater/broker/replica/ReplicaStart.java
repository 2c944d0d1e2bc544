package io.headwater.broker.replica;

/**
 * What a replica knows when it is opened.
 *
 * @param incarnation of its node: another one after each start
 * @param promised the greatest epoch whose promise is durable
 * @param commit an index below which everything is known to be committed; may be out of date
 */
public record ReplicaStart(ReplicaId id, long incarnation, int promised, long commit) {}
