package io.headwater.broker.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ch.qos.logback.classic.Level;
import io.headwater.record.testing.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Whole clusters under faults, seed by seed: {@link World}. */
class ClusterSimulationRunTest {
    @BeforeAll
    static void quiet() {
        ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger("ROOT"))
                .setLevel(Level.toLevel(System.getProperty("headwater.log"), Level.OFF));
    }

    @Test
    void losesAndDoublesNothingAndGoesOnOnceHealed() {
        long begin = System.nanoTime();
        int[] n = new int[1];
        Seeds.run(20, random -> {
            World world = new World(random, Profile.brief(random));
            long at = System.nanoTime();
            world.run();
            n[0]++;
            System.out.println((System.nanoTime() - at) / 1_000_000 + " ms, sim "
                    + world.time().nowNs() / 1_000_000 + " ms: " + world.history.summary() + " " + world.faults);
        });
        System.out.println(n[0] * 1e9 / (System.nanoTime() - begin) + " seeds/s");
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 0; seed < 5; seed++) {
            long once = run(seed);
            assertEquals(once, run(seed));
            assertNotEquals(once, run(seed + 1));
        }
    }

    private static long run(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new World(random, Profile.brief(random)).run();
    }
}
