package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.metadata.DamagedMetadataException;
import io.headwater.broker.metadata.LocalMetadata;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.peer.wire.Join;
import io.headwater.broker.peer.wire.Joined;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of a broker as a member of a cluster: it founds one in a fresh data directory, joins one from there, or comes
 * back to the one that the directory belongs to.
 */
public final class ClusterNode {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterNode.class);
    private static final int FIRST_NODE = 1;
    private static final long JOIN_MS = 10_000;
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private ClusterNode() {}

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
        refuseStandalone(ports);
        NodeFile file = NodeFile.open(ports.disk(), ports.dataDirectory());
        try {
            NodeFile.Known known = file.known();
            UUID run = ports.newId().get();
            if (known != null) {
                return goOn(known, file, memberOf(known, run, settings, ports, mailbox), run);
            }
            requireFresh(ports);
            return settings.seeds().isEmpty()
                    ? found(file, run, settings, ports, mailbox)
                    : join(file, run, settings, ports, mailbox);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static void refuseStandalone(ClusterPorts ports) throws IOException {
        if (ports.disk().exists(ports.dataDirectory().resolve(LocalMetadata.FILE_NAME))) {
            throw new IOException("data directory " + ports.dataDirectory()
                    + ": of a standalone broker (expected: a fresh one, or one of a member of a cluster; a standalone"
                    + " broker cannot become a member yet)");
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

    private static Member memberOf(
            NodeFile.Known known, UUID run, ClusterSettings settings, ClusterPorts ports, ClusterMailbox mailbox)
            throws IOException {
        String clusterOfMarks = ports.marks().clusterId();
        if (!clusterOfMarks.isEmpty() && !clusterOfMarks.equals(known.clusterId())) {
            throw new DamagedMetadataException(ports.dataDirectory().resolve(NodeFile.FILE_NAME) + ": of cluster "
                    + known.clusterId() + ", but this data directory belongs to cluster " + clusterOfMarks);
        }
        return member(known.clusterId(), known.nodeId(), run, settings, ports, mailbox);
    }

    private static Member member(
            String clusterId,
            int nodeId,
            UUID run,
            ClusterSettings settings,
            ClusterPorts ports,
            ClusterMailbox mailbox) {
        VoterName name = new VoterName(nodeId, ports.marks().directoryId().toString());
        ports.introduction().isNode(clusterId, nodeId);
        return new Member(clusterId, name, run.toString(), settings, ports, mailbox);
    }

    private static VoterHome home(Member member, UUID run) {
        return new VoterHome(member.ports(), member.clusterId(), member.name(), run, member.mailbox()::wake);
    }

    private static ClusterMetadata found(
            NodeFile file, UUID run, ClusterSettings settings, ClusterPorts ports, ClusterMailbox mailbox)
            throws IOException {
        Member member = member(ports.newId().get().toString(), FIRST_NODE, run, settings, ports, mailbox);
        VoterHome home = home(member, run);
        RatisQuorum voter = home.start(false, List.of(member.name().toString()));
        MetadataImage empty = MetadataImage.empty(member.clusterId());
        ClusterMetadata metadata = new ClusterMetadata(member, file, home, empty, voter);
        return registered(metadata, member, () -> {
            new Registration(metadata, member, List.of()).await();
            file.write(new NodeFile.Known(
                    member.clusterId(), member.nodeId(), List.of(member.run()), true, metadata.image()));
            ports.marks().joinCluster(member.clusterId());
            LOG.info("cluster {}: founded by this broker, its node {}", member.clusterId(), member.nodeId());
        });
    }

    private static ClusterMetadata goOn(NodeFile.Known known, NodeFile file, Member member, UUID run)
            throws IOException {
        // Durable before it is used: whoever finds its own run registered knows that it was this directory's.
        file.write(known.withRun(member.run()));
        VoterHome home = home(member, run);
        RatisQuorum voter = known.voter() ? home.start(true, List.of()) : null;
        ClusterMetadata metadata = new ClusterMetadata(member, file, home, known.picture(), voter);
        return registered(metadata, member, () -> {
            new Registration(metadata, member, known.runs()).await();
            NodeFile.Known now = Objects.requireNonNull(file.known(), "what was written above");
            file.write(now.confirmed(member.run()).with(metadata.image()));
            member.ports().marks().joinCluster(member.clusterId());
            LOG.info("cluster {}: this broker is back as node {}", member.clusterId(), member.nodeId());
        });
    }

    private static ClusterMetadata join(
            NodeFile file, UUID run, ClusterSettings settings, ClusterPorts ports, ClusterMailbox mailbox)
            throws IOException {
        Joined joined = joined(run, settings, ports);
        MetadataImage image = MetadataCodec.image(joined.getSnapshot());
        Member member = member(joined.getClusterId(), joined.getNodeId(), run, settings, ports, mailbox);
        file.write(new NodeFile.Known(member.clusterId(), member.nodeId(), List.of(member.run()), false, image));
        ports.marks().joinCluster(member.clusterId());
        ClusterMetadata metadata = new ClusterMetadata(member, file, home(member, run), image, null);
        return registered(metadata, member, () -> {
            new Registration(metadata, member, List.of(member.run())).await();
            LOG.info("cluster {}: this broker joined it as node {}", member.clusterId(), member.nodeId());
        });
    }

    /** Asks one seed after the other, for as long as a start may take. */
    private static Joined joined(UUID run, ClusterSettings settings, ClusterPorts ports) throws IOException {
        PeerMessage question = PeerMessage.newBuilder()
                .setJoin(Join.newBuilder()
                        .setDirectoryId(ports.marks().directoryId().toString())
                        .setRun(run.toString())
                        .setClientEndpoint(settings.clientEndpoint())
                        .setPeerEndpoint(settings.peerEndpoint())
                        .setRack(settings.rack())
                        .addAllFeatures(Registration.features(settings)))
                .build();
        long startNs = ports.nanoClock().nanoTime();
        long limitNs = TimeUnit.MILLISECONDS.toNanos(settings.timing().startMs());
        StringBuilder problems = new StringBuilder();
        while (ports.nanoClock().nanoTime() - startNs < limitNs) {
            problems.setLength(0);
            for (HostPort seed : settings.seeds()) {
                PeerMessage answer;
                try {
                    answer = answerOf(ports.peers().ask(seed, question, JOIN_MS).toCompletableFuture());
                    String problem = Answers.problem(answer, null);
                    if (problem == null) {
                        return answer.getJoined();
                    }
                    problems.append("; ").append(seed).append(": ").append(problem);
                } catch (IOException e) {
                    problems.append("; ").append(seed).append(": ").append(e.getMessage());
                }
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
        throw new IOException("this broker cannot join a cluster: nobody that it was told of let it in within "
                + settings.timing().startMs() + " ms" + problems);
    }

    private static PeerMessage answerOf(CompletableFuture<PeerMessage> asked) throws IOException {
        try {
            return asked.get(JOIN_MS + 1_000, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while joining a cluster", e);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(Answers.problem(null, e.getCause())), e);
        } catch (TimeoutException e) {
            throw new IOException("no answer", e);
        }
    }

    private interface Steps {
        void run() throws IOException;
    }

    private static ClusterMetadata registered(ClusterMetadata metadata, Member member, Steps steps) throws IOException {
        try {
            steps.run();
            checkAgainst(member.ports().marks(), metadata.image());
            return metadata;
        } catch (IOException | RuntimeException e) {
            metadata.close();
            throw e;
        }
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
