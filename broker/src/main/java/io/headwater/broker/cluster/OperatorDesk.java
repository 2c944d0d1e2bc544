package io.headwater.broker.cluster;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.replica.ControllerMessage.SealReport;
import java.util.List;
import java.util.Set;

/** What operators ask of the controller. On the owner's thread. */
public final class OperatorDesk {
    private final Leading leading;

    OperatorDesk(Leading leading) {
        this.leading = leading;
    }

    /**
     * The leader of a partition is to hand over.
     *
     * @param to the node that should lead; 0: any voter's
     */
    public void transfer(PartitionInfo partition, int to) {
        leading.desk().transfer(partition, to);
    }

    /** A partition is to get these voters, the preferred leader first. */
    public void move(long partitionId, List<Replica> voters) {
        leading.moves().ask(partitionId, voters);
    }

    /** Nodes that hold other metadata than the controller. Any thread. */
    public Set<Integer> differing() {
        return leading.pictures().differing();
    }

    /** How copies of a partition end that is being sealed, as far as they have said so. */
    public List<SealReport> reports(long partitionId) {
        return leading.desk().reports(partitionId);
    }
}
