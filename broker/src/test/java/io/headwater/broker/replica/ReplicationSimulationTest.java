package io.headwater.broker.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.Rules.Rule;
import io.headwater.record.testing.Seeds;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The replicas and controllers of a partition in one thread, with every fault that they have to live with. */
class ReplicationSimulationTest {
    private static final int SEEDS = 200;
    private static final int SEEDS_TO_CATCH = 30_000;

    @Test
    void losesNothingThatWasCommittedAndGoesOnOnceHealed() {
        Seeds.run(SEEDS, ReplicationSimulationTest::run);
    }

    @Test
    void aCopyThatRotsIsNobodyUntilItHasEverythingAgain() {
        AtomicInteger wholeAgain = new AtomicInteger();
        AtomicInteger copied = new AtomicInteger();
        Seeds.run(SEEDS, random -> {
            ReplicationWorld world = new ReplicationWorld(random, Profile.random(random), Rules.ALL);
            world.run();
            wholeAgain.addAndGet(world.checker().copiesWholeAgain());
            copied.addAndGet(world.checker().segmentsCopied());
        });
        System.out.println("copies that rotted and were whole again: " + wholeAgain + ", segments copied: " + copied);
        assertTrue(wholeAgain.get() > 0 && copied.get() > 0, "nothing was shown");
    }

    /** One that heals is heard for whoever has all that it had, so that two of three do not stop what the third one has. */
    @Test
    void severalCopiesThatHealStopNothingThatAnotherOneHas() {
        AtomicInteger wholeAgain = new AtomicInteger();
        AtomicInteger heard = new AtomicInteger();
        Seeds.run(SEEDS, random -> {
            ReplicationWorld world =
                    new ReplicationWorld(random, Profile.random(random).withDamage(), Rules.ALL);
            world.run();
            wholeAgain.addAndGet(world.checker().copiesWholeAgain());
            heard.addAndGet(world.checker().electedByHealing());
        });
        System.out.println(
                "copies that rotted and were whole again: " + wholeAgain + ", elections that needed one: " + heard);
        assertTrue(wholeAgain.get() > 0 && heard.get() > 0, "nothing was shown");
    }

    /** What is acknowledged from then on is as safe as ever, and what others bring back goes. */
    @Test
    void whoeverIsChosenByHandIsFollowedByAllOthersFromThenOn() {
        AtomicInteger recoveries = new AtomicInteger();
        AtomicInteger givenUp = new AtomicInteger();
        AtomicInteger begunAnew = new AtomicInteger();
        Seeds.run(SEEDS, random -> {
            ReplicationWorld world =
                    new ReplicationWorld(random, Profile.random(random).withDisasters(), Rules.ALL);
            world.run();
            recoveries.addAndGet(world.checker().recoveries());
            givenUp.addAndGet(world.checker().givenUp());
            begunAnew.addAndGet(world.checker().copiesBegunAnew());
        });
        System.out.println("recovered by hand: " + recoveries + ", given up: " + givenUp
                + " entries, copies begun anew: " + begunAnew);
        assertTrue(recoveries.get() > 0 && givenUp.get() > 0 && begunAnew.get() > 0, "nothing was shown");
    }

    /** At level replicated: processes die as they like, and machines one at a time. */
    @Test
    void whatIsWrittenByAQuorumSurvivesProcessesAndOneMachine() {
        AtomicInteger wholeAgain = new AtomicInteger();
        AtomicLong unsynced = new AtomicLong();
        Seeds.run(SEEDS, random -> {
            Checker checker = runWritten(random, Profile.Written.AND_ONE_LOSES_POWER);
            assertEquals(0, checker.losses(), "losses were recorded");
            assertEquals(0, checker.givenUp());
            wholeAgain.addAndGet(checker.copiesWholeAgain());
            unsynced.addAndGet(checker.committedEnd() - checker.persisted());
        });
        System.out.println("copies that lost power and were whole again: " + wholeAgain + ", committed and not known to"
                + " be on disk: " + unsynced);
        assertTrue(wholeAgain.get() > 0 && unsynced.get() > 0, "nothing was shown");
    }

    /** The checker sees to it that what is lost was recorded, was not avoidable, and was on no quorum's disks. */
    @Test
    void whatIsLostWithThePowerOfAllIsSaidToBe() {
        AtomicInteger losses = new AtomicInteger();
        AtomicInteger givenUp = new AtomicInteger();
        Seeds.run(3 * SEEDS, random -> {
            Checker checker = runWritten(random, Profile.Written.AND_ALL_LOSE_POWER);
            losses.addAndGet(checker.losses());
            givenUp.addAndGet(checker.givenUp());
        });
        System.out.println("possible losses: " + losses + ", lost: " + givenUp + " entries");
        assertTrue(losses.get() > 0 && givenUp.get() > 0, "nothing was shown");
    }

    private static Checker runWritten(SplittableRandom random, Profile.Written written) {
        ReplicationWorld world =
                new ReplicationWorld(random, Profile.random(random).withWritten(written), Rules.ALL);
        world.run();
        return world.checker();
    }

    @Test
    void theSameSeedGivesTheSameHistory() {
        for (long seed = 0; seed < 10; seed++) {
            long once = run(new SplittableRandom(seed));
            assertEquals(once, run(new SplittableRandom(seed)));
            assertNotEquals(once, run(new SplittableRandom(seed + 1)));
        }
    }

    private static long run(SplittableRandom random) {
        return new ReplicationWorld(random, Profile.random(random), Rules.ALL).run();
    }

    /** The control: without the rule, the same faults lose or change what was committed, and the checker sees it. */
    @ParameterizedTest
    @EnumSource
    void everyRuleIsNeeded(Rule rule) {
        assertTrue(LongStream.range(0, SEEDS_TO_CATCH).anyMatch(seed -> breaks(rule, seed)), rule + " is not missed");
    }

    private static boolean breaks(Rule rule, long seed) {
        try {
            SplittableRandom random = new SplittableRandom(seed);
            Profile profile = Profile.stepwise(random);
            new ReplicationWorld(random, of(rule, profile), Rules.without(rule)).run();
            return false;
        } catch (AssertionError seen) {
            return seen instanceof Checker.Violation;
        }
    }

    private static Profile of(Rule rule, Profile profile) {
        return switch (rule) {
            case LOST_TAIL_IS_SUSPECT, LOSS_IS_SAID_BY_ALL -> profile.withWritten(Profile.Written.AND_ALL_LOSE_POWER);
            case HEALING_ASKS_FOR_WHAT_IT_HAD -> profile.withDamage();
            default -> profile;
        };
    }
}
