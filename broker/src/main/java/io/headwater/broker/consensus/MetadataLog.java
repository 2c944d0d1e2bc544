package io.headwater.broker.consensus;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataMachine;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.Proposal;
import io.headwater.broker.metadata.wire.State;
import io.headwater.storage.Disk;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Ratis applies committed proposals to: the picture of the metadata. On Ratis's threads; what came of it goes out as values. */
final class MetadataLog extends BaseStateMachine {
    /** What became of a proposal, or what replaces everything before. */
    record Applied(long callId, boolean ours, MetadataImage image, List<Command> commands, List<Outcome> outcomes) {}

    private static final Logger LOG = LoggerFactory.getLogger(MetadataLog.class);

    private static final long NOBODYS = -1;
    /** With its first index, sealed or not. */
    private static final Pattern LOG_SEGMENT = Pattern.compile("log_(?:inprogress_)?(\\d+).*");

    private final Disk disk;
    private final ClientId self;
    private final Consumer<Applied> applied;
    private final Runnable leaderNews;
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    /** Where Ratis keeps the log. */
    private Path current = Path.of("");

    private MetadataImage image;
    private volatile boolean broken;

    /** @param leaderNews who leads has changed, or this voter leads and knows by now all that was agreed on before */
    MetadataLog(Disk disk, ClientId self, MetadataImage empty, Consumer<Applied> applied, Runnable leaderNews) {
        this.disk = disk;
        this.self = self;
        this.image = empty;
        this.applied = applied;
        this.leaderNews = leaderNews;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage place) throws IOException {
        super.initialize(server, group, place);
        getLifeCycle()
                .startAndTransition(
                        () -> {
                            storage.init(place);
                            current = place.getStorageDir().getCurrentDir().toPath();
                            load();
                        },
                        IOException.class);
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        leaderNews.run();
    }

    @Override
    public void notifyLeaderReady() {
        leaderNews.run();
    }

    /** Ratis writes nothing any more, and goes on as if it did: as a voter, and even as a leader. */
    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto entry) {
        if (!broken) {
            LOG.error(
                    "the log of the metadata's voter cannot be written; the voter stops, and is started again", cause);
            broken = true;
            leaderNews.run();
        }
    }

    /** Any thread. */
    boolean isBroken() {
        return broken;
    }

    /** Ratis puts a snapshot of another voter in our place. */
    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    @Override
    public void reinitialize() throws IOException {
        getLifeCycle().startAndTransition(this::load, IOException.class);
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    private synchronized void load() throws IOException {
        SingleFileSnapshotInfo snapshot = storage.loadLatestSnapshot();
        if (snapshot == null) {
            requireNoSnapshot();
            requireLogFrom(0);
            return;
        }
        requireLogFrom(snapshot.getIndex() + 1);
        File file = snapshot.getFile().getPath().toFile();
        MD5FileUtil.verifySavedMD5(file, MD5FileUtil.computeMd5ForFile(file));
        image = MetadataCodec.image(State.parseFrom(Files.readAllBytes(file.toPath())));
        setLastAppliedTermIndex(snapshot.getTermIndex());
        applied.accept(new Applied(NOBODYS, false, image, List.of(), List.of()));
    }

    /** One that Ratis cannot make out is no snapshot to it; but the log before it is gone. */
    private void requireNoSnapshot() throws IOException {
        Path directory = storage.getSnapshotFile(0, 0).toPath().getParent();
        try (Stream<Path> all = Files.list(Objects.requireNonNull(directory, "the directory of snapshots"))) {
            Optional<Path> left = all.filter(each -> SimpleStateMachineStorage.SNAPSHOT_REGEX
                            .matcher(fileName(each))
                            .matches())
                    .findAny();
            if (left.isPresent()) {
                throw new IOException(
                        left.get() + ": cannot be read as a snapshot of the metadata (expected: it, and its"
                                + " digest beside it); this voter has to be replaced by a new one");
            }
        }
    }

    /** Ratis 3.3.0 would wait for ever to apply what stood before its log, also while it is closed. */
    private void requireLogFrom(long index) throws IOException {
        OptionalLong first;
        try (Stream<Path> all = Files.list(current)) {
            first = all.map(each -> LOG_SEGMENT.matcher(fileName(each)))
                    .filter(Matcher::matches)
                    .mapToLong(segment -> Long.parseLong(segment.group(1)))
                    .min();
        }
        if (first.isPresent() && first.getAsLong() > index) {
            throw new IOException(current + ": the log of the metadata begins at its entry " + first.getAsLong()
                    + " (expected: " + index
                    + ", or a snapshot of what was before it); this voter has to be replaced by a"
                    + " new one");
        }
    }

    private static String fileName(Path path) {
        return String.valueOf(path.getFileName());
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        StateMachineLogEntryProto entry = transaction.getStateMachineLogEntry();
        boolean ours = self.toByteString().equals(entry.getClientId());
        apply(entry, ours);
        updateLastAppliedTermIndex(
                transaction.getLogEntry().getTerm(), transaction.getLogEntry().getIndex());
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    private synchronized void apply(StateMachineLogEntryProto entry, boolean ours) {
        Proposal proposal = parse(entry.getLogData());
        List<Outcome> outcomes = new ArrayList<>(proposal.getCommandsCount());
        for (Command command : proposal.getCommandsList()) {
            Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, command);
            outcomes.add(outcome);
            if (outcome instanceof Outcome.Committed committed) {
                image = committed.image();
            }
        }
        applied.accept(new Applied(entry.getCallId(), ours, image, proposal.getCommandsList(), outcomes));
    }

    private static Proposal parse(ByteString bytes) {
        try {
            return Proposal.parseFrom(bytes.asReadOnlyByteBuffer());
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            // Agreed on and not readable: to skip it here and not elsewhere would be two metadata.
            throw new IllegalStateException("metadata: a committed entry is no proposal", e);
        }
    }

    @Override
    public synchronized long takeSnapshot() throws IOException {
        TermIndex last = getLastAppliedTermIndex();
        File file = storage.getSnapshotFile(last.getTerm(), last.getIndex());
        Path partial = file.toPath().resolveSibling(file.getName() + ".partial");
        try (FileChannel out = FileChannel.open(partial, CREATE, TRUNCATE_EXISTING, WRITE)) {
            ByteBuffer bytes = MetadataCodec.snapshot(image).toByteString().asReadOnlyByteBuffer();
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        // The digest first: a snapshot without one is none, a digest without a snapshot is harmless.
        MD5Hash digest = MD5FileUtil.computeMd5ForFile(partial.toFile());
        MD5FileUtil.saveMD5File(file, digest);
        Files.move(partial, file.toPath(), ATOMIC_MOVE);
        disk.syncDirectory(Objects.requireNonNull(partial.getParent(), "the directory of snapshots"));
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file.toPath(), digest), last));
        return last.getIndex();
    }
}
