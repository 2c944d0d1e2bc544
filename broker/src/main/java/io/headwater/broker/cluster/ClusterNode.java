package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.Adoption;
import io.headwater.broker.metadata.DamagedMetadataException;
import io.headwater.broker.metadata.LocalMetadata;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.wire.AdoptMetadata;
import io.headwater.broker.peer.wire.Joined;
import io.headwater.storage.Disk;
import io.headwater.storage.LogVerifier.OtherJournal;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of a broker as a member of a cluster: it founds one in a fresh data directory or with what it has from before, when
 * it stood alone, joins one from a fresh directory, or comes back to the one that the directory belongs to. {@link #start} waits for it; {@link #begin} and {@link #doWork} do not.
 */
public final class ClusterNode implements AutoCloseable {
    /** In the data directory of each member; a broker that stands alone has none. */
    public static final String FILE_NAME = NodeFile.FILE_NAME;

    private static final Logger LOG = LoggerFactory.getLogger(ClusterNode.class);
    private static final int FIRST_NODE = LocalMetadata.NODE_ID;
    private static final long PARK_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final ClusterSettings settings;
    private final ClusterPorts ports;
    private final ClusterMailbox mailbox;
    private final NodeFile file;
    private final UUID run;
    private @Nullable Joining joining;
    private @Nullable Founding founding;
    private @Nullable Registering registering;

    /** What has to be agreed on before it registers. */
    private record Founding(ClusterMetadata metadata, Member member, Adopting adopting) {}

    /** What is left to be done. */
    private record Registering(ClusterMetadata metadata, Member member, Registration registration, Steps confirm) {}

    /** What follows when the picture shows this run. */
    private interface Steps {
        void run() throws IOException;
    }

    private ClusterNode(ClusterSettings settings, ClusterPorts ports, ClusterMailbox mailbox, NodeFile file) {
        this.settings = settings;
        this.ports = ports;
        this.mailbox = mailbox;
        this.file = file;
        this.run = ports.newId().get();
    }

    /**
     * Returns when this run of the process is registered and the picture shows it; what comes in through the mailbox is
     * handled meanwhile. From then on one thread, the owner, has to turn the crank: {@link ClusterMetadata#doWork}.
     *
     * @param mailbox has to hear of everything that comes in from other brokers, and this already before the start
     * @throws DamagedMetadataException if what the directory says about its cluster is missing, damaged, or does not fit
     * @throws IOException also if the cluster cannot be reached or refuses this broker, for as long as a start may take
     */
    public static ClusterMetadata start(ClusterSettings settings, ClusterPorts ports, ClusterMailbox mailbox)
            throws IOException {
        ClusterNode node = begin(settings, ports, mailbox);
        try {
            ClusterMetadata started = node.doWork();
            while (started == null) {
                LockSupport.parkNanos(PARK_NS);
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted while this broker was started");
                }
                started = node.doWork();
            }
            return started;
        } catch (IOException | RuntimeException e) {
            node.close();
            throw e;
        }
    }

    /** The first step of {@link #start}. The caller turns the crank, {@link #doWork}, until it is done or fails. */
    public static ClusterNode begin(ClusterSettings settings, ClusterPorts ports, ClusterMailbox mailbox)
            throws IOException {
        NodeFile file = NodeFile.open(ports.disk(), ports.dataDirectory());
        ClusterNode node = new ClusterNode(settings, ports, mailbox, file);
        try {
            NodeFile.Known known = file.known();
            if (known != null) {
                LocalMetadata.retire(ports.disk(), ports.dataDirectory());
                node.goOn(known);
                return node;
            }
            if (LocalMetadata.exists(ports.disk(), ports.dataDirectory())) {
                node.foundFromStandalone();
                return node;
            }
            requireFresh(ports);
            if (settings.seeds().isEmpty()) {
                node.found();
            } else {
                node.joining = new Joining(node.run, settings, ports);
            }
            return node;
        } catch (IOException | RuntimeException e) {
            node.close();
            throw e;
        }
    }

    /** For the verifier of a member's data directory; what its voter has agreed on is checked by its next start. Serves once. */
    public static OtherJournal verifiable() {
        return NodeFile.verifiable();
    }

    /** Opens what {@link #FILE_NAME} says; @throws IOException if the directory is a member's */
    public static void refuseMember(Disk disk, Path dataDirectory) throws IOException {
        try (NodeFile file = NodeFile.open(disk, dataDirectory)) {
            NodeFile.Known known = file.known();
            if (known != null) {
                throw new IOException("data directory " + dataDirectory + ": of node " + known.nodeId() + " of cluster "
                        + known.clusterId() + " (expected: to be started with --peer-listen, as before; what a cluster"
                        + " has agreed on since is not in this directory alone)");
            }
        }
    }

    /** The next step of a start. Null: that was not the last one; after a failure {@link #close} it. */
    public @Nullable ClusterMetadata doWork() throws IOException {
        Joining asking = joining;
        if (asking != null) {
            Joined joined = asking.doWork();
            if (joined == null) {
                return null;
            }
            joining = null;
            join(joined);
        }
        Founding first = founding;
        if (first != null) {
            if (!first.adopting().doWork()) {
                return null;
            }
            founding = null;
            registerFirst(first.metadata(), first.member());
        }
        Registering left = Objects.requireNonNull(registering, "begun");
        if (!left.registration().doWork()) {
            return null;
        }
        left.confirm().run();
        checkAgainst(ports.marks(), left.metadata().image());
        return left.metadata();
    }

    /** Gives a start up that has not ended. */
    @Override
    public void close() {
        Registering left = registering;
        Founding first = founding;
        if (left != null) {
            left.metadata().close();
            return;
        }
        if (first != null) {
            first.metadata().close();
            return;
        }
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("cluster: the node's file could not be closed; what it says is on the disk", e);
        }
    }

    private static void requireFresh(ClusterPorts ports) throws DamagedMetadataException {
        Marks marks = ports.marks();
        if (!marks.clusterId().isEmpty() || marks.partitionIds().length > 0) {
            throw new DamagedMetadataException(ports.dataDirectory().resolve(NodeFile.FILE_NAME)
                    + ": missing, although this data directory has been in use; restore it from a backup of the same time"
                    + " as the rest of the directory");
        }
    }

    private Member memberOf(NodeFile.Known known) throws IOException {
        String clusterOfMarks = ports.marks().clusterId();
        if (!clusterOfMarks.isEmpty() && !clusterOfMarks.equals(known.clusterId())) {
            throw new DamagedMetadataException(ports.dataDirectory().resolve(NodeFile.FILE_NAME) + ": of cluster "
                    + known.clusterId() + ", but this data directory belongs to cluster " + clusterOfMarks);
        }
        return member(known.clusterId(), known.nodeId());
    }

    private Member member(String clusterId, int nodeId) {
        VoterName name = new VoterName(nodeId, ports.marks().directoryId().toString());
        ports.introduction().isNode(clusterId, nodeId);
        return new Member(clusterId, name, run.toString(), settings, ports, mailbox);
    }

    private void found() throws IOException {
        Member member = member(ports.newId().get().toString(), FIRST_NODE);
        registerFirst(founded(member), member);
    }

    private ClusterMetadata founded(Member member) throws IOException {
        Voter voter = member.startVoter(false, List.of(member.name().toString()));
        return new ClusterMetadata(member, file, MetadataImage.empty(member.clusterId()), voter);
    }

    /** Until the last step of the start this directory is a standalone broker's: a start that fails has changed nothing. */
    private void foundFromStandalone() throws IOException {
        if (!settings.seeds().isEmpty()) {
            throw new IOException("data directory " + ports.dataDirectory()
                    + ": of a standalone broker, with records of its own (expected: a fresh directory to join a cluster"
                    + " with; without --join this broker founds a cluster that has its topics)");
        }
        MetadataImage before = LocalMetadata.read(ports.disk(), ports.dataDirectory(), ports.marks());
        List<AdoptMetadata> all = adoptionOf(before);
        Member member = member(before.clusterId(), FIRST_NODE);
        ClusterMetadata metadata = founded(member);
        founding = new Founding(metadata, member, new Adopting(metadata, member, all));
    }

    private static List<AdoptMetadata> adoptionOf(MetadataImage before) throws IOException {
        try {
            return Adoption.of(before);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private void registerFirst(ClusterMetadata metadata, Member member) {
        register(metadata, member, List.of(), () -> {
            file.write(new NodeFile.Known(
                    member.clusterId(), member.nodeId(), List.of(member.run()), true, metadata.image()));
            ports.marks().joinCluster(member.clusterId());
            LocalMetadata.retire(ports.disk(), ports.dataDirectory());
            LOG.info("cluster {}: founded by this broker, its node {}", member.clusterId(), member.nodeId());
        });
    }

    private void goOn(NodeFile.Known known) throws IOException {
        Member member = memberOf(known);
        // Durable before it is used: whoever finds its own run registered knows that it was this directory's.
        file.write(known.withRun(member.run()));
        Voter voter = known.voter() ? member.startVoter(true, List.of()) : null;
        ClusterMetadata metadata = new ClusterMetadata(member, file, known.picture(), voter);
        register(metadata, member, known.runs(), () -> {
            NodeFile.Known now = Objects.requireNonNull(file.known(), "what was written above");
            file.write(now.confirmed(member.run()).with(metadata.image()));
            ports.marks().joinCluster(member.clusterId());
            LOG.info("cluster {}: this broker is back as node {}", member.clusterId(), member.nodeId());
        });
    }

    private void join(Joined joined) throws IOException {
        MetadataImage image = MetadataCodec.image(joined.getSnapshot());
        Member member = member(joined.getClusterId(), joined.getNodeId());
        file.write(new NodeFile.Known(member.clusterId(), member.nodeId(), List.of(member.run()), false, image));
        ports.marks().joinCluster(member.clusterId());
        ClusterMetadata metadata = new ClusterMetadata(member, file, image, null);
        register(metadata, member, List.of(member.run()), () -> {
            LOG.info("cluster {}: this broker joined it as node {}", member.clusterId(), member.nodeId());
        });
    }

    private void register(ClusterMetadata metadata, Member member, List<String> earlierRuns, Steps confirm) {
        Registration registration = new Registration(metadata, member, earlierRuns);
        registering = new Registering(metadata, member, registration, confirm);
    }

    private static void checkAgainst(Marks marks, MetadataImage image) throws DamagedMetadataException {
        for (long partitionId : marks.partitionIds()) {
            if (partitionId >= image.nextPartitionId()) {
                throw new DamagedMetadataException("cluster " + image.clusterId()
                        + ": its metadata is older than this data directory: partition " + partitionId
                        + " exists here, but ids were given only up to " + (image.nextPartitionId() - 1));
            }
        }
    }
}
