package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class QueueSimulationTest {
    private static final int SEEDS = 2_000;

    private int grants;
    private int restarts;
    private int suspects;
    private int secondLives;
    private int shrinks;
    private int looks;
    private int movedByHand;
    private int recalled;
    private int followers;

    @Test
    void aPlainGroupDoesWhatTheModelSays() {
        Seeds.run(SEEDS, random -> live(random, false));
        checkThatMuchHappened();
    }

    @Test
    void aKeyedGroupDoesWhatTheModelSays() {
        Seeds.run(SEEDS, random -> live(random, true));
        checkThatMuchHappened();
        assertTrue(followers > 500 || !isWhole(), "followers: " + followers);
    }

    private void live(SplittableRandom random, boolean keyed) {
        QueueWorld world = new QueueWorld(random, policy(random, keyed));
        int steps = 40 + random.nextInt(160);
        for (int step = 0; step < steps; step++) {
            world.step();
        }
        world.drain();
        grants += world.grants;
        restarts += world.restarts;
        suspects += world.suspectGrants;
        secondLives += world.secondLives;
        shrinks += world.shrinks;
        looks += world.looks;
        movedByHand += world.movedByHand;
        recalled += world.recalled;
        followers += world.followers;
    }

    /** Histories in which nothing happens prove nothing. */
    private void checkThatMuchHappened() {
        if (isWhole()) {
            assertTrue(grants > 20_000, "grants: " + grants);
            assertTrue(restarts > 2_000, "restarts: " + restarts);
            assertTrue(suspects > 500, "suspects: " + suspects);
            assertTrue(secondLives > 500, "second lives: " + secondLives);
            assertTrue(shrinks > 500, "shrinks: " + shrinks);
            assertTrue(looks > 500, "looks: " + looks);
            assertTrue(movedByHand > 500, "moved by hand: " + movedByHand);
            assertTrue(recalled > 500, "recalled: " + recalled);
        }
    }

    private static boolean isWhole() {
        return Long.getLong("headwater.seed") == null && Integer.getInteger("headwater.seeds", SEEDS) >= SEEDS;
    }

    private static QueuePolicy policy(SplittableRandom random, boolean keyed) {
        OnDead onDead = OnDead.values()[random.nextInt(3)];
        Backoff backoff = new Backoff(Backoff.Kind.values()[random.nextInt(4)], 100, 2_000);
        return new QueuePolicy(
                keyed,
                random.nextInt(4),
                backoff,
                onDead == OnDead.HOLD_KEY && !keyed ? OnDead.SKIP : onDead,
                random.nextInt(3) == 0,
                random.nextInt(1_000));
    }
}
