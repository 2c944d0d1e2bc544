package io.headwater.broker.replica;

/**
 * What a replica knows when it is opened.
 *
 * @param incarnation of its node: another one after each start
 * @param life rises with each time that this incarnation opens a copy: one that was deleted meanwhile is not the same
 * @param promised the greatest epoch whose promise is durable
 * @param commit an index below which everything is known to be committed; may be out of date
 * @param lack what it may lack, if it was not {@link ReplicaOwner#wholeAgain} since
 */
public record ReplicaStart(ReplicaId id, long incarnation, int life, int promised, long commit, Lack lack) {}
