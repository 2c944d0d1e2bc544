package io.headwater.broker.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What voters do whose log begins with a snapshot, since what was before it is deleted. */
@Timeout(60)
class SnapshotOfAVoterTest {
    private static final String CLUSTER = new UUID(7, 7).toString();
    private static final List<String> THREE = List.of("1-a", "2-b", "3-c");
    private static final int GROUPS = 300;
    /** In each file. */
    private static final int PLACES = 6;

    @TempDir
    Path directory;

    private final LocalCalls calls = new LocalCalls();
    private final List<RatisQuorum> running = new ArrayList<>();
    private int runs;

    @AfterEach
    void closeAll() {
        running.forEach(RatisQuorum::close);
    }

    private RatisQuorum start(String self, List<String> voters, StartupOption option) throws IOException {
        return start(directory.resolve(self), self, voters, option);
    }

    private RatisQuorum start(Path place, String self, List<String> voters, StartupOption option) throws IOException {
        runs++;
        RatisQuorum quorum =
                ShortLog.start(place, new RatisQuorum.Membership(CLUSTER, self, voters), option, calls.of(self));
        running.add(quorum);
        return quorum;
    }

    private static void turnUntil(List<RatisQuorum> quorums, BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            quorums.forEach(RatisQuorum::doWork);
            Thread.onSpinWait();
        }
    }

    private RatisQuorum filled() throws IOException {
        RatisQuorum first = start("1-a", List.of("1-a"), StartupOption.FORMAT);
        turnUntil(List.of(first), first::isLeader);
        for (int i = 0; i < GROUPS; i++) {
            CompletableFuture<Outcome> made = first.propose(Command.newBuilder()
                            .setCreateGroup(CreateGroup.newBuilder().setName("group-" + i))
                            .build())
                    .toCompletableFuture();
            turnUntil(List.of(first), made::isDone);
            made.join();
        }
        return first;
    }

    private List<Path> snapshots(String self) throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve(self))) {
            return all.filter(each -> each.getFileName().toString().startsWith("snapshot."))
                    .toList();
        }
    }

    @Test
    void whoComesLateGetsIt() throws IOException {
        RatisQuorum first = filled();
        assertTrue(snapshots("1-a").size() >= 2, "a snapshot and its digest");
        List<RatisQuorum> all = new ArrayList<>(List.of(first));
        all.add(start("2-b", List.of(), StartupOption.FORMAT));
        all.add(start("3-c", List.of(), StartupOption.FORMAT));
        CompletableFuture<Void> grown = first.setVoters(THREE).toCompletableFuture();
        turnUntil(all, grown::isDone);
        grown.join();
        turnUntil(all, () -> all.stream().allMatch(each -> each.image().groups().size() == GROUPS));
    }

    @Test
    void aVoterGoesOnFromItsOwn() throws IOException {
        filled().close();
        running.clear();
        RatisQuorum again = start("1-a", List.of("1-a"), StartupOption.RECOVER);
        turnUntil(List.of(again), again::isLeader);
        assertEquals(GROUPS, again.image().groups().size());
    }

    /** What was before it is deleted: to go on without it would be to begin with nothing. */
    @Test
    void oneThatCannotBeReadStopsTheVoter() throws IOException {
        filled().close();
        running.clear();
        for (Path each : snapshots("1-a")) {
            if (each.toString().endsWith(".md5")) {
                Files.writeString(each, "nonsense");
            }
        }
        assertThrows(IOException.class, () -> start("1-a", List.of("1-a"), StartupOption.RECOVER));
    }

    /** As a power cut leaves it behind a snapshot of another voter, of which Ratis syncs nothing. */
    @Test
    void oneThatIsGoneStopsTheVoter() throws IOException {
        filled().close();
        running.clear();
        for (Path each : snapshots("1-a")) {
            Files.delete(each);
        }
        IOException refused =
                assertThrows(IOException.class, () -> start("1-a", List.of("1-a"), StartupOption.RECOVER));
        assertTrue(refused.getMessage().contains("(expected: 0, or a snapshot"), refused::getMessage);
    }

    /** It starts with all of it, or not; its vote is {@link VoteBarrierTest}'s. */
    @Test
    @Timeout(300)
    void aBitThatFlipsInItsLogOrSnapshotNeverTakesAwayWhatItAgreedTo() throws IOException {
        filled().close();
        running.clear();
        Path whole = directory.resolve("1-a");
        List<Path> files;
        try (Stream<Path> all = Files.walk(whole)) {
            files = all.filter(each -> each.getFileName().toString().matches("(log_|snapshot\\.).*"))
                    .map(whole::relativize)
                    .toList();
        }
        assertTrue(files.size() >= 3, () -> "a log, a snapshot, its digest: " + files);
        int refused = 0;
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(whole.resolve(file));
            for (int place = 0; place < PLACES; place++) {
                int at = (int) ((long) place * (bytes.length - 1) / (PLACES - 1));
                Path round = directory.resolve("round-" + runs);
                copy(whole, round);
                bytes[at] ^= 1;
                Files.write(round.resolve(file), bytes);
                bytes[at] ^= 1;
                refused += isRefused(round) ? 1 : 0;
            }
        }
        assertTrue(refused > PLACES, "seen: " + refused);
    }

    /** Whether the voter says that it cannot start from there; otherwise it has all that was agreed on. */
    private boolean isRefused(Path place) throws IOException {
        RatisQuorum quorum;
        try {
            quorum = start(place, "1-a", List.of("1-a"), StartupOption.RECOVER);
        } catch (IOException e) {
            return true;
        }
        turnUntil(List.of(quorum), quorum::isLeader);
        quorum.doWork();
        assertEquals(GROUPS, quorum.image().groups().size(), place::toString);
        quorum.close();
        running.remove(quorum);
        return false;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each)));
            }
        }
    }
}
