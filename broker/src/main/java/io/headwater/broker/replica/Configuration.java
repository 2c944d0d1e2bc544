package io.headwater.broker.replica;

import java.util.ArrayList;
import java.util.List;

/**
 * Who votes on a partition. While voters change, two sets are active and each must agree on its own (R9, R13).
 *
 * @param version rises with every change
 * @param voters the first one is the preferred leader
 * @param newVoters empty, except between the begin and the end of a joint change
 * @param minCopies how many durable copies make an entry committed, if that is more than a majority
 */
public record Configuration(int version, List<ReplicaId> voters, List<ReplicaId> newVoters, int minCopies) {
    public Configuration {
        if (voters.isEmpty()) {
            throw new IllegalArgumentException("voters: [] (expected: at least one)");
        }
        voters = List.copyOf(voters);
        newVoters = List.copyOf(newVoters);
    }

    public boolean isJoint() {
        return !newVoters.isEmpty();
    }

    public boolean isVoter(ReplicaId replica) {
        return voters.contains(replica) || newVoters.contains(replica);
    }

    /** Of either set, each once. */
    public List<ReplicaId> allVoters() {
        List<ReplicaId> all = new ArrayList<>(voters);
        for (ReplicaId replica : newVoters) {
            if (!all.contains(replica)) {
                all.add(replica);
            }
        }
        return all;
    }

    public ReplicaId preferredLeader() {
        return voters.get(0);
    }

    /** Never less than a majority, whatever was asked for. */
    int writeQuorum(int voterCount) {
        return Math.max(voterCount / 2 + 1, Math.min(voterCount, minCopies));
    }

    /** As many as must be heard to hear at least one of any write quorum (R4). */
    int sealQuorum(int voterCount) {
        return voterCount - writeQuorum(voterCount) + 1;
    }
}
