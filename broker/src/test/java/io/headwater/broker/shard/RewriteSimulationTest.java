package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Records go when nobody needs them or when they are erased, and no others do, whatever crashes when. */
class RewriteSimulationTest {
    private static final int SEEDS = 400;
    private static final int STEPS = 400;

    @Test
    void whatIsNeededStaysAndWhatIsErasedIsGoneWhateverCrashesWhen() {
        int[] seen = new int[4];
        Seeds.run(SEEDS, random -> {
            RewriteWorld world = live(new RewriteWorld(random));
            seen[0] += world.crashes;
            seen[1] += world.erasures;
            seen[2] += world.replays;
            seen[3] += world.removed;
        });
        if (Long.getLong("headwater.seed") == null) {
            for (int each : seen) {
                assertTrue(each > 0, "crashes, erasures, replays, removed: " + Arrays.toString(seen));
            }
        }
    }

    @Test
    void controlWithoutSyncsForgets() {
        int forgot = 0;
        for (int seed = 0; seed < 40; seed++) {
            try {
                RewriteWorld world = new RewriteWorld(new SplittableRandom(seed));
                world.owners.memory.ignoreSyncs();
                live(world);
            } catch (Exception | AssertionError e) {
                forgot++;
            }
        }
        assertTrue(forgot > 20, forgot + " of 40 noticed that nothing is synced");
    }

    private static RewriteWorld live(RewriteWorld world) throws Exception {
        for (int i = 0; i < STEPS; i++) {
            world.step();
        }
        world.crash();
        world.drain();
        return world;
    }
}
