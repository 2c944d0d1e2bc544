package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.NodeInfo;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SessionsTest {
    private final TestPicture picture = new TestPicture(3);
    private final Sessions sessions = new Sessions(4_000);
    private long nowNs = -TimeUnit.SECONDS.toNanos(5); // a clock may be negative

    private void after(long ms) {
        nowNs += TimeUnit.MILLISECONDS.toNanos(ms);
        sessions.onImage(picture.image, nowNs);
    }

    private void heard(int... nodes) {
        for (int node : nodes) {
            sessions.heard(node, picture.node(node).incarnation(), nowNs);
        }
    }

    private List<Integer> silent() {
        return sessions.silent(picture.image, nowNs).stream()
                .map(NodeInfo::nodeId)
                .toList();
    }

    private List<Integer> back() {
        return sessions.back(picture.image, nowNs).stream()
                .map(NodeInfo::nodeId)
                .toList();
    }

    @Test
    void everybodyHasASessionFromTheStartOn() {
        after(0);
        after(3_999);
        heard(1, 3);
        assertEquals(List.of(), silent());
        after(1);
        assertEquals(List.of(2), silent());
    }

    @Test
    void whoMustBeHeardOfSoonIsSilentSooner() {
        after(0);
        for (int node = 1; node <= 3; node++) {
            sessions.expectWithin(node, TimeUnit.MILLISECONDS.toNanos(2_000), nowNs);
        }
        sessions.expectWithin(2, TimeUnit.MILLISECONDS.toNanos(1_000), nowNs);
        sessions.expectWithin(4, 0, nowNs);
        after(999);
        assertEquals(List.of(), silent());
        after(1);
        assertEquals(List.of(2), silent());
        heard(1);
        after(1_000);
        assertEquals(List.of(2, 3), silent());
        heard(2, 3);
        after(2_999);
        assertEquals(List.of(), silent(), "whoever was heard of has a whole session");
    }

    @Test
    void aNodeWhoseProcessIsGoneIsSilentAtOnceUnlessItIsHeardOf() {
        after(0);
        sessions.gone(2);
        sessions.gone(3);
        heard(3);
        assertEquals(List.of(2), silent());
        assertEquals(List.of(), silent(), "it has just been said");
        after(500);
        assertEquals(List.of(2), silent(), "what was proposed may have been lost");
    }

    @Test
    void aFencedNodeIsBackOnlyWhenTheSameIncarnationIsHeardOf() {
        after(0);
        picture.took(Commands.fence(picture.node(2)));
        sessions.gone(2);
        after(600);
        sessions.heard(2, picture.node(2).incarnation() - 1, nowNs);
        assertEquals(List.of(), back());
        heard(2);
        assertEquals(List.of(2), back());
        assertEquals(List.of(), silent());
        picture.took(Commands.unfence(picture.node(2)));
        after(600);
        assertEquals(List.of(), back());
    }

    @Test
    void aNodeThatWasFencedBeforeIsNotTakenForAlive() {
        picture.took(Commands.fence(picture.node(2)));
        after(0);
        after(5_000);
        assertEquals(List.of(), back());
        assertEquals(List.of(1, 3), silent());
        assertTrue(sessions.nextInNs(nowNs) > 0, "nothing is due");
    }

    @Test
    void whoRegistersAgainHasANewSession() {
        after(0);
        after(3_000);
        picture.register(2, "another run");
        after(0);
        after(3_000);
        assertEquals(List.of(1, 3), silent());
    }

    @Test
    void timeInWhichNobodyCouldBeHeardDoesNotCount() {
        after(0);
        after(10_000);
        sessions.wereDeaf(TimeUnit.SECONDS.toNanos(10));
        assertEquals(List.of(), silent());
        after(4_000);
        assertEquals(List.of(1, 2, 3), silent());
    }

    @Test
    void whoIsHeardOfAtThisTimeIsKnown() {
        after(0);
        after(2_000);
        heard(2);
        after(900);
        long second = TimeUnit.SECONDS.toNanos(1);
        assertTrue(sessions.heardWithin(2, picture.node(2).incarnation(), second, nowNs));
        assertFalse(sessions.heardWithin(1, picture.node(1).incarnation(), second, nowNs));
        assertFalse(sessions.heardWithin(2, picture.node(2).incarnation() + 1, second, nowNs));
    }
}
