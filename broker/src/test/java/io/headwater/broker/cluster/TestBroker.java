package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.RatisVoters;
import io.headwater.broker.metadata.FeatureRange;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.PeerHandler;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.FromController;
import io.headwater.broker.peer.wire.PartitionSays;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.ReplicaName;
import io.headwater.broker.peer.wire.SealRequest;
import io.headwater.broker.peer.wire.ToController;
import io.headwater.storage.Disk;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.SystemNanoClock;

/** A member with nothing around it: its replicas are empty, and answer every seal. Turned by the test. */
final class TestBroker implements AutoCloseable {
    static final ClusterSettings.Timing TIMING = new ClusterSettings.Timing(100, 1_500, 600_000, 500, 8_000, 20_000);

    final HostPort place;
    final Path directory;
    final Disk disk;
    final AtomicReference<Throwable> fatal = new AtomicReference<>();
    /** Requests to seal that came in, and were answered unless the test takes them. */
    final Queue<FromController> heard = new ConcurrentLinkedQueue<>();

    /** What it can do. */
    SortedMap<String, FeatureRange> features = new TreeMap<>();

    private final TestNet net;
    private final Marks marks;
    private final ClusterMailbox mailbox = new ClusterMailbox(() -> {});
    private final Peers peers;
    private CompletableFuture<ClusterMetadata> starting = new CompletableFuture<>();

    TestBroker(TestNet net, int port, Path directory) {
        this(net, port, directory, new FileSystemDisk());
    }

    TestBroker(TestNet net, int port, Path directory, Disk disk) {
        this.net = net;
        this.place = new HostPort("test", port);
        this.directory = directory;
        this.disk = disk;
        try {
            Files.createDirectories(directory);
            this.marks = Marks.exists(disk, directory)
                    ? Marks.open(disk, directory)
                    : Marks.create(disk, directory, UUID.randomUUID());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.peers = net.listen(place, new PeerHandler() {
            @Override
            public void received(int node, PeerMessage message, ByteBuffer attachment) {
                if (message.hasFromController()) {
                    heard.add(message.getFromController());
                } else {
                    mailbox.received(node, message, attachment);
                }
            }

            @Override
            public void asked(int node, PeerMessage question, ByteBuffer attachment, Consumer<PeerMessage> answer) {
                mailbox.asked(node, question, attachment, answer);
            }

            @Override
            public void disconnected(int node, boolean refused) {
                mailbox.disconnected(node, refused);
            }
        });
    }

    /** On a thread of its own, since it waits for others, which the test has to turn. */
    TestBroker start(ClusterSettings.Timing timing, int... seeds) {
        List<HostPort> places = java.util.Arrays.stream(seeds)
                .mapToObj(port -> new HostPort("test", port))
                .toList();
        ClusterSettings settings =
                new ClusterSettings(places, "client:" + place.port(), place.toString(), "", features, timing);
        ClusterPorts ports = new ClusterPorts(
                disk,
                directory,
                marks,
                peers,
                new RatisVoters(disk, directory, net.calls(place)),
                (cluster, node) -> net.isNode(place, cluster, node),
                SystemEpochClock.INSTANCE,
                SystemNanoClock.INSTANCE,
                Runnable::run,
                UUID::randomUUID,
                fatal::set);
        starting = new CompletableFuture<>();
        Thread starter = new Thread(() -> {
            try {
                starting.complete(ClusterNode.start(settings, ports, mailbox));
            } catch (Throwable e) {
                starting.completeExceptionally(e);
            }
        });
        starter.setDaemon(true);
        starter.start();
        return this;
    }

    TestBroker start(int... seeds) {
        return start(TIMING, seeds);
    }

    boolean isStarted() {
        if (starting.isCompletedExceptionally()) {
            starting.join();
        }
        return starting.isDone();
    }

    CompletableFuture<ClusterMetadata> starting() {
        return starting;
    }

    ClusterMetadata metadata() {
        return Objects.requireNonNull(starting.getNow(null), "started");
    }

    int id() {
        return metadata().nodeId();
    }

    NodeInfo node() {
        return Objects.requireNonNull(metadata().image().node(id()));
    }

    String voter() {
        return id() + "-" + marks.directoryId();
    }

    CompletableFuture<Outcome> propose(Command command) {
        return metadata().propose(command).toCompletableFuture();
    }

    /** One turn, while it is started. */
    void turn() {
        if (starting.isDone() && !starting.isCompletedExceptionally()) {
            while (metadata().doWork() > 0) {
                answerSeals();
            }
        }
    }

    private void answerSeals() {
        for (FromController request = heard.poll(); request != null; request = heard.poll()) {
            ToController.Builder reports = ToController.newBuilder();
            for (SealRequest seal : request.getSealsList()) {
                reports.addSays(PartitionSays.newBuilder()
                        .setPartitionId(seal.getPartitionId())
                        .setEpoch(seal.getEpoch())
                        .setSealReport(PartitionSays.SealReport.newBuilder()
                                .setReplica(ReplicaName.newBuilder()
                                        .setNodeId(id())
                                        .setDirectoryHigh(marks.directoryId().getMostSignificantBits())
                                        .setDirectoryLow(marks.directoryId().getLeastSignificantBits()))
                                .setIncarnation(node().incarnation())));
            }
            request.getTransfersList().forEach(transfer -> reports.addSays(handedOver(transfer)));
            peers.send(
                    metadata().controllerNode(),
                    PeerMessage.newBuilder().setToController(reports).build(),
                    List.of());
        }
    }

    /** The preferred leader has everything: there is nothing. */
    private PartitionSays handedOver(SealRequest transfer) {
        var image = metadata().image();
        var preferred = Objects.requireNonNull(image.partition(transfer.getPartitionId()))
                .replicas()
                .voters()
                .get(0);
        UUID to = UUID.fromString(preferred.directoryId());
        return PartitionSays.newBuilder()
                .setPartitionId(transfer.getPartitionId())
                .setEpoch(transfer.getEpoch())
                .setTransferReady(PartitionSays.TransferReady.newBuilder()
                        .setTo(ReplicaName.newBuilder()
                                .setNodeId(preferred.nodeId())
                                .setDirectoryHigh(to.getMostSignificantBits())
                                .setDirectoryLow(to.getLeastSignificantBits()))
                        .setIncarnation(Objects.requireNonNull(image.node(preferred.nodeId()))
                                .incarnation()))
                .build();
    }

    /** Its process ends: nothing is said goodbye to. */
    void kill() {
        net.kill(place, voter());
        close();
    }

    void cut() {
        net.cut(place, voter());
    }

    void mend() {
        net.mend(place, voter());
    }

    @Override
    public void close() {
        if (starting.isDone() && !starting.isCompletedExceptionally()) {
            metadata().close();
        }
        starting = new CompletableFuture<>();
        try {
            marks.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
