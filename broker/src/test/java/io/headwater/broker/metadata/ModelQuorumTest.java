package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.simulation.ModelMetadata;
import io.headwater.client.fake.SimulatedLoop;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** The contract for three voters of the model that simulated brokers have in place of Ratis; then the worst that it does. */
class ModelQuorumTest extends MetadataQuorumContract {
    private static final long MS = 1_000_000;
    private static final List<String> THREE = List.of("1", "2", "3");

    /** One cluster, on a clock of its own. A voter has the number of its machine for a name. */
    private static final class Cluster {
        final SimulatedLoop time = new SimulatedLoop();
        final Map<Integer, Voter> voters = new TreeMap<>();
        /** Machines that reach nobody. */
        final Set<Integer> cut = new HashSet<>();

        final ModelMetadata model;

        Cluster(long seed) {
            model = new ModelMetadata(
                    time, new SplittableRandom(seed), (from, to) -> !cut.contains(from) && !cut.contains(to));
        }

        static Cluster ofThree(long seed) throws IOException {
            Cluster cluster = new Cluster(seed);
            for (int machine = 1; machine <= 3; machine++) {
                cluster.start(machine, false, THREE);
            }
            return cluster;
        }

        Voter start(int machine, boolean used, List<String> voters) throws IOException {
            Voter voter = model.on(machine)
                    .start(new RatisQuorum.Membership("c", String.valueOf(machine), voters), used, () -> {});
            this.voters.put(machine, voter);
            return voter;
        }

        Voter voter(int machine) {
            return Objects.requireNonNull(voters.get(machine), "it runs");
        }

        void turn() {
            time.runFor(5 * MS);
            voters.values().forEach(Voter::doWork);
        }

        void turnUntil(BooleanSupplier condition) {
            while (!condition.getAsBoolean()) {
                assertFalse(Thread.currentThread().isInterrupted(), "it takes too long");
                turn();
            }
        }

        /** The machine of one that leads, believes it, is not cut off, and has called once since. */
        int leader() {
            turnUntil(this::isLed);
            turn();
            return model.leadingMachine();
        }

        private boolean isLed() {
            int machine = model.leadingMachine();
            return machine != 0 && !cut.contains(machine) && voter(machine).isLeader();
        }

        Outcome done(Command command) {
            CompletableFuture<Outcome> outcome =
                    voter(leader()).propose(command).toCompletableFuture();
            turnUntil(outcome::isDone);
            return outcome.join();
        }
    }

    private Cluster cluster;

    ModelQuorumTest() throws IOException {
        cluster = Cluster.ofThree(1);
    }

    @Override
    void turn(MetadataQuorum quorum) {
        cluster.turn();
    }

    @Override
    MetadataQuorum found() {
        assertInstanceOf(Outcome.Committed.class, cluster.done(Commands.register("d")));
        return cluster.voter(cluster.leader());
    }

    @Override
    MetadataQuorum crashAndReopen() throws IOException {
        for (int machine = 1; machine <= 3; machine++) {
            cluster.model.crashed(machine);
        }
        for (int machine = 1; machine <= 3; machine++) {
            cluster.start(machine, true, List.of());
        }
        cluster.turnUntil(() -> cluster.model.leadingMachine() == 0);
        return cluster.voter(cluster.leader());
    }

    @Override
    MetadataQuorum foundToBeStruck() {
        return found();
    }

    @Override
    void strike() {
        cluster.cut.add(cluster.model.leadingMachine());
    }

    @Override
    MetadataQuorum answersNext() {
        MetadataQuorum next = cluster.voter(cluster.leader());
        cluster.cut.clear();
        return next;
    }

    @Override
    MetadataQuorum foundWithAShortLog() {
        return found();
    }

    /** Whether one that comes late gets a snapshot is left to chance: so many come until one does. */
    @Override
    MetadataQuorum installedFrom(MetadataQuorum quorum) throws IOException {
        for (int machine = 4; machine < 54; machine++) {
            Voter late = cluster.start(machine, false, List.of());
            boolean[] replaced = new boolean[1];
            late.listener(new MetadataQuorum.Listener() {
                @Override
                public void applied(MetadataImage image, Command command) {}

                @Override
                public void replaced(MetadataImage image) {
                    replaced[0] = true;
                }
            });
            CompletableFuture<Void> joined = cluster.voter(cluster.leader())
                    .setVoters(List.of("1", "2", "3", String.valueOf(machine)))
                    .toCompletableFuture();
            long index = quorum.image().appliedIndex();
            cluster.turnUntil(() -> joined.isDone() && late.image().appliedIndex() >= index);
            joined.join();
            if (replaced[0]) {
                return late;
            }
        }
        throw new AssertionError("nobody got a snapshot");
    }

    @Test
    void aLeaderThatIsCutOffBelievesForAWhileThatItLeadsAndNobodyHearsOfWhatItProposes() throws IOException {
        found();
        int old = cluster.leader();
        cluster.cut.add(old);
        int next = cluster.leader();
        assertTrue(cluster.voter(old).isLeader() && cluster.voter(next).isLeader(), "two believe that they lead");
        CompletableFuture<Outcome> lost =
                cluster.voter(old).propose(Commands.create("lost", 1)).toCompletableFuture();
        assertInstanceOf(Outcome.Committed.class, cluster.done(Commands.create("kept", 1)));
        cluster.turnUntil(lost::isDone);
        assertUnknown(lost);
        assertNull(cluster.voter(old).image().topic("kept"), "nothing reaches it");
        cluster.turnUntil(() -> !cluster.voter(old).isLeader());
        assertNull(cluster.voter(old).leader());

        cluster.cut.clear();
        cluster.turnUntil(() -> cluster.voter(old).image().topic("kept") != null);
        assertNull(cluster.voter(old).image().topic("lost"));
        assertEquals(String.valueOf(next), cluster.voter(old).leader());
    }

    /** What became of two proposals that were under way when their leader was deposed. */
    private enum Fate {
        NEITHER,
        FIRST,
        BOTH
    }

    @Test
    void whatADeposedLeaderHadProposedTakesEffectLaterOrNotAndNeverWithoutWhatWasBefore() throws IOException {
        Set<Fate> seen = EnumSet.noneOf(Fate.class);
        boolean seenBeforeToldOf = false;
        for (long seed = 0; seed < 50; seed++) {
            Cluster three = Cluster.ofThree(seed);
            assertInstanceOf(Outcome.Committed.class, three.done(Commands.register("d")));
            Voter leader = three.voter(three.leader());
            CompletableFuture<Outcome> first =
                    leader.propose(Commands.create("first", 1)).toCompletableFuture();
            leader.doWork();
            CompletableFuture<Outcome> second =
                    leader.propose(Commands.create("second", 1)).toCompletableFuture();
            leader.doWork();
            three.model.depose();
            Voter next = three.voter(three.leader());
            MetadataImage image = next.image();
            seenBeforeToldOf |= image.topic("first") != null && !first.isDone();
            three.turnUntil(() -> first.isDone() && second.isDone());
            assertUnknown(first);
            assertUnknown(second);
            assertEquals(image.appliedIndex(), next.image().appliedIndex(), "it is decided when another leads");
            boolean has = image.topic("first") != null;
            assertTrue(has || image.topic("second") == null, "the second without the first");
            seen.add(!has ? Fate.NEITHER : image.topic("second") == null ? Fate.FIRST : Fate.BOTH);
        }
        assertEquals(EnumSet.allOf(Fate.class), seen);
        assertTrue(seenBeforeToldOf);
    }

    private static void assertUnknown(CompletableFuture<Outcome> proposal) {
        CompletionException failure = assertThrows(CompletionException.class, proposal::join);
        assertFalse(assertInstanceOf(MetadataUnavailableException.class, failure.getCause())
                .isDefinite());
    }

    /** One seed may be one where nothing of it takes effect. */
    @Test
    void whatFailedTookEffectAtMostOnceWhateverTheNextLeaderHas() throws IOException {
        for (long seed = 2; seed < 20; seed++) {
            cluster = Cluster.ofThree(seed);
            whatFailedAndNobodyKnowsHowTookEffectAtMostOnce();
        }
    }

    @Test
    void nothingIsAgreedOnByOneOfThree() throws IOException {
        found();
        Voter alone = cluster.voter(cluster.leader());
        cluster.cut.addAll(Set.of(1, 2, 3));
        CompletableFuture<Outcome> proposed =
                alone.propose(Commands.create("a", 1)).toCompletableFuture();
        for (int turn = 0; turn < 2_000; turn++) {
            cluster.turn();
        }
        assertEquals(0, cluster.model.leadingMachine());
        assertFalse(alone.isLeader());
        assertFalse(proposed.isDone());
        assertNull(alone.image().topic("a"));
        cluster.cut.clear();
        cluster.turnUntil(proposed::isDone);
        assertUnknown(proposed);
        assertInstanceOf(Outcome.Committed.class, cluster.done(Commands.create("b", 1)));
        assertNotNull(cluster.voter(cluster.leader()).image().topic("b"));
    }
}
