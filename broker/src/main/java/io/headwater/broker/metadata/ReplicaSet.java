package io.headwater.broker.metadata;

import java.util.ArrayList;
import java.util.List;

/**
 * The replicas of a partition. Many partitions have the same and share one object. Immutable.
 *
 * @param voters on whose disks an entry is committed; the first is the preferred leader
 * @param nextVoters while a joint change is on, the voters after it, and until then both sets decide; otherwise empty
 * @param learners copy, and count for nothing; never voters of either set
 */
public record ReplicaSet(List<Replica> voters, List<Replica> nextVoters, List<Replica> learners) {
    /** Of a partition that nobody has placed. */
    public static final ReplicaSet NONE = of(List.of());

    public ReplicaSet {
        voters = List.copyOf(voters);
        nextVoters = List.copyOf(nextVoters);
        learners = List.copyOf(learners);
    }

    static ReplicaSet of(List<Replica> voters) {
        return new ReplicaSet(voters, List.of(), List.of());
    }

    public boolean isJoint() {
        return !nextVoters.isEmpty();
    }

    /** Whether nobody could lead but the one voter that there is. */
    public boolean isOneCopy() {
        return !isJoint() && voters.size() <= 1;
    }

    /** Of either set. */
    public boolean isVoter(Replica replica) {
        return voters.contains(replica) || nextVoters.contains(replica);
    }

    /** Whether nobody else has a copy or is to get one. */
    public boolean isOnly(Replica replica) {
        return isOnlyVoter(replica) && learners.isEmpty();
    }

    boolean isOnlyVoter(Replica replica) {
        return !isJoint() && voters.size() == 1 && voters.get(0).equals(replica);
    }

    /** Voter or learner. */
    public boolean contains(Replica replica) {
        return isVoter(replica) || learners.contains(replica);
    }

    ReplicaSet withLearner(Replica learner) {
        List<Replica> all = new ArrayList<>(learners);
        all.add(learner);
        return new ReplicaSet(voters, nextVoters, all);
    }

    ReplicaSet withoutLearner(Replica learner) {
        List<Replica> rest = new ArrayList<>(learners);
        rest.remove(learner);
        return new ReplicaSet(voters, nextVoters, rest);
    }

    /** Learners that are not to become voters stay learners. */
    ReplicaSet joint(List<Replica> next) {
        List<Replica> rest = new ArrayList<>(learners);
        rest.removeAll(next);
        return new ReplicaSet(voters, next, rest);
    }

    ReplicaSet finished() {
        return new ReplicaSet(nextVoters, List.of(), learners);
    }

    /** Who was to become a voter is a learner again, as before: it keeps what it has copied. */
    ReplicaSet aborted() {
        List<Replica> all = new ArrayList<>(learners);
        for (Replica replica : nextVoters) {
            if (!voters.contains(replica)) {
                all.add(replica);
            }
        }
        return new ReplicaSet(voters, List.of(), all);
    }
}
