package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.NodeLag;
import io.headwater.protocol.wire.ReplicaLag;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ReplicaLagsTest {
    private static final int MANY = 10_000;

    /** A node that is dead, of a cluster with many partitions. */
    private static ClusterLags many(int node, long first) {
        ReplicaLags lags = new ReplicaLags();
        for (long id = first; id < first + MANY; id++) {
            lags.follower(id, node, true, id, ReplicaLags.UNDER_REPLICATED_MS + id);
            lags.underReplicated();
        }
        return lags.wire().build();
    }

    @Test
    void allAreCountedAndOnlyTheWorstNamed() {
        ReplicaLags both = new ReplicaLags();
        both.add(many(2, 0));
        both.add(many(2, MANY));
        both.add(many(3, 0));
        ClusterLags lags = both.wire().build();

        assertEquals(3 * MANY, lags.getUnderReplicated());
        NodeLag two = lags.getNodes(0);
        assertEquals(2, two.getNode());
        assertEquals(2 * MANY, two.getUnderReplicated());
        assertEquals(LongStream.range(0, 2 * MANY).sum(), two.getEntries());
        assertEquals(2 * MANY - 1, two.getLargest());
        assertEquals(
                LongStream.range(0, ReplicaLags.MOST_NAMED)
                        .map(i -> 2 * MANY - 1 - i)
                        .boxed()
                        .toList(),
                lags.getWorstList().stream().map(ReplicaLag::getPartitionId).toList());
    }

    @Test
    void whatIsUnderWayIsNoLagOfAnyName() {
        ReplicaLags lags = new ReplicaLags();
        lags.follower(1, 2, true, 100, ReplicaLags.NAMED_MS - 1);
        lags.follower(2, 2, true, 1, ReplicaLags.NAMED_MS);

        assertEquals(101, lags.wire().getNodes(0).getEntries());
        assertEquals(
                List.of(2L),
                lags.wire().getWorstList().stream()
                        .map(ReplicaLag::getPartitionId)
                        .toList());
    }
}
