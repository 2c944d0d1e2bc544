package io.headwater.broker.cluster;

import io.headwater.broker.consensus.RaftCalls;
import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.metadata.DamagedMetadataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Where this node's voter keeps its log, and how it is started there. */
final class VoterHome {
    /** The directory's name in the data directory. */
    static final String DIRECTORY = "quorum";

    private final ClusterPorts ports;
    private final String clusterId;
    private final VoterName name;
    private final UUID run;
    private final Runnable news;

    /** @param news wakes the owner */
    VoterHome(ClusterPorts ports, String clusterId, VoterName name, UUID run, Runnable news) {
        this.ports = ports;
        this.clusterId = clusterId;
        this.name = name;
        this.run = run;
        this.news = news;
    }

    /**
     * @param used whether it has been started before, and may have voted
     * @param voters when the cluster is founded: itself; otherwise none
     */
    RatisQuorum start(boolean used, List<String> voters) throws IOException {
        Path directory = ports.dataDirectory().resolve(DIRECTORY);
        RatisQuorum.Membership membership = new RatisQuorum.Membership(clusterId, name.toString(), voters, run);
        RaftCalls calls = ports.raftCalls();
        if (used) {
            try {
                return RatisQuorum.open(ports.disk(), directory, membership, calls, news);
            } catch (IOException e) {
                throw damaged(directory, e);
            }
        }
        // A start that did not get far enough for anybody to hear of this voter.
        deleteAll(directory);
        return RatisQuorum.create(ports.disk(), directory, membership, calls, news);
    }

    private DamagedMetadataException damaged(Path directory, IOException cause) {
        DamagedMetadataException damaged = new DamagedMetadataException(directory
                + ": this node is a voter of the cluster's metadata, and what it has voted and agreed to cannot be read: "
                + cause.getMessage()
                + " (expected: all of it; restore the directory as it was, or let this node leave the"
                + " cluster and join with an empty data directory)");
        damaged.initCause(cause);
        return damaged;
    }

    private static void deleteAll(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
