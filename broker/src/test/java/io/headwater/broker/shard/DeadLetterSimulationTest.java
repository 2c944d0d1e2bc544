package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.record.testing.Seeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Dead records are moved once, whatever crashes when: the disk, the power, the target, the operator. */
class DeadLetterSimulationTest {
    private static final int SEEDS = 1_500;
    private static final int STEPS = 250;

    @Test
    void everyDeadRecordIsInOnePlaceWhateverCrashesWhen() {
        run("dead");
    }

    @Test
    void whatOperatorsMoveIsInOnePlaceWhateverCrashesWhen() {
        run("");
    }

    /** Of some hundred bytes each, in batches of at most a thousand. */
    @Test
    void anOperatorsPageComesBetweenBatchesOfTheDead() throws Exception {
        DeadLetterWorld world = new DeadLetterWorld(new SplittableRandom(1), "dead", (engine, ops) -> {});
        QueueEngine engine = world.bury(60);
        long first = engine.shipment().number();
        assertFalse(world.moveByHand("other"), "a batch of the dead is under way");
        for (int i = 0; engine.shipment() != null; i++) {
            assertTrue(i < 100, "the first batch never arrives");
            world.tick();
        }
        world.tick();
        assertTrue(world.moveByHand("other"), "the next batch of the dead has gone first");
        assertEquals(first + 1, engine.shipment().number());
        assertTrue(engine.counts().moving() > 30);
        world.moveByHand("other");
        for (int i = 0; i < 200 && engine.hasMoving(); i++) {
            world.tick();
        }
        assertEquals(0, engine.counts().moving(), "the dead wait for an operator who does not come back");
    }

    private static void run(String deadLetter) {
        int[] seen = new int[5];
        Seeds.run(SEEDS, random -> {
            DeadLetterWorld world = live(random, deadLetter, (engine, ops) -> {});
            seen[0] += world.crashes;
            seen[1] += world.copies;
            seen[2] += world.operators.moved;
            seen[3] += world.operators.refused;
            seen[4] += world.operators.undecided;
        });
        if (Long.getLong("headwater.seed") == null && Integer.getInteger("headwater.seeds", SEEDS) >= SEEDS) {
            assertTrue(Arrays.stream(seen).min().orElse(0) > 50, "nothing was tried: " + Arrays.toString(seen));
        }
    }

    @Test
    void controlWithoutTheLoggedBatchMovesTwice() {
        for (String deadLetter : new String[] {"dead", ""}) {
            controlWithoutTheLoggedBatch(deadLetter);
        }
    }

    private static void controlWithoutTheLoggedBatch(String deadLetter) {
        int twice = 0;
        for (int seed = 0; seed < 60; seed++) {
            try {
                live(new SplittableRandom(seed), deadLetter, (engine, ops) -> engine.recall(new Now(0, 0), ops));
            } catch (AssertionError e) {
                twice += String.valueOf(e.getMessage()).contains("copies") ? 1 : 0;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        assertTrue(twice > 0, "nothing is moved twice although the group forgets what it has sent");
    }

    private static DeadLetterWorld live(
            SplittableRandom random, String deadLetter, DeadLetterWorld.AfterRestart afterRestart) throws Exception {
        DeadLetterWorld world = new DeadLetterWorld(random, deadLetter, afterRestart);
        for (int i = 0; i < STEPS; i++) {
            world.step();
        }
        world.crash();
        world.drain();
        return world;
    }
}
