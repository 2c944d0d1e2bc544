package io.headwater.broker.replica;

/**
 * Which description of a follower's log an answer is about. The log must not have changed since: an answer to another
 * attempt, or to the node before it restarted, is void.
 *
 * @param attempt rises within the incarnation, with the copy before if that was deleted and begun anew
 */
public record AttachId(ReplicaId replica, long incarnation, long attempt) {
    boolean isOlderThan(AttachId other) {
        return incarnation < other.incarnation || (incarnation == other.incarnation && attempt < other.attempt);
    }
}
