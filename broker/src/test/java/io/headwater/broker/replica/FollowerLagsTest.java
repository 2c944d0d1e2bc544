package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.B;
import static io.headwater.broker.replica.LoneReplica.C;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a leader knows of its followers. Epoch 3 starts with the entry of index 1: what is appended after it has index 2 and more. */
class FollowerLagsTest {
    private final LoneReplica lone = LoneReplica.leading(3, THREE, 1);

    private record Lag(boolean votes, long entries, long behindMs) {}

    private Map<Integer, Lag> lags(long nowMs) {
        Map<Integer, Lag> found = new TreeMap<>();
        lone.replica.tellLags(
                nowMs, (node, votes, entries, behindMs) -> found.put(node, new Lag(votes, entries, behindMs)));
        return found;
    }

    private void append(int entries) {
        for (int i = 0; i < entries; i++) {
            lone.append(3);
        }
        lone.sync();
    }

    @Test
    void aLeaderOwesACommitUntilItHasToldIt() {
        lone.attach(3, A, 1);
        append(1);
        assertTrue(lone.replica.needsTicks(), "nobody has answered");
        assertFalse(lone.replica.owesCommit());
        lone.ack(3, A, 3);
        assertEquals(3, lone.replica.commit());
        assertTrue(lone.replica.owesCommit());
        lone.replica.tick(1_000);
        assertEquals(3, lone.sent(ReplicaMessage.Commit.class).get(0).commit());
        assertFalse(lone.replica.owesCommit());
        assertFalse(lone.replica.needsTicks());
    }

    @Test
    void whatIsOnTheLeadersDiskAndNotAcknowledgedCounts() {
        lone.attach(3, A, 1);
        lone.ack(3, A, 2);
        append(3);
        lone.append(3);

        assertEquals(new Lag(true, 3, 0), lags(0).get(A.node()), "the last one is not on the leader's disk yet");
        assertEquals(new Lag(true, 5, 0), lags(0).get(B.node()), "nothing is known of one that has not attached");

        lone.ack(3, A, 6);
        assertEquals(0, lags(0).get(A.node()).entries(), "it was faster than the leader's own disk");
    }

    @Test
    void whoKeepsUpIsNeverBehindForLong() {
        lone.attach(3, A, 1);
        lone.attach(3, B, 1);
        for (int second = 0; second < 60; second++) {
            append(10);
            Map<Integer, Lag> lags = lags(second * 1_000L);
            assertTrue(lags.get(A.node()).entries() > 0, "it is never at the end");
            assertTrue(lags.get(A.node()).behindMs() <= 1_000, lags::toString);
            assertEquals(second * 1_000L, lags.get(B.node()).behindMs());
            lone.ack(3, A, lone.log.endIndex() - 1);
        }
    }

    @Test
    void whoComesBackIsNotBehind() {
        lone.attach(3, A, 1);
        append(5);
        lags(0);
        assertEquals(30_000, lags(30_000).get(A.node()).behindMs());
        append(5);
        assertEquals(31_000, lags(31_000).get(A.node()).behindMs());

        lone.ack(3, A, 7);
        assertEquals(new Lag(true, 5, 0), lags(32_000).get(A.node()), "it has what was there when it fell behind");
        lone.ack(3, A, 12);
        assertEquals(new Lag(true, 0, 0), lags(33_000).get(A.node()));
        append(1);
        assertEquals(new Lag(true, 1, 0), lags(900_000).get(A.node()), "nothing was there to lack meanwhile");
    }

    @Test
    void learnersAreToldApartAndWhoIsNoMemberIsForgotten() {
        append(1);
        lone.withLearner(3, C);
        assertEquals(new Lag(false, 3, 0), lags(0).get(C.node()));
        assertEquals(20_000, lags(20_000).get(C.node()).behindMs());

        lone.view(3, new Leader(LoneReplica.ME, LoneReplica.INCARNATION), THREE);
        assertEquals(List.of(A.node(), B.node()), List.copyOf(lags(21_000).keySet()));
        lone.withLearner(3, C);
        assertEquals(0, lags(22_000).get(C.node()).behindMs(), "it begins anew");
    }

    @Test
    void onlyALeaderKnows() {
        lone.sealed(4);

        assertEquals(Map.of(), lags(0));
    }
}
