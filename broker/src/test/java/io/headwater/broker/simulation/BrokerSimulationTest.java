package io.headwater.broker.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.netty.util.ResourceLeakDetector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
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
        EnumMap<Faults.Kind, Integer> faults = new EnumMap<>(Faults.Kind.class);
        Seeds.run(20, random -> {
            World world = new World(random, Profile.brief(random));
            world.run();
            seen[0] += world.history.acknowledged;
            seen[1] += world.history.duplicates;
            seen[2] += world.history.redelivered;
            seen[3] += world.metadata().elections;
            seen[4] += world.history.ends;
            seen[5] += (int) world.checkpoints(0).compared();
            for (Faults.Kind each : Faults.Kind.values()) {
                faults.merge(each, world.faults.seen(each), Integer::sum);
            }
        });
        for (int each : seen) {
            assertTrue(
                    each > 0,
                    "nothing was acknowledged, repeated, delivered again, elected, asked for its end, or compared");
        }
        faults.forEach((kind, times) -> assertTrue(times > 0 || kind.isPlotted(), kind + " was not seen"));
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
        assertMissed(rule, 100, Profile::violent);
    }

    /** The same of those that chance alone hardly ever shows: {@link Plots} waits for the moment. */
    @ParameterizedTest
    @CsvSource({
        "LAST_EPOCH_BEFORE_LENGTH, OUTRUN",
        "COMMIT_IN_OWN_EPOCH, OVERTAKE",
        "SUSPECT_IS_NOBODY, FORGET",
        "BOTH_SETS_AGREE, PART",
        "CONFIRM_READS, MISLEAD",
        "TRANSFER_TO_COMPLETE_LOG, HURRY",
        "ATTACH_FREEZES, LINGER",
        "ONLY_DURABLE_COUNTS, BLACK_OUT"
    })
    void aRuleThatIsMissedAtOneMomentIsSeen(String rule, Faults.Kind plot) {
        assertMissed(rule, 20, random -> Profile.plotted(random, plot));
    }

    /** The first seed that shows it shows nothing where the rule holds. */
    private static void assertMissed(String rule, int seeds, Function<SplittableRandom, Profile> profile) {
        long seed = LongStream.range(0, seeds)
                .filter(each -> isSeen(each, profile, rule))
                .findFirst()
                .orElseThrow(() -> new AssertionError(rule + " is not missed"));
        assertNotEquals(0, run(seed, profile, null), "seed " + seed);
    }

    /** By a checker: whatever else a run without a rule may end with counts for nothing. */
    private static boolean isSeen(long seed, Function<SplittableRandom, Profile> profile, String rule) {
        try {
            long unused = run(seed, profile, rule);
            return false;
        } catch (History.Violation seen) {
            return true;
        } catch (AssertionError | RuntimeException other) {
            return false;
        }
    }

    private static long run(long seed, Function<SplittableRandom, Profile> profile, @Nullable String rule) {
        SplittableRandom random = new SplittableRandom(seed);
        return new World(random, profile.apply(random), rule).run();
    }

    @Test
    void leadersThatDieAtTheWorstMomentLoseNothing() {
        for (long seed = 0; seed < 4; seed++) {
            assertNotEquals(0, Simulate.world(seed, "plotted", null).run());
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

    /** What a process draws for itself, as the order of its sets or the identities of its objects, reaches no run. */
    @Test
    void theSameSeedGivesTheSameTraceInAnotherProcess() throws Exception {
        int seeds = 4;
        Process other = Simulate.fork(0, seeds, "brief");
        List<String> here = new ArrayList<>();
        for (long seed = 0; seed < seeds; seed++) {
            here.add(Simulate.said(seed, Simulate.world(seed, "brief", null).run()));
        }
        String said = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, other.waitFor(), said);
        assertEquals(
                here,
                said.lines()
                        .limit(seeds)
                        .map(line -> line.replaceFirst(",.*", ""))
                        .toList());
    }
}
