package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.observe.ReplicationFigures;
import io.headwater.broker.observe.ReplicationFigures.Lag;
import io.headwater.broker.partition.ReplicaLags;
import io.headwater.broker.replica.FollowerLags;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.ReplicaLag;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ReplicationCountTest {
    private static final long LONG = ReplicaLags.UNDER_REPLICATED_MS;

    private final ReplicationCount count = new ReplicationCount(0);
    private long partitionId;

    private void leading(Consumer<FollowerLags> followers) {
        count.addLeading(++partitionId, followers);
    }

    @Test
    void lagsAddUpByNodeAndThePartitionFurthestBehindStandsOut() {
        leading(to -> {
            to.follower(2, true, 10, 0);
            to.follower(3, true, 0, 0);
        });
        leading(to -> to.follower(2, true, 30, 0));
        count.addFollowing();

        assertEquals(
                new ReplicationFigures(
                        2, 1, 0, 7, 5, 2, 1, new TreeMap<>(Map.of(2, new Lag(40, 30), 3, new Lag(0, 0)))),
                count.figures(7, 5, 2, 1));
        assertTrue(count.isAnybodyBehind());
    }

    @Test
    void aPartitionIsUnderReplicatedOnceHoweverManyVotersLackSomething() {
        leading(to -> {
            to.follower(2, true, 1, LONG);
            to.follower(3, true, 1, LONG + 1);
        });
        leading(to -> {
            to.follower(2, true, 1, LONG);
            to.follower(3, true, 0, 0);
        });
        leading(to -> to.follower(2, true, 1_000_000, LONG - 1));
        leading(to -> to.follower(4, false, 1_000_000, 10 * LONG));

        assertEquals(2, count.figures(0, 0, 0, 0).underReplicated(), "the slow one is not, and learners do not count");
        ClusterLags lags = count.lags();
        assertEquals(2, lags.getUnderReplicated());
        assertEquals(2, lags.getNodes(0).getUnderReplicated(), "both of node 2");
        assertEquals(1, lags.getNodes(1).getUnderReplicated(), "one of node 3");
        assertEquals(0, lags.getNodes(2).getUnderReplicated(), "node 4 learns");
        assertEquals(
                List.of(1L, 2L, 1L, 3L, 4L),
                lags.getWorstList().stream().map(ReplicaLag::getPartitionId).toList(),
                "by how long, those that learn last, and not the one that lacks nothing");
    }

    @Test
    void whereNobodyIsBehindNobodyLooksAgain() {
        leading(to -> to.follower(2, true, 0, 0));

        assertFalse(count.isAnybodyBehind());
    }
}
