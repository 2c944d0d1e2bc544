package io.headwater.broker.consensus;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataUnavailableException;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.Proposal;
import io.headwater.storage.Disk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata log of a cluster on a broker that is a voter. What its owner proposes in one turn is one entry. While another
 * voter leads, proposals fail at once; whether one that was under way when the leader changed took effect is unknown, as
 * {@link MetadataUnavailableException} says.
 *
 * <p>What was agreed on comes from Ratis's threads into a queue, and is shown, told to listeners and answered by {@link
 * #doWork}, on the owner's thread and in order.
 */
public final class RatisQuorum implements Voter {
    private static final Logger LOG = LoggerFactory.getLogger(RatisQuorum.class);
    /** A larger entry takes Ratis long enough to be noticed; what is more goes into the next. */
    private static final int MOST_BYTES = 16 << 10;

    private record Waiting(Command command, CompletableFuture<Outcome> done) {}

    /** A proposal of which nobody can say what becomes of it. */
    private record Failed(long callId, Throwable why) {}

    private final RaftServer server;
    private final VoteBarrier barrier;
    private final MetadataLog log;
    private final RaftGroupId group;
    private final ClientId self;
    private final Queue<MetadataLog.Applied> applied;
    private final Queue<Failed> failed = new ConcurrentLinkedQueue<>();
    private final Runnable news;
    private final List<Listener> listeners = new ArrayList<>();
    private final Map<Long, List<Waiting>> underWay = new HashMap<>();
    private List<Waiting> waiting = new ArrayList<>();
    private long nextCallId = 1;
    /** Numbers of calls from any thread, apart from those of the owner. */
    private final AtomicLong handOvers = new AtomicLong();

    private volatile MetadataImage image;

    private RatisQuorum(
            RaftServer server,
            VoteBarrier barrier,
            MetadataLog log,
            RaftGroupId group,
            ClientId self,
            Queue<MetadataLog.Applied> applied,
            MetadataImage empty,
            Runnable news) {
        this.server = server;
        this.barrier = barrier;
        this.log = log;
        this.group = group;
        this.self = self;
        this.applied = applied;
        this.news = news;
        this.image = empty;
    }

    /**
     * Who agrees.
     *
     * @param self the name of this voter: of its node and of its data directory, so that one with another disk is another
     * @param voters all of them when the cluster is founded, this one included; none: it joins one, whose leader makes it a
     *     voter by {@link #setVoters}. Later ones are in the log
     */
    public record Membership(String clusterId, String self, List<String> voters) {
        public Membership {
            voters = List.copyOf(voters);
            if (!voters.isEmpty() && !voters.contains(self)) {
                throw new IllegalArgumentException("voters: " + voters + " (expected: " + self + " among them)");
            }
        }
    }

    /**
     * The first start of a voter: it knows nothing and has voted for nobody.
     *
     * @throws IOException also if the directory holds something: a voter that forgets its votes may make two leaders
     */
    public static RatisQuorum create(Disk disk, Path directory, Membership membership, RaftCalls calls, Runnable news)
            throws IOException {
        if (Files.exists(directory)) {
            throw new IOException(directory + " exists (expected: nothing there yet)");
        }
        Files.createDirectories(directory);
        disk.syncDirectory(Objects.requireNonNull(directory.toAbsolutePath().getParent(), "a directory in another"));
        return start(disk, membership, StartupOption.FORMAT, RatisSettings.of(directory), calls, news);
    }

    /** Goes on from what an earlier run left. */
    public static RatisQuorum open(Disk disk, Path directory, Membership membership, RaftCalls calls, Runnable news)
            throws IOException {
        if (!Files.exists(directory)) {
            throw new IOException(directory + ": missing, although this voter has been in use; start it as a new one");
        }
        return start(disk, membership, StartupOption.RECOVER, RatisSettings.of(directory), calls, news);
    }

    static RatisQuorum start(
            Disk disk,
            Membership membership,
            StartupOption option,
            RaftProperties properties,
            RaftCalls calls,
            Runnable news)
            throws IOException {
        Path directory = RaftServerConfigKeys.storageDir(properties).get(0).toPath();
        Path current = currentOf(directory, membership);
        VoteBarrier barrier = option == StartupOption.FORMAT
                ? VoteBarrier.create(disk, directory, current)
                : VoteBarrier.open(disk, directory, current);
        try {
            return started(disk, membership, option, properties, calls, barrier, news);
        } catch (CompletionException e) {
            barrier.close();
            // What went wrong on one of its threads.
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
        } catch (IOException | RuntimeException e) {
            barrier.close();
            throw e;
        }
    }

    private static RatisQuorum started(
            Disk disk,
            Membership membership,
            StartupOption option,
            RaftProperties properties,
            RaftCalls calls,
            VoteBarrier barrier,
            Runnable news)
            throws IOException {
        RaftGroupId group = RaftGroupId.valueOf(UUID.fromString(membership.clusterId()));
        Path directory = RaftServerConfigKeys.storageDir(properties).get(0).toPath();
        // Calls are counted anew with each start, and Ratis does nothing about one that it has seen.
        ClientId self = ClientId.randomId();
        Queue<MetadataLog.Applied> applied = new ConcurrentLinkedQueue<>();
        MetadataImage empty = MetadataImage.empty(membership.clusterId());
        MetadataLog log = new MetadataLog(
                disk,
                self,
                empty,
                each -> {
                    applied.add(each);
                    news.run();
                },
                news);
        RaftServer server = RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(membership.self()))
                .setGroup(RaftGroup.valueOf(group, peers(membership.voters())))
                .setOption(option)
                .setProperties(properties)
                .setParameters(RatisTransport.parameters(calls, barrier))
                .setStateMachine(log)
                .build();
        RatisQuorum quorum = new RatisQuorum(server, barrier, log, group, self, applied, empty, news);
        try {
            server.start();
            requireLogFits(server.getDivision(group));
            barrier.start();
            // Their names must outlive a power cut as well: a voter whose directory is gone has forgotten its votes.
            disk.syncDirectory(directory);
            disk.syncDirectory(directory.resolve(group.getUuid().toString()));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        quorum.doWork();
        return quorum;
    }

    /** Ratis 3.3.0 takes a log that ends before its snapshot, and then neither votes nor leads, and says nothing. */
    private static void requireLogFits(RaftServer.Division division) throws IOException {
        SnapshotInfo snapshot = division.getStateMachine().getLatestSnapshot();
        long next = division.getRaftLog().getNextIndex();
        if (snapshot != null && next <= snapshot.getIndex()) {
            throw new IOException(division.getRaftStorage().getStorageDir().getCurrentDir()
                    + ": the log of the metadata ends at its entry " + (next - 1) + " (expected: at least "
                    + snapshot.getIndex() + ", as the snapshot does); this voter has to be replaced by a new one");
        }
    }

    /** Where Ratis keeps its log and its vote. */
    static Path currentOf(Path directory, Membership membership) {
        return directory
                .resolve(UUID.fromString(membership.clusterId()).toString())
                .resolve("current");
    }

    @Override
    public boolean isLeader() {
        try {
            return !isBroken() && server.getDivision(group).getInfo().isLeaderReady();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void startElection() {
        try {
            DivisionInfo info = server.getDivision(group).getInfo();
            RaftPeerId leader = info.getLeaderId();
            if (leader == null || !info.isFollower()) {
                return;
            }
            // As if that leader had asked for it; this voter compares its log with nothing.
            server.startLeaderElection(StartLeaderElectionRequestProto.newBuilder()
                    .setServerRequest(RaftRpcRequestProto.newBuilder()
                            .setRequestorId(leader.toByteString())
                            .setReplyId(server.getId().toByteString())
                            .setRaftGroupId(RaftGroupIdProto.newBuilder().setId(group.toByteString())))
                    .setLeaderLastEntry(TermIndexProto.newBuilder().setTerm(info.getCurrentTerm()))
                    .build());
        } catch (IOException e) {
            LOG.info("the metadata's voter cannot ask for votes now: {}", e.getMessage());
        }
    }

    @Override
    public CompletionStage<Void> handOver(String voter, long timeoutMs) {
        TransferLeadershipRequest request = new TransferLeadershipRequest(
                self, server.getId(), group, handOvers.decrementAndGet(), RaftPeerId.valueOf(voter), timeoutMs);
        try {
            return server.transferLeadershipAsync(request).thenAccept(reply -> {
                if (!reply.isSuccess()) {
                    throw new CompletionException(reply.getException());
                }
            });
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public @Nullable String leader() {
        try {
            RaftPeerId leader = server.getDivision(group).getInfo().getLeaderId();
            return leader == null ? null : leader.toString();
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public List<String> voters() {
        try {
            return server.getDivision(group).getRaftConf().getCurrentPeers().stream()
                    .map(voter -> voter.getId().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Where in the log the newest set of voters stands, committed or not. */
    long configurationIndex() throws IOException {
        return server.getDivision(group).getRaftConf().getLogEntryIndex();
    }

    @Override
    public boolean isBroken() {
        return log.isBroken();
    }

    @Override
    public boolean isRunning() {
        try {
            return !isBroken() && server.getDivision(group).getInfo().isAlive();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public CompletionStage<Void> setVoters(List<String> voters) {
        SetConfigurationRequest.Arguments arguments = SetConfigurationRequest.Arguments.newBuilder()
                .setServersInNewConf(peers(voters))
                .build();
        SetConfigurationRequest request =
                new SetConfigurationRequest(self, server.getId(), group, nextCallId++, arguments);
        try {
            return server.setConfigurationAsync(request).thenAccept(reply -> {
                if (!reply.isSuccess()) {
                    throw new CompletionException(new MetadataUnavailableException(
                            "the cluster's voters cannot be changed: " + reply.getException(), reply.getException()));
                }
            });
        } catch (IOException e) {
            return CompletableFuture.failedFuture(
                    new MetadataUnavailableException("the cluster's voters cannot be changed: " + e.getMessage(), e));
        }
    }

    private static List<RaftPeer> peers(List<String> voters) {
        return voters.stream()
                .map(voter -> RaftPeer.newBuilder().setId(voter).build())
                .toList();
    }

    @Override
    public CompletionStage<Outcome> propose(Command command) {
        CompletableFuture<Outcome> done = new CompletableFuture<>();
        waiting.add(new Waiting(command, done));
        return done.minimalCompletionStage();
    }

    @Override
    public int doWork() {
        send();
        int done = 0;
        for (MetadataLog.Applied next = applied.poll(); next != null; next = applied.poll()) {
            take(next);
            done++;
        }
        for (Failed next = failed.poll(); next != null; next = failed.poll()) {
            List<Waiting> theirs = underWay.remove(next.callId());
            if (theirs != null) {
                MetadataUnavailableException unknown = new MetadataUnavailableException(
                        "the cluster's metadata: " + next.why().getMessage(), next.why());
                theirs.forEach(each -> each.done().completeExceptionally(unknown));
                done++;
            }
        }
        return done;
    }

    private void send() {
        List<Waiting> all = waiting;
        waiting = new ArrayList<>();
        for (int at = 0; at < all.size(); ) {
            Proposal.Builder proposal = Proposal.newBuilder();
            int bytes = 0;
            int from = at;
            while (at < all.size()
                    && (at == from || bytes + all.get(at).command().getSerializedSize() <= MOST_BYTES)) {
                bytes += all.get(at).command().getSerializedSize();
                proposal.addCommands(all.get(at).command());
                at++;
            }
            submit(proposal.build(), List.copyOf(all.subList(from, at)));
        }
    }

    private void submit(Proposal proposal, List<Waiting> theirs) {
        long callId = nextCallId++;
        underWay.put(callId, theirs);
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(self)
                .setServerId(server.getId())
                .setGroupId(group)
                .setCallId(callId)
                .setMessage(Message.valueOf(ByteString.copyFrom(proposal.toByteArray())))
                .setType(RaftClientRequest.writeRequestType())
                .build();
        try {
            CompletableFuture<RaftClientReply> unused = server.submitClientRequestAsync(request)
                    .whenComplete((reply, failure) -> {
                        if (failure != null) {
                            fail(callId, failure);
                        } else if (!reply.isSuccess()) {
                            fail(callId, reply.getException());
                        }
                    });
        } catch (IOException e) {
            fail(callId, e);
        }
    }

    private void fail(long callId, Throwable why) {
        failed.add(new Failed(callId, why));
        news.run();
    }

    private void take(MetadataLog.Applied next) {
        image = next.image();
        if (next.outcomes().isEmpty()) {
            listeners.forEach(listener -> listener.replaced(next.image()));
            return;
        }
        List<Waiting> ours = next.ours() ? underWay.remove(next.callId()) : null;
        for (int i = 0; i < next.outcomes().size(); i++) {
            if (next.outcomes().get(i) instanceof Outcome.Committed committed) {
                Command command = next.commands().get(i);
                listeners.forEach(listener -> listener.applied(committed.image(), command));
            }
        }
        if (ours != null) {
            for (int i = 0; i < ours.size(); i++) {
                ours.get(i).done().complete(next.outcomes().get(i));
            }
        }
    }

    @Override
    public MetadataImage image() {
        return image;
    }

    @Override
    public boolean isWritable() {
        return isLeader();
    }

    @Override
    public void listener(Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        try (server) {
            // First: what Ratis is told while it stops, it calls an error.
            barrier.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the metadata log cannot be closed", e);
        }
        doWork();
    }
}
