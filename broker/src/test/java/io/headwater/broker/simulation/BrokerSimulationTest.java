package io.headwater.broker.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.netty.util.ResourceLeakDetector;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole brokers and clients under faults, seed by seed: {@link World}. */
class BrokerSimulationTest {
    private static ResourceLeakDetector.Level leaks;

    /** What a process had when it died, nobody gives back. */
    @BeforeAll
    static void quiet() {
        Simulate.quiet();
        leaks = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }

    @AfterAll
    static void looksForLeaksAgain() {
        ResourceLeakDetector.setLevel(leaks);
    }

    @Test
    void losesAndDoublesNothingAndGoesOnOnceHealed() {
        int[] seen = new int[6];
        Seeds.run(20, random -> {
            World world = new World(random, Profile.brief(random));
            world.run();
            seen[0] += world.history.acknowledged;
            seen[1] += world.history.duplicates;
            seen[2] += world.history.redelivered;
            seen[3] += world.metadata().elections;
            seen[4] += world.history.ends;
            seen[5] += (int) world.checkpoints(0).compared();
        });
        for (int each : seen) {
            assertTrue(
                    each > 0,
                    "nothing was acknowledged, repeated, delivered again, elected, asked for its end, or compared");
        }
    }

    /** At level replicated, where processes die and machines do not. */
    @Test
    void losesNothingThatWasOnlyWritten() {
        int[] acknowledged = new int[1];
        Seeds.run(20, random -> {
            World world = new World(random, Profile.brief(random).atWritten());
            world.run();
            acknowledged[0] += world.history.acknowledged;
        });
        assertTrue(acknowledged[0] > 0, "nothing was acknowledged");
    }

    @Test
    void severalPartitionsAndAMinuteOfFaults() {
        long trace = Simulate.world(0, "long", null).run();
        assertNotEquals(0, trace);
    }

    /**
     * The control: with such a rule switched off the same faults lose something, and the checkers see it. Those that are seen
     * soon; {@code scripts/simulate --violent --without} looks for longer.
     */
    @ParameterizedTest
    @ValueSource(strings = {"SEAL_BY_QUORUM", "PROMISE_FENCES", "RESIGN_BEFORE_TRANSFER"})
    void aRuleThatIsMissedIsSeen(String rule) {
        assertTrue(
                LongStream.range(0, 100).anyMatch(seed -> breaks(seed, Profile::violent, rule)),
                rule + " is not missed");
    }

    /** The same of those that chance alone hardly ever shows: {@link Plots} waits for the moment. */
    @ParameterizedTest
    @CsvSource({
        "LAST_EPOCH_BEFORE_LENGTH, OUTRUN",
        "COMMIT_IN_OWN_EPOCH, OVERTAKE",
        "SUSPECT_IS_NOBODY, FORGET",
        "BOTH_SETS_AGREE, PART",
        "CONFIRM_READS, MISLEAD"
    })
    void aRuleThatIsMissedAtOneMomentIsSeen(String rule, Faults.Kind plot) {
        Function<SplittableRandom, Profile> plotted = random -> Profile.plotted(random, plot);
        assertTrue(
                LongStream.range(0, 20).anyMatch(seed -> breaks(seed, plotted, rule) && !breaks(seed, plotted, null)),
                rule + " is not missed");
    }

    @Test
    void leadersThatDieAtTheWorstMomentLoseNothing() {
        for (long seed = 0; seed < 4; seed++) {
            assertNotEquals(0, Simulate.world(seed, "plotted", null).run());
        }
    }

    private static boolean breaks(long seed, Function<SplittableRandom, Profile> profile, @Nullable String rule) {
        SplittableRandom random = new SplittableRandom(seed);
        try {
            long unused = new World(random, profile.apply(random), rule).run();
            return false;
        } catch (AssertionError | RuntimeException seen) {
            return true;
        }
    }

    /** The control: leaders whose state has more than they wrote as operations are told so, whatever group and state. */
    @Test
    void aStateThatItsLogDoesNotLeadToIsSeen() {
        int seen = 0;
        for (long seed = 0; seed < 10; seed++) {
            World world = Simulate.world(seed, "brief", null);
            long unused = world.run();
            seen += world.checkpoints(3).complaints().size();
        }
        assertTrue(seen > 0, "a state that nobody wrote is not missed");
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 0; seed < 2; seed++) {
            long once = Simulate.world(seed, "brief", null).run();
            assertEquals(once, Simulate.world(seed, "brief", null).run());
            assertNotEquals(once, Simulate.world(seed + 1, "brief", null).run());
        }
    }
}
