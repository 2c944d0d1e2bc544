package io.headwater.broker.metadata;

import java.util.Arrays;

/**
 * How many replicas each node holds and of how many partitions it is the preferred leader: kept up to date with each
 * change, because counting all partitions anew for each topic that is made would take too long in a large cluster.
 * Immutable.
 */
final class ReplicaCounts {
    static final ReplicaCounts NONE = new ReplicaCounts(new int[0], new int[0]);

    /** By node id. */
    private final int[] replicas;

    private final int[] preferred;

    private ReplicaCounts(int[] replicas, int[] preferred) {
        this.replicas = replicas;
        this.preferred = preferred;
    }

    int replicas(int nodeId) {
        return nodeId < replicas.length ? replicas[nodeId] : 0;
    }

    int preferred(int nodeId) {
        return nodeId < preferred.length ? preferred[nodeId] : 0;
    }

    /** A change in the making. */
    static final class Edit {
        private int[] replicas;
        private int[] preferred;

        Edit(ReplicaCounts from) {
            replicas = from.replicas.clone();
            preferred = from.preferred.clone();
        }

        void add(ReplicaSet set) {
            count(set, 1);
        }

        void remove(ReplicaSet set) {
            count(set, -1);
        }

        private void count(ReplicaSet set, int by) {
            set.voters().forEach(replica -> count(replica, by));
            set.nextVoters().forEach(replica -> count(replica, by));
            set.learners().forEach(replica -> count(replica, by));
            if (!set.voters().isEmpty()) {
                preferred[set.voters().get(0).nodeId()] += by;
            }
        }

        private void count(Replica replica, int by) {
            if (replica.nodeId() >= replicas.length) {
                replicas = Arrays.copyOf(replicas, replica.nodeId() + 1);
                preferred = Arrays.copyOf(preferred, replica.nodeId() + 1);
            }
            replicas[replica.nodeId()] += by;
        }

        ReplicaCounts done() {
            return new ReplicaCounts(replicas, preferred);
        }
    }
}
