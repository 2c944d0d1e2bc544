package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On a clock of the test's own. */
class LivenessTest {
    private static final int STEP_MS = 10;
    private static final int SOME_TICKS = 5;

    private final List<EmbeddedChannel> channels = new ArrayList<>();
    /** Before zero, as a machine's clock may be. */
    private long nowNs = -TimeUnit.MILLISECONDS.toNanos(12_345);

    private EmbeddedChannel open(boolean handshaken) {
        Liveness liveness = new Liveness(() -> nowNs);
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast(liveness);
        liveness.channelActive(channel.pipeline().context(liveness));
        if (handshaken) {
            liveness.handshaken();
        }
        channels.add(channel);
        return channel;
    }

    private void step() {
        nowNs += TimeUnit.MILLISECONDS.toNanos(STEP_MS);
        for (EmbeddedChannel channel : channels) {
            channel.advanceTimeBy(STEP_MS, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    private void steps(int ms) {
        for (int at = 0; at < ms; at += STEP_MS) {
            step();
        }
    }

    private static boolean says(EmbeddedChannel channel) {
        return channel.releaseOutbound();
    }

    @AfterEach
    void release() {
        channels.forEach(LivenessTest::says);
    }

    @Test
    void allConnectionsSayThatTheyAreAliveAtTheSameTimes() {
        EmbeddedChannel one = open(true);
        steps(170);
        EmbeddedChannel two = open(true);
        steps(70);
        EmbeddedChannel three = open(true);
        steps(Liveness.TICK_MS + Liveness.TICK_MS / 2);
        List.of(one, two, three).forEach(LivenessTest::says);

        List<Integer> timesMs = new ArrayList<>();
        for (int ms = STEP_MS; ms <= SOME_TICKS * Liveness.TICK_MS; ms += STEP_MS) {
            step();
            boolean said = says(one);
            assertEquals(said, says(two), "after " + ms + " ms");
            assertEquals(said, says(three), "after " + ms + " ms");
            if (said) {
                timesMs.add(ms);
            }
        }
        assertEquals(SOME_TICKS, timesMs.size());
        for (int i = 1; i < timesMs.size(); i++) {
            assertEquals(Liveness.TICK_MS, timesMs.get(i) - timesMs.get(i - 1));
        }
    }

    @Test
    void aSilentConnectionIsGivenUpAfterFourSecondsAndNotForAPauseOfOurs() throws Exception {
        EmbeddedChannel channel = open(true);
        nowNs += TimeUnit.SECONDS.toNanos(30);
        channel.advanceTimeBy(30, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        steps(6 * Liveness.TICK_MS);
        channel.checkException();
        steps(2 * Liveness.TICK_MS);
        String why = whyGivenUp(channel);
        assertTrue(why.startsWith("nothing was heard"), why);
    }

    @Test
    void aHandshakeThatDoesNotEndIsGivenUp() throws Exception {
        EmbeddedChannel channel = open(false);
        steps((Liveness.MAX_HANDSHAKE_TICKS - 1) * Liveness.TICK_MS);
        channel.checkException();
        steps(2 * Liveness.TICK_MS);
        String why = whyGivenUp(channel);
        assertTrue(why.startsWith("no handshake"), why);
    }

    private static String whyGivenUp(EmbeddedChannel channel) {
        try {
            channel.checkException();
        } catch (Exception e) {
            assertTrue(e instanceof IOException, e.toString());
            return String.valueOf(e.getMessage());
        }
        return "it was not";
    }
}
