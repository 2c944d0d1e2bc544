package io.headwater.broker.replica;

/**
 * Which description of a follower's log an answer is about. The log must not have changed since: an answer to another
 * attempt, or to the node before it restarted, is void.
 */
public record AttachId(ReplicaId replica, long incarnation, long attempt) {
    boolean isOlderThan(AttachId other) {
        return incarnation < other.incarnation || (incarnation == other.incarnation && attempt < other.attempt);
    }
}
