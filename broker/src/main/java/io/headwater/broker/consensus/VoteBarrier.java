package io.headwater.broker.consensus;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.headwater.storage.Disk;
import io.headwater.storage.Journal;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Makes sure that a vote which has left is remembered. Ratis 3.3.0 writes term and vote to a new file, syncs that, and
 * renames it over the old one, but does not sync the directory: a power cut may bring the old vote back, and with it two
 * leaders of one term. So the directory is synced before a vote leaves, and before anything else in a new term does. Nor does
 * that file have a checksum: what leaves is written to a journal first, and a voter whose file says less does not start.
 * Any thread.
 */
final class VoteBarrier implements AutoCloseable {
    /** In the voter's directory. */
    static final String FILE_NAME = "votes";

    /** Ratis's file with term and vote. */
    static final String VOTE = "raft-meta";

    private static final int JOURNAL_TAG = 0x564f5445; // VOTE

    private final Disk disk;
    private final Path current;
    private final Journal journal;
    private Vote left;
    /** Nothing has failed since it was written anew. */
    private boolean isUsable = true;

    private boolean running;

    /** @param voter who got it; empty: nobody so far */
    private record Vote(long term, String voter) {
        /** @throws IOException if the file is missing, or says anything else */
        static Vote readFrom(Path file) throws IOException {
            Properties properties = new Properties();
            try {
                properties.load(new StringReader(Files.readString(file)));
                return new Vote(Long.parseLong(properties.getProperty("term")), properties.getProperty("votedFor", ""));
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": " + properties + " (expected: a term, and perhaps a vote)", e);
            }
        }

        static Vote parse(byte[] bytes) {
            String[] parts = new String(bytes, UTF_8).split(" ", 2);
            return new Vote(Long.parseLong(parts[0]), parts[1]);
        }

        byte[] bytes() {
            return (term + " " + voter).getBytes(UTF_8);
        }

        /** Whether this may be what is remembered of a voter from whom the other vote has left. */
        boolean remembers(Vote other) {
            return term > other.term || (term == other.term && (voter.equals(other.voter) || other.voter.isEmpty()));
        }

        @Override
        public String toString() {
            return "term " + term + (voter.isEmpty() ? "" : ", vote for " + voter);
        }
    }

    private VoteBarrier(Disk disk, Path current, Journal journal, Vote left) {
        this.disk = disk;
        this.current = current;
        this.journal = journal;
        this.left = left;
    }

    /**
     * Of a voter that has not voted.
     *
     * @param directory the voter's
     * @param current where Ratis keeps its vote file, in there
     */
    static VoteBarrier create(Disk disk, Path directory, Path current) throws IOException {
        Journal journal = Journal.open(disk, directory.resolve(FILE_NAME), JOURNAL_TAG, payload -> {});
        Vote none = new Vote(0, "");
        try {
            journal.rewrite(List.of(none.bytes()));
        } catch (IOException e) {
            journal.close();
            throw e;
        }
        return new VoteBarrier(disk, current, journal, none);
    }

    /** Of a voter that has been in use; @throws IOException if its disk did not keep a vote that has left */
    static VoteBarrier open(Disk disk, Path directory, Path current) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        Path vote = current.resolve(VOTE);
        for (Path each : List.of(file, vote)) {
            if (!Files.exists(each)) {
                // Ratis would begin with nothing, and might vote twice.
                throw new IOException(each + ": missing, although this voter has been in use; start it as a new one");
            }
        }
        List<byte[]> records = new ArrayList<>();
        Journal journal = Journal.open(disk, file, JOURNAL_TAG, records::add);
        try {
            if (records.isEmpty()) {
                throw new IOException(file + ": empty (expected: what has left this voter); start it as a new one");
            }
            Vote left = Vote.parse(records.get(records.size() - 1));
            Vote remembered = Vote.readFrom(vote);
            if (!remembered.remembers(left)) {
                throw new IOException(vote + ": " + remembered + " (expected: " + left
                        + ", which has left this voter, or a later term); start it as a new one");
            }
            journal.rewrite(List.of(left.bytes()));
            return new VoteBarrier(disk, current, journal, left);
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
    }

    /** From now on it takes part. */
    synchronized void start() {
        running = true;
    }

    synchronized void requireRunning() throws IOException {
        if (!running) {
            throw new IOException("this voter does not run");
        }
    }

    synchronized void beforeAVote() throws IOException {
        requireRunning();
        Vote now = Vote.readFrom(current.resolve(VOTE));
        disk.syncDirectory(current);
        if (!now.equals(left)) {
            keep(now);
            left = now;
        }
    }

    private void keep(Vote vote) throws IOException {
        if (isUsable) {
            isUsable = false;
            journal.append(vote.bytes());
            journal.sync();
        } else {
            journal.rewrite(List.of(vote.bytes()));
        }
        isUsable = true;
    }

    /** What is said in a term. */
    synchronized void beforeTheFirstOf(long term) throws IOException {
        if (term > left.term()) {
            beforeAVote();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        running = false;
        journal.close();
    }
}
