package io.headwater.broker.consensus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateGroup;
import io.headwater.storage.FileSystemDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator can do about a voter whose log a power cut has torn. */
@Timeout(60)
class TornTailTest {
    private static final RatisQuorum.Membership ALONE =
            new RatisQuorum.Membership(new UUID(7, 7).toString(), "1-a", List.of("1-a"));
    private static final int GROUPS = 20;

    @TempDir
    Path directory;

    private Path place;

    private Path filled() throws IOException {
        place = directory.resolve("1-a");
        RatisQuorum quorum =
                RatisQuorum.create(new FileSystemDisk(), place, ALONE, new LocalCalls().of("1-a"), () -> {});
        try (quorum) {
            lead(quorum);
            for (int i = 0; i < GROUPS; i++) {
                CompletableFuture<Outcome> made = quorum.propose(Command.newBuilder()
                                .setCreateGroup(CreateGroup.newBuilder().setName("group-" + i))
                                .build())
                        .toCompletableFuture();
                while (!made.isDone()) {
                    quorum.doWork();
                    Thread.onSpinWait();
                }
            }
        }
        try (Stream<Path> all = Files.walk(place)) {
            return all.filter(each -> each.getFileName().toString().startsWith("log_inprogress_"))
                    .findAny()
                    .orElseThrow();
        }
    }

    private static void lead(RatisQuorum quorum) {
        while (!quorum.isLeader()) {
            quorum.doWork();
            Thread.onSpinWait();
        }
        quorum.doWork();
    }

    private RatisQuorum open() throws IOException {
        return RatisQuorum.open(new FileSystemDisk(), place, ALONE, OnlyVoter.NOBODY, () -> {});
    }

    private static int end(byte[] log) {
        int end = log.length;
        while (log[end - 1] == 0) {
            end--;
        }
        return end;
    }

    /** The log ends within what is made zeros here, or begins again behind it. */
    private void isRecoveredWithoutItsLast(int from, int to) throws IOException {
        Path log = filled();
        byte[] bytes = Files.readAllBytes(log);
        int end = end(bytes);
        Arrays.fill(bytes, end - from, end - to, (byte) 0);
        Files.write(log, bytes);
        assertThrows(IOException.class, () -> open().close());

        OnlyVoter.make(new FileSystemDisk(), place, ALONE);
        try (RatisQuorum again = open()) {
            lead(again);
            int groups = again.image().groups().size();
            assertTrue(groups >= GROUPS - 3 && groups <= GROUPS, "groups: " + groups);
            for (int i = 0; i < groups; i++) {
                assertTrue(again.image().group("group-" + i) != null, "group " + i);
            }
        }
    }

    @Test
    void theEndOfTheLastEntryIsMissing() throws IOException {
        isRecoveredWithoutItsLast(6, 0);
    }

    @Test
    void theBeginningOfTheLastEntriesIsMissing() throws IOException {
        isRecoveredWithoutItsLast(60, 5);
    }

    /** Ratis would take it, and neither vote nor lead. */
    @Test
    void aLogThatEndsBeforeItsSnapshotIsRefused() throws IOException {
        Path log = filled();
        byte[] bytes = Files.readAllBytes(log);
        int end = end(bytes);
        Arrays.fill(bytes, end - 300, end, (byte) 0);
        Arrays.fill(bytes, TornTail.endOfWhole(bytes), end, (byte) 0);
        Files.write(log, bytes);
        IOException refused = assertThrows(IOException.class, () -> open().close());
        assertTrue(refused.getMessage().contains("as the snapshot does"), refused::getMessage);
    }

    @Test
    void whatIsWholeStaysAsItIs() throws IOException {
        Path log = filled();
        byte[] bytes = Files.readAllBytes(log);
        TornTail.cut(log.getParent());
        assertArrayEquals(bytes, Files.readAllBytes(log));
        try (RatisQuorum again = open()) {
            lead(again);
            assertEquals(GROUPS, again.image().groups().size());
        }
    }
}
