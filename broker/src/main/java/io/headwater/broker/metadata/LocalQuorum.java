package io.headwater.broker.metadata;

import com.google.protobuf.InvalidProtocolBufferException;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.LogRecord;
import io.headwater.storage.CorruptJournalException;
import io.headwater.storage.Disk;
import io.headwater.storage.Journal;
import io.headwater.storage.LogVerifier.OtherJournal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The metadata log of a cluster of one: a journal that starts with a snapshot, and a sync before anyone hears of a
 * command. All that was proposed in one turn shares one sync. After a failed write what was proposed is unknown; the
 * journal is then written anew from what is durable, which succeeds as soon as the disk has room again.
 */
public final class LocalQuorum implements MetadataQuorum {
    /** Marks the journal as metadata; a journal of another kind under this name is damage. */
    static final int JOURNAL_TAG = 0x4d455441; // META

    /** With more commands than this behind its snapshot the journal is written anew. */
    private static final int COMMANDS_PER_SNAPSHOT = 4096;

    private final Path file;
    private final Journal journal;
    private final Queue<Proposal> proposals = new ArrayDeque<>();
    private final List<Listener> listeners = new ArrayList<>();
    /** What is durable. */
    private volatile MetadataImage image;
    /** What will be durable after the next sync. */
    private MetadataImage pending;

    private int commandsBehindSnapshot;
    private volatile boolean broken;

    private record Proposal(Command command, CompletableFuture<Outcome> done, Outcome outcome) {}

    private LocalQuorum(Path file, Journal journal, MetadataImage image, int commandsBehindSnapshot) {
        this.file = file;
        this.journal = journal;
        this.image = image;
        this.pending = image;
        this.commandsBehindSnapshot = commandsBehindSnapshot;
    }

    /** Starts the log of a new cluster; there must be none in this place. Durable when it returns. */
    public static LocalQuorum create(Disk disk, Path file, String clusterId) throws IOException {
        if (disk.exists(file)) {
            throw new IllegalArgumentException("file: " + file + " (expected: no such file yet)");
        }
        Journal journal = Journal.open(disk, file, JOURNAL_TAG, payload -> {});
        LocalQuorum quorum = new LocalQuorum(file, journal, MetadataImage.empty(clusterId), 0);
        quorum.rewrite();
        return quorum;
    }

    /**
     * Opens the log of an existing cluster and replays it.
     *
     * @throws CorruptJournalException if bytes changed on disk
     * @throws DamagedMetadataException if the file is missing, empty, or does not make sense
     */
    public static LocalQuorum open(Disk disk, Path file) throws IOException {
        if (!disk.exists(file)) {
            throw new DamagedMetadataException(file + ": missing, although this data directory has been in use; "
                    + "restore it from a backup of the same time as the rest of the directory");
        }
        Replay replay = new Replay(file);
        Journal journal = Journal.open(disk, file, JOURNAL_TAG, replay::record);
        try {
            LocalQuorum quorum = new LocalQuorum(file, journal, replay.result(), replay.commands);
            if (replay.commands > COMMANDS_PER_SNAPSHOT / 8) {
                quorum.rewrite();
            }
            return quorum;
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
    }

    /** For a verifier: the journal of this name, its records replayed as at a start. */
    static OtherJournal verifiable(String fileName) {
        Replay replay = new Replay(Path.of(fileName));
        return new OtherJournal(fileName, JOURNAL_TAG, replay::record, replay::complaint);
    }

    @Override
    public CompletionStage<Outcome> propose(Command command) {
        CompletableFuture<Outcome> done = new CompletableFuture<>();
        Outcome outcome = MetadataMachine.apply(pending, pending.appliedIndex() + 1, command);
        if (outcome instanceof Outcome.Committed committed) {
            journalRecord(committed.index(), command);
            pending = committed.image();
        }
        // A refusal waits for the sync too: it may rest on a command that is not durable yet.
        proposals.add(new Proposal(command, done, outcome));
        return done.minimalCompletionStage();
    }

    private void journalRecord(long index, Command command) {
        if (!broken) {
            commandsBehindSnapshot++;
            journal.append(LogRecord.newBuilder()
                    .setIndex(index)
                    .setCommand(command)
                    .build()
                    .toByteArray());
        }
    }

    @Override
    public int doWork() {
        if (proposals.isEmpty()) {
            return 0;
        }
        List<Proposal> batch = List.copyOf(proposals);
        proposals.clear();
        try {
            makeDurable();
        } catch (IOException e) {
            broken = true;
            pending = image;
            MetadataUnavailableException unknown = new MetadataUnavailableException(
                    "the metadata log " + file + " cannot be written: " + e.getMessage(), e);
            batch.forEach(proposal -> proposal.done().completeExceptionally(unknown));
            return batch.size();
        }
        image = pending;
        for (Proposal proposal : batch) {
            if (proposal.outcome() instanceof Outcome.Committed committed) {
                listeners.forEach(listener -> listener.applied(committed.image(), proposal.command()));
            }
        }
        batch.forEach(proposal -> proposal.done().complete(proposal.outcome()));
        return batch.size();
    }

    private void makeDurable() throws IOException {
        if (broken || commandsBehindSnapshot > COMMANDS_PER_SNAPSHOT) {
            rewrite();
        } else if (pending != image) {
            journal.sync();
        }
    }

    /** The journal becomes one snapshot of all that was proposed. */
    private void rewrite() throws IOException {
        LogRecord snapshot = LogRecord.newBuilder()
                .setIndex(pending.appliedIndex())
                .setSnapshot(MetadataCodec.snapshot(pending))
                .build();
        journal.rewrite(List.of(snapshot.toByteArray()));
        commandsBehindSnapshot = 0;
        broken = false;
    }

    @Override
    public MetadataImage image() {
        return image;
    }

    @Override
    public boolean isWritable() {
        return !broken;
    }

    @Override
    public void listener(Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        doWork();
        try {
            journal.close();
        } catch (IOException e) {
            // Everything that anyone heard of is synced already; what is left is only the descriptor.
            throw new UncheckedIOException("the metadata log " + file + " cannot be closed", e);
        }
    }

    /** Rebuilds the picture from the journal's records. */
    private static final class Replay {
        private final Path file;
        private @Nullable MetadataImage image;
        private @Nullable String damage;
        private int commands;

        Replay(Path file) {
            this.file = file;
        }

        void record(byte[] payload) {
            if (damage != null) {
                return;
            }
            try {
                LogRecord record = LogRecord.parseFrom(payload);
                if (image == null) {
                    first(record);
                } else {
                    next(image, record);
                }
            } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
                damage = "record " + (commands + 1) + ": " + e.getMessage();
            }
        }

        private void first(LogRecord record) {
            if (!record.hasSnapshot()) {
                throw new IllegalArgumentException("a command (expected: a snapshot first)");
            }
            image = MetadataCodec.image(record.getSnapshot());
        }

        private void next(MetadataImage before, LogRecord record) {
            if (!record.hasCommand()) {
                throw new IllegalArgumentException("not a command (expected: commands after the snapshot)");
            }
            Outcome outcome = MetadataMachine.apply(before, record.getIndex(), record.getCommand());
            if (outcome instanceof Outcome.Refused refused) {
                throw new IllegalArgumentException("a command that cannot have been accepted: " + refused.message());
            }
            image = ((Outcome.Committed) outcome).image();
            commands++;
        }

        /** What is wrong with the records; empty: nothing. */
        String complaint() {
            return damage != null ? damage : image == null ? "holds no snapshot" : "";
        }

        MetadataImage result() throws DamagedMetadataException {
            if (image == null || damage != null) {
                throw new DamagedMetadataException(file + ": " + complaint());
            }
            return image;
        }
    }
}
