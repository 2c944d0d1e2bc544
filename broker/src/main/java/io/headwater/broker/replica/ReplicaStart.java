package io.headwater.broker.replica;

import org.jspecify.annotations.Nullable;

/**
 * What a replica knows when it is opened.
 *
 * @param incarnation of its node: another one after each start
 * @param life rises with each time that this incarnation opens a copy: one that was deleted meanwhile is not the same
 * @param promised the greatest epoch whose promise is durable
 * @param commit an index below which everything is known to be committed; may be out of date
 * @param lack what it may lack, if it was not {@link ReplicaOwner#wholeAgain} since
 * @param had where {@link Lack#ANYTHING} may be lacking: how far the log went when it was found damaged, at least as far as all
 *     that this copy had ever acknowledged; null: that is not known
 */
public record ReplicaStart(
        ReplicaId id,
        long incarnation,
        int life,
        int promised,
        long commit,
        Lack lack,
        @Nullable LogEnd had) {
    /** Of one that lacks nothing, or of which nothing else is known. */
    public ReplicaStart(ReplicaId id, long incarnation, int life, int promised, long commit, Lack lack) {
        this(id, incarnation, life, promised, commit, lack, null);
    }
}
