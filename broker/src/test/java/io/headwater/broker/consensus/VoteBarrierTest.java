package io.headwater.broker.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.testing.FaultyDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a voter must remember of its votes in order to start. The file is written as Ratis does. */
class VoteBarrierTest {
    @TempDir
    Path directory;

    private final FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
    private Path current;

    @BeforeEach
    void makeDirectory() throws IOException {
        current = Files.createDirectories(directory.resolve("current"));
        remember(0, "");
    }

    private void remember(long term, String voter) throws IOException {
        Files.writeString(
                current.resolve(VoteBarrier.VOTE), "#\n#Mon Nov 23\nterm=" + term + "\nvotedFor=" + voter + "\n");
    }

    private void left(long term, String voter) throws IOException {
        try (VoteBarrier barrier = VoteBarrier.create(disk, directory, current)) {
            barrier.start();
            remember(term, voter);
            barrier.beforeAVote();
        }
    }

    private void starts() throws IOException {
        VoteBarrier.open(disk, directory, current).close();
    }

    private void refused(String why) {
        String message = String.valueOf(
                assertThrows(IOException.class, this::starts, why).getMessage());
        assertTrue(message.contains(why), message);
    }

    @Test
    void whatIsRememberedIsWhatHasLeftOrLater() throws IOException {
        left(5, "2-b");
        starts();
        remember(6, "");
        starts();
        remember(6, "1-a");
        starts();

        remember(5, "3-c");
        refused("term 5, vote for 3-c (expected: term 5, vote for 2-b, which has left this voter");
        remember(5, "");
        refused("term 5 (expected: term 5, vote for 2-b");
        remember(4, "2-b");
        refused("term 4, vote for 2-b (expected: term 5");
    }

    @Test
    void aVoteInATermThatOnlyWasHeardOfIsFree() throws IOException {
        left(5, "");
        remember(5, "3-c");
        starts();
        remember(4, "");
        refused("expected: term 5");
    }

    @Test
    void aFileThatSaysNothingOrIsGoneIsRefused() throws IOException {
        left(5, "2-b");
        Path vote = current.resolve(VoteBarrier.VOTE);
        Files.writeString(vote, "term=5x\nvotedFor=2-b");
        refused("expected: a term, and perhaps a vote");
        Files.writeString(vote, "");
        refused("expected: a term, and perhaps a vote");
        Files.delete(vote);
        refused("missing, although this voter has been in use");
    }

    @Test
    void theJournalOfWhatHasLeftIsNotGuessedAtEither() throws IOException {
        left(5, "2-b");
        Path journal = directory.resolve(VoteBarrier.FILE_NAME);
        byte[] bytes = Files.readAllBytes(journal);
        int used = bytes.length;
        while (bytes[used - 1] == 0) {
            used--;
        }
        for (int at = 0; at < used; at++) {
            bytes[at] ^= 1;
            Files.write(journal, bytes);
            bytes[at] ^= 1;
            remember(4, "2-b");
            assertThrows(IOException.class, this::starts, "a bit of byte " + at);
        }
        Files.delete(journal);
        refused("missing, although this voter has been in use");
    }

    @Test
    void nothingLeavesBeforeItIsWritten() throws IOException {
        try (VoteBarrier barrier = VoteBarrier.create(disk, directory, current)) {
            barrier.start();
            remember(5, "2-b");
            disk.failSyncs(path -> path.getFileName().toString().startsWith(VoteBarrier.FILE_NAME));
            assertThrows(IOException.class, barrier::beforeAVote);
            assertThrows(IOException.class, () -> barrier.beforeTheFirstOf(5));
            disk.heal();
            barrier.beforeTheFirstOf(5);
        }
        remember(5, "");
        refused("vote for 2-b, which has left this voter");
    }

    @Test
    void nothingLeavesAVoterThatIsStopped() throws IOException {
        VoteBarrier barrier = VoteBarrier.create(disk, directory, current);
        barrier.start();
        barrier.close();
        assertEquals(
                "this voter does not run",
                assertThrows(IOException.class, barrier::beforeAVote).getMessage());
    }
}
