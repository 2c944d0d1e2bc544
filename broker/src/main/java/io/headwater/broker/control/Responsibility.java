package io.headwater.broker.control;

import io.headwater.broker.metadata.Replica;
import io.headwater.protocol.wire.Error;
import java.util.List;
import java.util.Set;

/** Whether this broker decides what one has to decide for the whole cluster, and who else does. Any thread. */
public interface Responsibility {
    /** Of a broker that stands alone. */
    Responsibility ALONE = new Responsibility() {
        @Override
        public boolean isHere() {
            return true;
        }

        @Override
        public Error elsewhere() {
            throw new IllegalStateException("nobody else is there");
        }

        @Override
        public int controllerNode() {
            return 0;
        }

        @Override
        public List<Integer> voters() {
            return List.of();
        }

        @Override
        public Set<Integer> differing() {
            return Set.of();
        }

        @Override
        public boolean transfer(long partitionId, int to) {
            return true;
        }

        @Override
        public boolean move(long partitionId, List<Replica> voters) {
            return true;
        }

        @Override
        public List<CopyEnd> copies(long partitionId) {
            return List.of();
        }
    };

    boolean isHere();

    /** What a client is told that asks here while it is not: who decides, as far as known. */
    Error elsewhere();

    /** Who decides; 0: nobody is known, or nobody else is there. */
    int controllerNode();

    /** The nodes that vote on the metadata; empty: this one does not, and does not know. On the control thread. */
    List<Integer> voters();

    /** Nodes that hold other metadata than this broker; empty: none, or it is not the one that decides. Any thread. */
    Set<Integer> differing();

    /**
     * The leader of a partition is to hand over. On the control thread.
     *
     * @param to the node that should lead; 0: any voter's
     * @return whether this broker is the one to say so; nothing happens if not
     */
    boolean transfer(long partitionId, int to);

    /** As {@link #transfer}: a partition is to get these voters, the preferred leader first. */
    boolean move(long partitionId, List<Replica> voters);

    /**
     * How the copies end of a partition that has no leader, as far as their nodes have said so. On the control thread, of the
     * broker that decides.
     */
    List<CopyEnd> copies(long partitionId);
}
