package io.headwater.broker.replica;

import io.headwater.broker.replica.Rules.Rule;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** Who has to agree. Each active set of voters counts on its own. */
final class Quorums {
    private final Rules rules;

    Quorums(Rules rules) {
        this.rules = rules;
    }

    /** How far a write quorum of every active set has come: with its disk, say. */
    long reachedByQuorum(Configuration configuration, ToLongFunction<ReplicaId> reached) {
        long least = Long.MAX_VALUE;
        for (List<ReplicaId> voters : activeSets(configuration)) {
            long[] ends = voters.stream().mapToLong(reached).sorted().toArray();
            least = Math.min(least, ends[ends.length - configuration.writeQuorum(ends.length)]);
        }
        return least;
    }

    /** Whether the reports are sure to hold whatever is committed, and nothing more can be committed without them. */
    boolean isSealed(Configuration configuration, Predicate<ReplicaId> reported) {
        for (List<ReplicaId> voters : activeSets(configuration)) {
            long heard = voters.stream().filter(reported).count();
            int wanted = rules.hold(Rule.SEAL_BY_QUORUM) ? configuration.sealQuorum(voters.size()) : 1;
            if (heard < wanted) {
                return false;
            }
        }
        return true;
    }

    private List<List<ReplicaId>> activeSets(Configuration configuration) {
        if (!configuration.isJoint()) {
            return List.of(configuration.voters());
        }
        return rules.hold(Rule.BOTH_SETS_AGREE)
                ? List.of(configuration.voters(), configuration.newVoters())
                : List.of(configuration.newVoters());
    }
}
