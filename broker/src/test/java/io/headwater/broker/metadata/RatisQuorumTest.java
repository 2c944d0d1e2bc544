package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.consensus.LocalCalls;
import io.headwater.broker.consensus.NoSegment;
import io.headwater.broker.consensus.OnlyVoter;
import io.headwater.broker.consensus.RaftCalls;
import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.consensus.ShortLog;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.testing.FaultyDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract for a cluster of one voter; then what three of them do when some are gone. */
class RatisQuorumTest extends MetadataQuorumContract {
    private static final String CLUSTER = new UUID(7, 7).toString();
    private static final List<String> THREE = List.of("1-a", "2-b", "3-c");

    @TempDir
    Path directory;

    private final LocalCalls calls = new LocalCalls();
    private final List<RatisQuorum> running = new ArrayList<>();
    /** Leads, until it is struck. */
    private @Nullable RatisQuorum struck;

    @AfterEach
    void closeAll() {
        running.forEach(RatisQuorum::close);
    }

    private RatisQuorum.Membership membership(String self, List<String> voters) {
        return new RatisQuorum.Membership(CLUSTER, self, voters);
    }

    private RatisQuorum create(String self, List<String> voters) throws IOException {
        RatisQuorum quorum = RatisQuorum.create(
                new FileSystemDisk(), directory.resolve(self), membership(self, voters), calls.of(self), () -> {});
        running.add(quorum);
        return quorum;
    }

    private RatisQuorum open(Path place, String self, List<String> voters) throws IOException {
        RatisQuorum quorum =
                RatisQuorum.open(new FileSystemDisk(), place, membership(self, voters), calls.of(self), () -> {});
        running.add(quorum);
        return quorum;
    }

    @Override
    MetadataQuorum found() throws IOException {
        RatisQuorum quorum = create("1-a", List.of("1-a"));
        turnUntil(List.of(quorum), quorum::isLeader);
        assertInstanceOf(Outcome.Committed.class, done(quorum, Commands.register("d")));
        return quorum;
    }

    /** What is on the disk when the process dies: a copy of it, while it still runs. */
    @Override
    MetadataQuorum crashAndReopen() throws IOException {
        Path left = directory.resolve("left");
        copy(directory.resolve("1-a"), left);
        running.remove(0).close();
        RatisQuorum quorum = open(left, "1-a", List.of("1-a"));
        turnUntil(List.of(quorum), quorum::isLeader);
        return quorum;
    }

    @Override
    void turn(MetadataQuorum quorum) {
        running.forEach(RatisQuorum::doWork);
        Thread.onSpinWait();
    }

    @Override
    MetadataQuorum foundToBeStruck() throws IOException {
        struck = leaderOf(three());
        assertInstanceOf(Outcome.Committed.class, agreed(running, Commands.register("d")));
        return struck;
    }

    private RatisQuorum struck() {
        return Objects.requireNonNull(struck, "the one that leads");
    }

    @Override
    void strike() {
        calls.cut(THREE.get(running.indexOf(struck())));
    }

    @Override
    MetadataQuorum answersNext() {
        RatisQuorum old = struck();
        List<RatisQuorum> others = running.stream().filter(each -> each != old).toList();
        others.get(0).startElection();
        RatisQuorum next = leaderOf(others);
        next.doWork();
        long index = next.image().appliedIndex();
        calls.mend(THREE.get(running.indexOf(old)));
        turnUntil(
                running,
                () -> old.image().appliedIndex() >= index
                        && running.stream().filter(RatisQuorum::isLeader).count() == 1);
        struck = leaderOf(running);
        struck().doWork();
        return struck();
    }

    @Override
    MetadataQuorum foundWithAShortLog() throws IOException {
        RatisQuorum quorum = withAShortLog("1-a", List.of("1-a"));
        turnUntil(running, quorum::isLeader);
        assertInstanceOf(Outcome.Committed.class, done(quorum, Commands.register("d")));
        return quorum;
    }

    private RatisQuorum withAShortLog(String self, List<String> voters) throws IOException {
        RatisQuorum quorum =
                ShortLog.start(directory.resolve(self), membership(self, voters), StartupOption.FORMAT, calls.of(self));
        running.add(quorum);
        return quorum;
    }

    @Override
    MetadataQuorum installedFrom(MetadataQuorum quorum) throws IOException {
        RatisQuorum late = withAShortLog("2-b", List.of());
        AtomicInteger replaced = new AtomicInteger();
        late.listener(new MetadataQuorum.Listener() {
            @Override
            public void applied(MetadataImage image, Command command) {}

            @Override
            public void replaced(MetadataImage image) {
                replaced.incrementAndGet();
            }
        });
        CompletableFuture<Void> grown =
                running.get(0).setVoters(List.of("1-a", "2-b")).toCompletableFuture();
        long index = quorum.image().appliedIndex();
        turnUntil(running, () -> grown.isDone() && late.image().appliedIndex() >= index);
        grown.join();
        assertTrue(replaced.get() > 0, "a snapshot");
        return late;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                if (!each.getFileName().toString().endsWith(".lock")) {
                    Files.copy(each, to.resolve(from.relativize(each)));
                }
            }
        }
    }

    private static void turnUntil(List<RatisQuorum> quorums, BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertFalse(Thread.currentThread().isInterrupted(), "it takes too long");
            quorums.forEach(RatisQuorum::doWork);
            Thread.onSpinWait();
        }
    }

    private List<RatisQuorum> three() throws IOException {
        List<RatisQuorum> all = new ArrayList<>();
        for (String self : THREE) {
            all.add(create(self, THREE));
        }
        return all;
    }

    private static RatisQuorum leaderOf(List<RatisQuorum> quorums) {
        RatisQuorum[] leader = new RatisQuorum[1];
        turnUntil(quorums, () -> {
            leader[0] =
                    quorums.stream().filter(RatisQuorum::isLeader).findFirst().orElse(null);
            return leader[0] != null;
        });
        return leader[0];
    }

    /** On a topic, and first on the node that it needs. */
    private static Outcome agreed(List<RatisQuorum> quorums, String topic) {
        if (leaderOf(quorums).image().nodes().isEmpty()) {
            agreed(quorums, Commands.register("d"));
        }
        return agreed(quorums, Commands.create(topic, 1));
    }

    private static Outcome agreed(List<RatisQuorum> quorums, Command command) {
        CompletableFuture<Outcome> outcome = leaderOf(quorums).propose(command).toCompletableFuture();
        turnUntil(quorums, outcome::isDone);
        return outcome.join();
    }

    @Test
    void threeVotersAgree() throws IOException {
        List<RatisQuorum> all = three();
        assertInstanceOf(Outcome.Committed.class, agreed(all, "a"));
        assertInstanceOf(Outcome.Refused.class, agreed(all, "a"));
        turnUntil(all, () -> all.stream().allMatch(each -> each.image().topic("a") != null));
        for (RatisQuorum each : all) {
            MetadataMachineTest.assertSame(all.get(0).image(), each.image());
        }
    }

    @Test
    void whoDoesNotLeadSaysSoAtOnce() throws IOException {
        List<RatisQuorum> all = three();
        RatisQuorum leader = leaderOf(all);
        RatisQuorum other =
                all.stream().filter(each -> each != leader).findFirst().orElseThrow();
        CompletableFuture<Outcome> refused =
                other.propose(Commands.create("a", 1)).toCompletableFuture();
        turnUntil(all, refused::isDone);
        CompletionException failure = assertThrows(CompletionException.class, refused::join);
        assertInstanceOf(MetadataUnavailableException.class, failure.getCause());
        assertFalse(other.isWritable());
    }

    @Test
    void twoGoOnWithoutALeaderThatIsCutOffAndItComesBackWithTheirPicture() throws IOException {
        List<RatisQuorum> all = three();
        agreed(all, "before");
        RatisQuorum leader = leaderOf(all);
        int gone = all.indexOf(leader);
        calls.cut(THREE.get(gone));
        CompletableFuture<Outcome> lost =
                leader.propose(Commands.create("lost", 1)).toCompletableFuture();
        leader.doWork();
        List<RatisQuorum> two = all.stream().filter(each -> each != leader).toList();

        assertInstanceOf(Outcome.Committed.class, agreed(two, "after"));
        turnUntil(all, lost::isDone);
        assertTrue(lost.isCompletedExceptionally(), "nobody else has it");

        calls.mend(THREE.get(gone));
        turnUntil(all, () -> leader.image().topic("after") != null);
        MetadataMachineTest.assertSame(leaderOf(two).image(), leader.image());
        assertEquals(null, leader.image().topic("lost"));
    }

    /**
     * Ratis takes the second copy of an append for done while the first is under way, and then for committed what stands in
     * that place: see {@code RatisTransport}.
     */
    @Test
    void whatOneProposedAloneIsNeverAppliedHoweverOftenItHearsWhatIsThereInstead() throws IOException {
        List<RatisQuorum> all = three();
        agreed(all, "before");
        for (int round = 0; round < 4; round++) {
            RatisQuorum leader = leaderOf(all);
            String name = THREE.get(all.indexOf(leader));
            calls.cut(name);
            List<CompletableFuture<Outcome>> lost = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                lost.add(leader.propose(Commands.create("lost-" + round + "-" + i, 1))
                        .toCompletableFuture());
                leader.doWork();
            }
            List<RatisQuorum> two = all.stream().filter(each -> each != leader).toList();
            two.get(round % 2).startElection();
            turnUntil(two, () -> two.stream().anyMatch(RatisQuorum::isLeader));
            for (int i = 0; i < 8; i++) {
                assertInstanceOf(Outcome.Committed.class, agreed(two, "kept-" + round + "-" + i));
            }
            calls.repeat(4);
            calls.mend(name);
            String last = "kept-" + round + "-7";
            turnUntil(all, () -> leader.image().topic(last) != null);
            calls.repeat(1);
            turnUntil(all, () -> lost.stream().allMatch(CompletableFuture::isDone));
            assertTrue(lost.stream().allMatch(CompletableFuture::isCompletedExceptionally), "nobody else had it");
            MetadataMachineTest.assertSame(leaderOf(two).image(), leader.image());
        }
    }

    @Test
    void nothingIsAgreedOnByOneOfThree() throws IOException {
        List<RatisQuorum> all = three();
        RatisQuorum leader = leaderOf(all);
        THREE.forEach(calls::cut);
        CompletableFuture<Outcome> alone =
                leader.propose(Commands.create("a", 1)).toCompletableFuture();
        turnUntil(all, alone::isDone);
        assertTrue(alone.isCompletedExceptionally());
        assertEquals(null, leader.image().topic("a"));
    }

    @Test
    void aVoterThatDiedKnowsWhatItAgreedTo() throws IOException {
        List<RatisQuorum> all = three();
        for (int i = 0; i < 50; i++) {
            agreed(all, "topic-" + i);
        }
        RatisQuorum dead = all.get(1);
        dead.close();
        running.remove(dead);
        List<RatisQuorum> two = List.of(all.get(0), all.get(2));
        agreed(two, "meanwhile");

        RatisQuorum again = open(directory.resolve(THREE.get(1)), THREE.get(1), THREE);
        List<RatisQuorum> now = List.of(all.get(0), again, all.get(2));
        turnUntil(now, () -> again.image().topic("meanwhile") != null);
        MetadataMachineTest.assertSame(leaderOf(two).image(), again.image());
        assertNotEquals(0, again.image().appliedIndex());
    }

    @Test
    void neverStartsAVoterAnewOverWhatItHas() throws IOException {
        create("1-a", List.of("1-a"));
        running.remove(0).close();
        assertThrows(IOException.class, () -> create("1-a", List.of("1-a")));
        assertThrows(IOException.class, () -> open(directory.resolve("2-b"), "2-b", List.of("2-b")));
        Path emptied = Files.createDirectories(directory.resolve("emptied"));
        assertThrows(IOException.class, () -> open(emptied, "1-a", List.of("1-a")));
    }

    @Test
    void aClusterGrowsFromOneVoterToThree() throws IOException {
        RatisQuorum first = create("1-a", List.of("1-a"));
        agreed(List.of(first), "alone");
        List<RatisQuorum> all = new ArrayList<>(List.of(first));
        all.add(create("2-b", List.of()));
        all.add(create("3-c", List.of()));
        CompletableFuture<Void> grown = first.setVoters(THREE).toCompletableFuture();
        turnUntil(all, grown::isDone);
        grown.join();
        turnUntil(all, () -> all.stream().allMatch(each -> each.image().topic("alone") != null));

        calls.cut("1-a");
        assertInstanceOf(Outcome.Committed.class, agreed(all.subList(1, 3), "later"));
    }

    /** Ratis does not sync the directory of its vote file: see {@code VoteBarrier}. */
    @Test
    void aVoteThatAPowerCutMightTakeBackIsNotAskedFor() throws IOException {
        AtomicInteger refused = new AtomicInteger();
        FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
        disk.failSyncs(path -> path.endsWith("current") && refused.incrementAndGet() > 0);
        for (String self : THREE) {
            running.add(RatisQuorum.create(
                    disk, directory.resolve(self), membership(self, THREE), calls.of(self), () -> {}));
        }
        turnUntil(running, () -> refused.get() >= 3);
        assertTrue(running.stream().noneMatch(RatisQuorum::isLeader));

        disk.heal();
        assertInstanceOf(Outcome.Committed.class, agreed(running, "a"));
    }

    /** The two others only answer, so that every sync that fails is one before such an answer. */
    @Test
    void aVoteThatAPowerCutMightTakeBackIsNotGranted() throws IOException {
        AtomicInteger refused = new AtomicInteger();
        FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
        disk.failSyncs(path -> path.endsWith("current") && refused.incrementAndGet() > 0);
        calls.mute("2-b");
        calls.mute("3-c");
        RatisQuorum asks = create("1-a", THREE);
        for (String self : List.of("2-b", "3-c")) {
            running.add(RatisQuorum.create(
                    disk, directory.resolve(self), membership(self, THREE), calls.of(self), () -> {}));
        }
        turnUntil(running, () -> refused.get() >= 4);
        assertEquals(0, calls.count(RaftCalls.Call.APPEND_ENTRIES), "it leads");

        disk.heal();
        turnUntil(running, asks::isLeader);
    }

    /** Ratis itself would go on, as if it had written what it could not: a full disk does this, and a new term begins a segment. */
    @Test
    void aFollowerWhoseLogCannotBeWrittenStopsAndGoesOnLater() throws IOException {
        List<RatisQuorum> all = three();
        agreed(all, "a");
        RatisQuorum leader = leaderOf(all);
        RatisQuorum broken =
                all.stream().filter(each -> each != leader).findFirst().orElseThrow();
        RatisQuorum next = all.stream()
                .filter(each -> each != leader && each != broken)
                .findFirst()
                .orElseThrow();
        startsAgain(all, broken, next);
    }

    @Test
    void aLeaderWhoseLogCannotBeWrittenStopsAndOthersLead() throws IOException {
        List<RatisQuorum> all = three();
        agreed(all, "a");
        RatisQuorum leader = leaderOf(all);
        RatisQuorum broken =
                all.stream().filter(each -> each != leader).findFirst().orElseThrow();
        startsAgain(all, broken, broken);
    }

    private void startsAgain(List<RatisQuorum> all, RatisQuorum broken, RatisQuorum next) throws IOException {
        String self = THREE.get(all.indexOf(broken));
        try (NoSegment none = NoSegment.in(directory.resolve(self))) {
            next.startElection();
            turnUntil(all, broken::isBroken);
        }
        assertFalse(broken.isRunning());
        assertFalse(broken.isLeader());
        broken.close();
        running.remove(broken);
        assertInstanceOf(Outcome.Committed.class, agreed(List.copyOf(running), "meanwhile"));

        RatisQuorum again = open(directory.resolve(self), self, THREE);
        turnUntil(running, () -> again.image().topic("meanwhile") != null);
    }

    /** As after a power cut without the barrier, or a restored backup. */
    @Test
    void aVoterWhoseOldVoteCameBackDoesNotStart() throws IOException {
        List<RatisQuorum> all = three();
        String self = THREE.get(1);
        Path vote = directory.resolve(self).resolve(CLUSTER).resolve("current").resolve("raft-meta");
        byte[] old = Files.readAllBytes(vote);
        agreed(all, "a");
        all.get(1).close();
        running.remove(all.get(1));
        byte[] newer = Files.readAllBytes(vote);
        Files.write(vote, old);
        String message =
                String.valueOf(assertThrows(IOException.class, () -> open(directory.resolve(self), self, THREE))
                        .getMessage());
        assertTrue(message.contains("which has left this voter"), message);

        Files.write(vote, newer);
        RatisQuorum again = open(directory.resolve(self), self, THREE);
        List<RatisQuorum> now = List.of(all.get(0), again, all.get(2));
        turnUntil(now, () -> again.image().topic("a") != null);
    }

    /** Nobody has to look for it all the time: a controller's first act is what a failover waits for. */
    @Test
    void saysWhenItHasComeToLead() throws Exception {
        Semaphore news = new Semaphore(0);
        RatisQuorum quorum = RatisQuorum.create(
                new FileSystemDisk(),
                directory.resolve("1-a"),
                membership("1-a", List.of("1-a")),
                calls.of("1-a"),
                news::release);
        running.add(quorum);
        while (!quorum.isLeader()) {
            assertTrue(news.tryAcquire(20, TimeUnit.SECONDS), "it says nothing; leads: " + quorum.isLeader());
        }
    }

    @Test
    void oneOfThreeGoesOnAloneWhenItIsMadeTheOnlyVoter() throws Exception {
        List<RatisQuorum> all = three();
        turnUntil(all, () -> all.stream().anyMatch(RatisQuorum::isLeader));
        RatisQuorum leader =
                all.stream().filter(RatisQuorum::isLeader).findFirst().orElseThrow();
        CompletableFuture<Outcome> done = leader.propose(Commands.register("d")).toCompletableFuture();
        turnUntil(all, () -> all.stream().allMatch(each -> !each.image().nodes().isEmpty()));
        done.join();
        MetadataImage agreed = leader.image();
        all.forEach(RatisQuorum::close);
        running.clear();

        Path place = directory.resolve("2-b");
        assertEquals(THREE, OnlyVoter.make(new FileSystemDisk(), place, membership("2-b", List.of())));
        RatisQuorum alone = open(place, "2-b", List.of());
        turnUntil(List.of(alone), alone::isLeader);
        alone.doWork();
        assertEquals(agreed.appliedIndex(), alone.image().appliedIndex());
        assertEquals(List.of("2-b"), alone.voters());
        assertInstanceOf(Outcome.Committed.class, done(alone, Commands.create("t", 1)));

        RatisQuorum fresh = create("4-d", List.of());
        RatisQuorum other = create("5-e", List.of());
        List<RatisQuorum> next = List.of(alone, fresh, other);
        CompletableFuture<Void> grown =
                alone.setVoters(List.of("2-b", "4-d", "5-e")).toCompletableFuture();
        turnUntil(next, grown::isDone);
        grown.join();
        turnUntil(
                next,
                () -> fresh.image().nodes().size() == alone.image().nodes().size());
        assertEquals(List.of("2-b", "4-d", "5-e"), fresh.voters());
    }
}
