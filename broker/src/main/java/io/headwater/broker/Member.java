package io.headwater.broker;

import io.headwater.broker.cluster.ClusterMailbox;
import io.headwater.broker.cluster.ClusterMetadata;
import io.headwater.broker.cluster.ClusterNode;
import io.headwater.broker.cluster.ClusterPorts;
import io.headwater.broker.cluster.ClusterSettings;
import io.headwater.broker.cluster.OperatorDesk;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.RatisVoters;
import io.headwater.broker.consensus.Voters;
import io.headwater.broker.control.ControlQueue;
import io.headwater.broker.control.CopyEnd;
import io.headwater.broker.control.Responsibility;
import io.headwater.broker.copy.EntryBytes;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.net.EventLoops;
import io.headwater.broker.observe.ClusterVitals;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.peer.BadPeerMessageException;
import io.headwater.broker.peer.NettyPeers;
import io.headwater.broker.peer.PeerHandler;
import io.headwater.broker.peer.PeerRaftCalls;
import io.headwater.broker.peer.PeerSide;
import io.headwater.broker.peer.PeerTls;
import io.headwater.broker.peer.ReplicaCodec;
import io.headwater.broker.peer.wire.FromController;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.SealRequest;
import io.headwater.broker.remote.Deliveries;
import io.headwater.broker.remote.PartitionAnswers;
import io.headwater.broker.remote.PeerPost;
import io.headwater.broker.remote.RemotePartitions;
import io.headwater.broker.remote.Segments;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.shard.Owners;
import io.headwater.broker.shard.ReplicaPost;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.storage.InvalidEntriesException;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A broker among others: its listener for them, and who gets what comes in there. */
final class Member implements Membership, PeerHandler, Responsibility {
    private static final Logger LOG = LoggerFactory.getLogger(Member.class);
    private static final int NOBODY = 0;
    private static final long HANDOVER_MS = 2_000;

    private final Owners owners;
    private final ControlQueue queue;
    private final ClusterMailbox mailbox;
    private final PeerSide peers;
    private final PeerRaftCalls raftCalls;
    /** Has a thread only while there is something to write. */
    private final ThreadPoolExecutor diskWork = new ThreadPoolExecutor(
            0, 1, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> new Thread(work, "headwater-picture"));

    /** Null until this broker has joined. */
    private volatile @Nullable ClusterMetadata metadata;

    private volatile @Nullable PartitionAnswers answers;

    /** Makes a broker's side of the network between brokers. */
    @FunctionalInterface
    interface Network {
        /**
         * @param nodeOfDirectory the node that a data directory belongs to; 0: not known
         * @throws IOException if the address cannot be bound
         */
        PeerSide listen(ToIntFunction<String> nodeOfDirectory, PeerHandler handler) throws IOException;
    }

    /** Listens, and belongs to no cluster until it {@link #hasJoined}. */
    Member(Owners owners, ControlQueue queue, Network network) throws IOException {
        this.owners = owners;
        this.queue = queue;
        this.mailbox = new ClusterMailbox(() -> queue.execute(() -> {}));
        this.peers = network.listen(this::nodeOf, this);
        this.raftCalls = new PeerRaftCalls(peers);
    }

    private static NettyPeers.Settings settings(BrokerConfig config, Marks marks, ToIntFunction<String> nodeOfDirectory)
            throws IOException {
        BrokerConfig.Peer peer = config.peer();
        return new NettyPeers.Settings(
                peer.listen().orElseThrow(),
                config.network().maxFrameBytes(),
                tls(peer),
                marks.directoryId().toString(),
                nodeOfDirectory);
    }

    private static Optional<PeerTls> tls(BrokerConfig.Peer peer) throws IOException {
        if (peer.tls().isEmpty()) {
            return Optional.empty();
        }
        BrokerConfig.Peer.Tls files = peer.tls().get();
        return Optional.of(PeerTls.load(files.cert(), files.key(), files.ca()));
    }

    /**
     * Comes up as a member: founds a cluster, joins one or comes back to its own.
     *
     * @param clientPort where clients connect
     * @throws IOException if the address cannot be bound, or the cluster does not take it; nothing is left open
     */
    static Member start(
            BrokerConfig config,
            Ports ports,
            EventLoops loops,
            Marks marks,
            Owners owners,
            ControlQueue queue,
            int clientPort)
            throws IOException {
        Member member = new Member(
                owners, queue, (nodeOf, handler) -> NettyPeers.bind(loops, settings(config, marks, nodeOf), handler));
        try {
            member.join(config, ports, marks, clientPort);
            return member;
        } catch (IOException | RuntimeException e) {
            member.close();
            throw e;
        }
    }

    private void join(BrokerConfig config, Ports ports, Marks marks, int clientPort) throws IOException {
        BrokerConfig.Peer peer = config.peer();
        ClusterSettings settings = new ClusterSettings(
                peer.join(),
                endpoint(config.network().advertise(), config.network().listen(), clientPort),
                endpoint(peer.advertise(), peer.listen().orElseThrow(), peers.port()),
                peer.rack(),
                ClusterSettings.FEATURES,
                ClusterSettings.Timing.DEFAULTS);
        RatisVoters voters = new RatisVoters(ports.disk(), config.dataDirectory(), raftCalls);
        hasJoined(ClusterNode.start(settings, around(ports, config.dataDirectory(), marks, voters, diskWork), mailbox));
    }

    /** What the start of a member needs. */
    ClusterPorts around(Ports ports, Path dataDirectory, Marks marks, Voters voters, Executor diskWork) {
        return new ClusterPorts(
                ports.disk(),
                dataDirectory,
                marks,
                peers,
                voters,
                peers::identity,
                ports.epochClock(),
                ports.nanoClock(),
                diskWork,
                ports.newId(),
                ports.onFatal());
    }

    ClusterMailbox mailbox() {
        return mailbox;
    }

    void hasJoined(ClusterMetadata cluster) {
        metadata = cluster;
    }

    /** As others reach it. */
    private static String endpoint(Optional<HostPort> advertised, HostPort listen, int port) throws IOException {
        if (advertised.isPresent()) {
            return advertised.get().toString();
        }
        boolean everywhere = listen.socketAddress().getAddress() != null
                && listen.socketAddress().getAddress().isAnyLocalAddress();
        String host = everywhere ? InetAddress.getLocalHost().getHostName() : listen.host();
        return new HostPort(host, port).toString();
    }

    /** 0: not known. */
    private int nodeOf(String directoryId) {
        ClusterMetadata known = metadata;
        if (known == null) {
            return NOBODY;
        }
        for (NodeInfo node : known.image().nodes()) {
            if (node.directoryId().equals(directoryId)) {
                return node.nodeId();
            }
        }
        return NOBODY;
    }

    private ClusterMetadata joined() {
        return Objects.requireNonNull(metadata, "this broker has joined");
    }

    // Membership

    @Override
    public MetadataQuorum metadata() {
        return joined();
    }

    @Override
    public NodeInfo self() {
        ClusterMetadata mine = joined();
        return Objects.requireNonNull(mine.image().node(mine.nodeId()), "registered at the start");
    }

    @Override
    public ReplicaPost post() {
        return new PeerPost(peers, joined()::controllerNode);
    }

    @Override
    public Partitions partitions(Partitions local) {
        return new RemotePartitions(local, peers, joined()::image, joined().nodeId(), queue);
    }

    @Override
    public Responsibility responsibility() {
        return this;
    }

    @Override
    public Optional<ClusterVitals> vitals() {
        return Optional.of(new MemberVitals(owners, joined(), peers));
    }

    @Override
    public void ready() {
        joined().listener(new MetadataQuorum.Listener() {
            @Override
            public void applied(MetadataImage image, Command command) {
                owners.metadataChanged();
            }

            @Override
            public void replaced(MetadataImage image) {
                owners.metadataChanged();
            }
        });
        answers = new PartitionAnswers(owners.partitions(Runnable::run), joined()::image, joined().nodeId());
        owners.metadataChanged();
    }

    @Override
    public void handOver() throws InterruptedException {
        joined().handOver(HANDOVER_MS);
    }

    @Override
    public void close() {
        ClusterMetadata mine = metadata;
        if (mine != null) {
            mine.close();
        }
        diskWork.shutdown();
        raftCalls.close();
        peers.close();
    }

    // Responsibility

    @Override
    public boolean isHere() {
        return joined().isController();
    }

    @Override
    public Error elsewhere() {
        ClusterMetadata mine = joined();
        int controller = mine.controllerNode();
        NodeInfo node = controller == NOBODY ? null : mine.image().node(controller);
        return Errors.elsewhere(
                ErrorCode.ERROR_NOT_CONTROLLER,
                controller == NOBODY
                        ? "nobody decides for the cluster at this moment; try again"
                        : "node " + controller + " decides for the cluster",
                controller,
                node == null ? "" : node.details().clientEndpoint());
    }

    @Override
    public int controllerNode() {
        return joined().controllerNode();
    }

    @Override
    public List<Integer> voters() {
        return joined().voterNodes();
    }

    @Override
    public Set<Integer> differing() {
        OperatorDesk desk = joined().operators();
        return desk == null ? Set.of() : desk.differing();
    }

    @Override
    public boolean transfer(long partitionId, int to) {
        OperatorDesk desk = joined().operators();
        PartitionInfo partition = joined().image().partition(partitionId);
        if (desk != null && partition != null) {
            desk.transfer(partition, to);
        }
        return desk != null;
    }

    @Override
    public boolean move(long partitionId, List<Replica> voters) {
        OperatorDesk desk = joined().operators();
        if (desk != null) {
            desk.move(partitionId, voters);
        }
        return desk != null;
    }

    @Override
    public List<CopyEnd> copies(long partitionId) {
        OperatorDesk desk = joined().operators();
        return desk == null
                ? List.of()
                : desk.reports(partitionId).stream()
                        .map(each -> new CopyEnd(
                                each.replica().node(), each.incarnation(), each.lastEpoch(), each.endIndex()))
                        .toList();
    }

    // PeerHandler

    @Override
    public void received(int node, PeerMessage message, ByteBuffer attachment) {
        if (message.hasReplication()) {
            replicate(node, message, attachment);
        } else if (message.hasFromController()) {
            obey(node, message.getFromController());
        } else {
            mailbox.received(node, message, attachment);
        }
    }

    private void replicate(int node, PeerMessage message, ByteBuffer attachment) {
        try {
            for (ReplicaCodec.Received each : ReplicaCodec.decode(message.getReplication(), attachment)) {
                receive(node, each);
            }
        } catch (BadPeerMessageException e) {
            LOG.warn("node {}: what it says about replicas makes no sense: {}", node, e.getMessage());
        }
    }

    /** Entries that are spoilt hold up no other partition: they are sent again. */
    private void receive(int node, ReplicaCodec.Received each) {
        try {
            owners.receive(each.partition(), each.start(), checked(each.message()));
        } catch (InvalidEntriesException e) {
            LOG.warn("node {}: partition {}: what it sends is refused: {}", node, each.partition(), e.getMessage());
        }
    }

    /** What entries say of themselves counts, and not what the message says of them. */
    private static ReplicaMessage checked(ReplicaMessage message) throws InvalidEntriesException {
        if (!(message instanceof ReplicaMessage.Append append)) {
            return message;
        }
        EntryBytes entries = EntryBytes.received(((EntryBytes) append.entries()).content());
        return new ReplicaMessage.Append(append.epoch(), append.to(), entries, append.commit());
    }

    private void obey(int controller, FromController orders) {
        for (SealRequest seal : orders.getSealsList()) {
            owners.requestSeal(controller, seal.getPartitionId(), seal.getEpoch());
        }
        for (SealRequest transfer : orders.getTransfersList()) {
            owners.requestTransfer(transfer.getPartitionId(), transfer.getEpoch(), transfer.getTo());
        }
    }

    @Override
    public void asked(int node, PeerMessage question, ByteBuffer attachment, Consumer<PeerMessage> answer) {
        PartitionAnswers ready = answers;
        if (question.hasRaftCall()) {
            raftCalls.asked(question, answer);
        } else if (question.hasCopies()) {
            owners.append(
                    question.getCopies().getPartitionId(),
                    attachment,
                    delivery -> answer.accept(Deliveries.answer(delivery)));
        } else if (question.hasSegmentWanted()) {
            owners.askForSegment(
                    Segments.question(question.getSegmentWanted()), part -> answer.accept(Segments.answer(part)));
        } else if (question.hasPartitionQuestion()) {
            if (ready == null) {
                answer.accept(PeerMessage.newBuilder()
                        .setFailure("this broker is starting")
                        .build());
            } else {
                ready.asked(question.getPartitionQuestion(), answer);
            }
        } else {
            mailbox.asked(node, question, attachment, answer);
        }
    }

    @Override
    public void disconnected(int node, boolean refused) {
        owners.disconnected(node);
        mailbox.disconnected(node, refused);
    }
}
