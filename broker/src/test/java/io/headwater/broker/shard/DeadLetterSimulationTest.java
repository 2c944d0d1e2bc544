package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Dead records are moved once, whatever crashes when: the disk, the power, the target, the operator. */
class DeadLetterSimulationTest {
    private static final int SEEDS = 1_500;
    private static final int STEPS = 250;

    @Test
    void everyDeadRecordIsInOnePlaceWhateverCrashesWhen() {
        int[] seen = new int[2];
        Seeds.run(SEEDS, random -> {
            DeadLetterWorld world = live(random, (engine, ops) -> {});
            seen[0] += world.crashes;
            seen[1] += world.copies;
        });
        if (Long.getLong("headwater.seed") == null) {
            assertTrue(seen[0] > 0 && seen[1] > 0, seen[0] + " crashes, " + seen[1] + " copies: nothing was tried");
        }
    }

    @Test
    void controlWithoutTheLoggedBatchMovesTwice() {
        int twice = 0;
        for (int seed = 0; seed < 60; seed++) {
            try {
                live(new SplittableRandom(seed), (engine, ops) -> engine.recall(ops));
            } catch (AssertionError e) {
                twice += String.valueOf(e.getMessage()).contains("copies") ? 1 : 0;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        assertTrue(twice > 0, "nothing is moved twice although the group forgets what it has sent");
    }

    private static DeadLetterWorld live(SplittableRandom random, DeadLetterWorld.AfterRestart afterRestart)
            throws Exception {
        DeadLetterWorld world = new DeadLetterWorld(random, afterRestart);
        for (int i = 0; i < STEPS; i++) {
            world.step();
        }
        world.crash();
        world.drain();
        return world;
    }
}
