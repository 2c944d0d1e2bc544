package io.headwater.broker.consensus;

import io.headwater.storage.Disk;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Makes sure that a vote which has left is remembered. Ratis 3.3.0 writes term and vote to a new file, syncs that, and
 * renames it over the old one, but does not sync the directory: a power cut may bring the old vote back, and with it two
 * leaders of one term. So the directory is synced before a vote leaves, and before the first reply in a new term. Any
 * thread.
 */
final class VoteBarrier {
    private final Disk disk;
    private final Path directory;
    private long syncedTerm = -1;

    /** @param directory where Ratis keeps its vote file */
    VoteBarrier(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    synchronized void beforeAVote() throws IOException {
        disk.syncDirectory(directory);
    }

    synchronized void beforeAReply(long term) throws IOException {
        if (term > syncedTerm) {
            disk.syncDirectory(directory);
            syncedTerm = term;
        }
    }
}
