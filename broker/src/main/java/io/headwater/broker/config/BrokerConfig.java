package io.headwater.broker.config;

import static io.headwater.broker.config.ConfigException.require;

import io.headwater.protocol.wire.AckLevel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that is configured, resolved and validated: who holds one may rely on it. Where a setting may be left to
 * the broker ("0: from the machine"), the value here is the resolved one.
 */
public record BrokerConfig(
        Path dataDirectory,
        Network network,
        Peer peer,
        Topics topics,
        Storage storage,
        Groups groups,
        Queues queues,
        Threads threads,
        Log log) {
    /** What a frame may hold besides the one batch that must fit. */
    private static final int FRAME_OVERHEAD = 64 << 10;

    public BrokerConfig {
        require(
                network.maxFrameBytes() >= topics.maxRecordBytes() + FRAME_OVERHEAD,
                "network.frame-bytes",
                network.maxFrameBytes(),
                "at least topics.record-bytes + 64KiB = " + (topics.maxRecordBytes() + FRAME_OVERHEAD));
        peer.listen().ifPresent(listen -> {
            require(
                    network.insecure() || peer.tls().isPresent() || listen.isLoopback(),
                    "peer.listen",
                    listen,
                    "a loopback address, or TLS (peer.cert, peer.key, peer.ca); --insecure allows others");
            require(
                    listen.port() == 0
                            || (listen.port() != network.listen().port()
                                    && listen.port() != network.admin().port()),
                    "peer.listen",
                    listen,
                    "another port than listen = " + network.listen() + " and admin = " + network.admin());
        });
    }

    private static void requirePort(String name, Optional<HostPort> advertised) {
        advertised.ifPresent(address -> require(address.port() != 0, name, address, "the port that others connect to"));
    }

    /** The defaults of every knob, on free ports of the loopback interface; what tests start from. */
    public static BrokerConfig onFreePorts(Path dataDirectory) {
        return ConfigLoader.load(null, Map.of(), Map.of("data", dataDirectory.toString(), "listen", "127.0.0.1:0"));
    }

    public BrokerConfig withNetwork(Network other) {
        return new BrokerConfig(dataDirectory, other, peer, topics, storage, groups, queues, threads, log);
    }

    public BrokerConfig withPeer(Peer other) {
        return new BrokerConfig(dataDirectory, network, other, topics, storage, groups, queues, threads, log);
    }

    public BrokerConfig withTopics(Topics other) {
        return new BrokerConfig(dataDirectory, network, peer, other, storage, groups, queues, threads, log);
    }

    public BrokerConfig withStorage(Storage other) {
        return new BrokerConfig(dataDirectory, network, peer, topics, other, groups, queues, threads, log);
    }

    public BrokerConfig withGroups(Groups other) {
        return new BrokerConfig(dataDirectory, network, peer, topics, storage, other, queues, threads, log);
    }

    public BrokerConfig withQueues(Queues other) {
        return new BrokerConfig(dataDirectory, network, peer, topics, storage, groups, other, threads, log);
    }

    public BrokerConfig withThreads(Threads other) {
        return new BrokerConfig(dataDirectory, network, peer, topics, storage, groups, queues, other, log);
    }

    /**
     * @param listen where clients connect
     * @param advertise where clients are told to connect; empty: where it listens
     * @param admin where metrics and health are served
     * @param insecure whether listeners beyond loopback are allowed although there is no authentication yet
     * @param maxFrameBytes the largest frame either side may send
     * @param maxConnections further ones are refused with a Goodbye
     * @param maxInFlightBytes of produce frames that are received and not yet answered; beyond it sockets are not read
     */
    public record Network(
            HostPort listen,
            Optional<HostPort> advertise,
            HostPort admin,
            boolean insecure,
            int maxFrameBytes,
            int maxConnections,
            long maxInFlightBytes) {
        public Network {
            requirePort("advertise", advertise);
            require(
                    insecure || listen.isLoopback(),
                    "listen",
                    listen,
                    "a loopback address, as clients are not authenticated; --insecure allows others");
            require(
                    insecure || admin.isLoopback(),
                    "admin",
                    admin,
                    "a loopback address, as nobody is authenticated; --insecure allows others");
            require(
                    listen.port() == 0 || listen.port() != admin.port(),
                    "admin",
                    admin,
                    "another port than listen = " + listen);
            require(
                    maxFrameBytes >= 64 * 1024 && maxFrameBytes <= 512 << 20,
                    "network.frame-bytes",
                    maxFrameBytes,
                    "64KiB to 512MiB");
            require(maxConnections >= 1, "network.connections", maxConnections, "at least 1");
            require(
                    maxInFlightBytes >= maxFrameBytes,
                    "network.in-flight-bytes",
                    maxInFlightBytes,
                    "at least frame-bytes = " + maxFrameBytes);
        }
    }

    /**
     * How this broker talks to others.
     *
     * @param listen where they connect; empty: it stands alone
     * @param advertise where they are told to connect; empty: where it listens
     * @param join where members may listen, to be asked when it is in no cluster yet; none: it founds one
     * @param rack where it stands; empty: not said
     * @param tls empty: neither encrypted nor authenticated
     */
    public record Peer(
            Optional<HostPort> listen,
            Optional<HostPort> advertise,
            List<HostPort> join,
            String rack,
            Optional<Tls> tls,
            long copyRate) {
        public Peer {
            require(copyRate >= 1 << 20, "peer.copy-rate", copyRate, "at least 1MiB");
            join = List.copyOf(join);
            requirePort("peer.advertise", advertise);
            advertise.ifPresent(
                    address -> require(listen.isPresent(), "peer.advertise", address, "none without peer.listen"));
            require(join.isEmpty() || listen.isPresent(), "peer.join", join, "none without peer.listen");
            for (HostPort member : join) {
                require(member.port() != 0, "peer.join", member, "the port at which a member listens");
            }
        }

        /** PEM files: our certificate with those between it and the CA's, its key, and the CA's certificate. */
        public record Tls(Path cert, Path key, Path ca) {}
    }

    /**
     * What a topic gets that does not say otherwise, and what no topic may exceed.
     *
     * @param retentionMs -1: no limit
     * @param retentionBytes per partition; -1: no limit
     * @param maxRecordBytes the largest record, and so the largest batch that holds one record
     * @param maxPartitions of the whole broker
     */
    public record Topics(
            int partitions,
            long retentionMs,
            long retentionBytes,
            AckLevel ackLevel,
            int maxRecordBytes,
            int maxPartitions) {
        public Topics {
            require(
                    partitions >= 1 && partitions <= maxPartitions,
                    "topics.partitions",
                    partitions,
                    "1 to " + maxPartitions);
            require(retentionMs > 0 || retentionMs == -1, "topics.retention", retentionMs, "above 0, or unlimited");
            require(
                    retentionBytes > 0 || retentionBytes == -1,
                    "topics.retention-bytes",
                    retentionBytes,
                    "above 0, or unlimited");
            require(
                    ackLevel != AckLevel.ACK_UNSPECIFIED && ackLevel != AckLevel.UNRECOGNIZED,
                    "topics.ack",
                    ackLevel,
                    "persisted, replicated or memory");
            require(
                    maxRecordBytes >= 1024 && maxRecordBytes <= 64 << 20,
                    "topics.record-bytes",
                    maxRecordBytes,
                    "1KiB to 64MiB");
            require(
                    maxPartitions >= 1 && maxPartitions <= 1_000_000,
                    "topics.max-partitions",
                    maxPartitions,
                    "1 to 1000000");
        }
    }

    /**
     * @param segmentBytes a log file is sealed when it would grow beyond this
     * @param idleAfterMs a log that nobody used for so long gives back its files and memory
     * @param retentionCheckMs how often retention looks for segments to delete
     * @param minFreeBytes readiness turns false, and status warns, when the disk has less
     * @param scrubIntervalMs in how long everything is read in search of damage; 0: never
     * @param scrubRate bytes per second that this reads at most
     */
    public record Storage(
            long segmentBytes,
            long idleAfterMs,
            long retentionCheckMs,
            long minFreeBytes,
            long scrubIntervalMs,
            long scrubRate) {
        public Storage {
            require(
                    segmentBytes >= 1 << 20 && segmentBytes <= 1 << 30,
                    "storage.segment-bytes",
                    segmentBytes,
                    "1MiB to 1GiB");
            require(idleAfterMs >= 1000, "storage.idle-after", idleAfterMs, "at least 1s");
            require(retentionCheckMs >= 100, "storage.retention-check", retentionCheckMs, "at least 100ms");
            require(minFreeBytes >= 0, "storage.min-free-bytes", minFreeBytes, "0 or more");
            require(
                    scrubIntervalMs == 0 || scrubIntervalMs >= 1000,
                    "storage.scrub-interval",
                    scrubIntervalMs,
                    "0s, or at least 1s");
            require(scrubRate >= 64 << 10, "storage.scrub-rate", scrubRate, "at least 64KiB");
        }
    }

    /**
     * @param sessionTimeoutMs a member that was silent for so long loses its partitions
     * @param heartbeatIntervalMs what members are told to keep to
     * @param graceMs how long a member whose connection closed keeps its assignment
     * @param revocationTimeoutMs how long a member may take to give up a partition that is to go to another
     * @param viewIntervalMs how often the view of positions is brought up to date
     */
    public record Groups(
            long sessionTimeoutMs,
            long heartbeatIntervalMs,
            long graceMs,
            long revocationTimeoutMs,
            long viewIntervalMs) {
        public Groups {
            require(
                    sessionTimeoutMs >= 500 && sessionTimeoutMs <= 3_600_000,
                    "groups.session-timeout",
                    sessionTimeoutMs,
                    "500ms to 1h");
            require(
                    heartbeatIntervalMs >= 50 && heartbeatIntervalMs * 2 <= sessionTimeoutMs,
                    "groups.heartbeat-interval",
                    heartbeatIntervalMs,
                    "50ms to half of session-timeout = " + sessionTimeoutMs);
            require(
                    graceMs >= 0 && graceMs <= sessionTimeoutMs,
                    "groups.grace",
                    graceMs,
                    "at most session-timeout = " + sessionTimeoutMs);
            require(
                    revocationTimeoutMs >= 500 && revocationTimeoutMs <= 86_400_000,
                    "groups.revocation-timeout",
                    revocationTimeoutMs,
                    "500ms to 24h");
            require(viewIntervalMs >= 10, "groups.view-interval", viewIntervalMs, "at least 10ms");
        }
    }

    /** @param memoryBytes of heap that all queue groups may take together */
    public record Queues(long memoryBytes) {
        public Queues {
            require(memoryBytes >= 1 << 20, "queues.memory", memoryBytes, "at least 1MiB");
        }
    }

    /**
     * @param network event loops
     * @param owners partition owners ("shards")
     */
    public record Threads(int network, int owners) {
        public Threads {
            require(network >= 1 && network <= 64, "threads.network", network, "1 to 64");
            require(owners >= 1 && owners <= 64, "threads.owners", owners, "1 to 64");
        }
    }

    /** How the broker speaks to its operator. */
    public record Log(Format format, Level level) {
        public enum Format {
            TEXT,
            JSON
        }

        public enum Level {
            ERROR,
            WARN,
            INFO,
            DEBUG
        }
    }
}
