package io.headwater.broker.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whole brokers and clients under faults, seed by seed: {@link World}. */
class BrokerSimulationTest {
    @BeforeAll
    static void quiet() {
        Simulate.quiet();
    }

    @Test
    void losesAndDoublesNothingAndGoesOnOnceHealed() {
        int[] seen = new int[4];
        Seeds.run(30, random -> {
            World world = new World(random, Profile.brief(random));
            world.run();
            seen[0] += world.history.acknowledged;
            seen[1] += world.history.duplicates;
            seen[2] += world.history.redelivered;
            seen[3] += world.metadata().elections;
        });
        for (int each : seen) {
            assertTrue(each > 0, "nothing was acknowledged, repeated, delivered again, or elected");
        }
    }

    @Test
    void severalPartitionsAndAMinuteOfFaults() {
        Seeds.run(1, random -> new World(random, Profile.lengthy(random)).run());
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 0; seed < 3; seed++) {
            long once = Simulate.world(seed, "brief", null).run();
            assertEquals(once, Simulate.world(seed, "brief", null).run());
            assertNotEquals(once, Simulate.world(seed + 1, "brief", null).run());
        }
    }
}
