package io.headwater.broker.config;

import static io.headwater.broker.config.ConfigException.require;

import io.headwater.protocol.wire.AckLevel;
import java.nio.file.Path;

/**
 * Everything that is configured, resolved and validated: who holds one may rely on it. Where a setting may be left to
 * the broker ("0: from the machine"), the value here is the resolved one.
 */
public record BrokerConfig(
        Path dataDirectory, Network network, Topics topics, Storage storage, Groups groups, Threads threads, Log log) {

    /** The defaults of every knob, on free ports of the loopback interface; what tests start from. */
    public static BrokerConfig onFreePorts(Path dataDirectory) {
        return new BrokerConfig(
                dataDirectory,
                new Network(
                        new HostPort("127.0.0.1", 0), new HostPort("127.0.0.1", 0), false, 72 << 20, 20_000, 256 << 20),
                new Topics(1, 7 * 24 * 3_600_000L, -1, AckLevel.ACK_PERSISTED, 1 << 20, 100_000),
                new Storage(256 << 20, 4096, 300_000, 30_000, 1L << 30),
                new Groups(30_000, 3_000, 10_000, 1_000),
                new Threads(1, 1),
                new Log(Log.Format.TEXT, Log.Level.INFO));
    }

    public BrokerConfig withNetwork(Network other) {
        return new BrokerConfig(dataDirectory, other, topics, storage, groups, threads, log);
    }

    public BrokerConfig withTopics(Topics other) {
        return new BrokerConfig(dataDirectory, network, other, storage, groups, threads, log);
    }

    public BrokerConfig withStorage(Storage other) {
        return new BrokerConfig(dataDirectory, network, topics, other, groups, threads, log);
    }

    public BrokerConfig withGroups(Groups other) {
        return new BrokerConfig(dataDirectory, network, topics, storage, other, threads, log);
    }

    public BrokerConfig withThreads(Threads other) {
        return new BrokerConfig(dataDirectory, network, topics, storage, groups, other, log);
    }

    /**
     * @param listen where clients connect
     * @param admin where metrics and health are served
     * @param insecure whether listeners beyond loopback are allowed although there is no authentication yet
     * @param maxFrameBytes the largest frame either side may send
     * @param maxConnections further ones are refused with a Goodbye
     * @param maxInFlightBytes of produce frames that are received and not yet answered; beyond it sockets are not read
     */
    public record Network(
            HostPort listen,
            HostPort admin,
            boolean insecure,
            int maxFrameBytes,
            int maxConnections,
            long maxInFlightBytes) {
        public Network {
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
                    "frame-bytes",
                    maxFrameBytes,
                    "64KiB to 512MiB");
            require(maxConnections >= 1, "connections", maxConnections, "at least 1");
            require(
                    maxInFlightBytes >= maxFrameBytes,
                    "in-flight-bytes",
                    maxInFlightBytes,
                    "at least frame-bytes = " + maxFrameBytes);
        }
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
            require(partitions >= 1 && partitions <= maxPartitions, "partitions", partitions, "1 to " + maxPartitions);
            require(retentionMs > 0 || retentionMs == -1, "retention", retentionMs, "above 0, or unlimited");
            require(
                    retentionBytes > 0 || retentionBytes == -1,
                    "retention-bytes",
                    retentionBytes,
                    "above 0, or unlimited");
            require(
                    ackLevel == AckLevel.ACK_PERSISTED || ackLevel == AckLevel.ACK_MEMORY,
                    "ack",
                    ackLevel,
                    "persisted or memory");
            require(
                    maxRecordBytes >= 1024 && maxRecordBytes <= 64 << 20,
                    "record-bytes",
                    maxRecordBytes,
                    "1KiB to 64MiB");
            require(maxPartitions >= 1 && maxPartitions <= 1_000_000, "max-partitions", maxPartitions, "1 to 1000000");
        }
    }

    /**
     * @param segmentBytes a log file is sealed when it would grow beyond this
     * @param indexIntervalBytes one step of the sparse index
     * @param idleAfterMs a log that nobody used for so long gives back its files and memory
     * @param retentionCheckMs how often retention looks for segments to delete
     * @param minFreeBytes readiness turns false, and status warns, when the disk has less
     */
    public record Storage(
            long segmentBytes, int indexIntervalBytes, long idleAfterMs, long retentionCheckMs, long minFreeBytes) {
        public Storage {
            require(segmentBytes >= 1 << 20 && segmentBytes <= 1 << 30, "segment-bytes", segmentBytes, "1MiB to 1GiB");
            require(
                    indexIntervalBytes >= 1024 && indexIntervalBytes <= 1 << 20,
                    "index-interval-bytes",
                    indexIntervalBytes,
                    "1KiB to 1MiB");
            require(idleAfterMs >= 1000, "idle-after", idleAfterMs, "at least 1s");
            require(retentionCheckMs >= 100, "retention-check", retentionCheckMs, "at least 100ms");
            require(minFreeBytes >= 0, "min-free-bytes", minFreeBytes, "0 or more");
        }
    }

    /**
     * @param sessionTimeoutMs a member that was silent for so long loses its partitions
     * @param heartbeatIntervalMs what members are told to keep to
     * @param graceMs how long a member whose connection closed keeps its assignment
     * @param commitIntervalMs how often the view of positions is brought up to date
     */
    public record Groups(long sessionTimeoutMs, long heartbeatIntervalMs, long graceMs, long viewIntervalMs) {
        public Groups {
            require(
                    sessionTimeoutMs >= 500 && sessionTimeoutMs <= 3_600_000,
                    "session-timeout",
                    sessionTimeoutMs,
                    "500ms to 1h");
            require(
                    heartbeatIntervalMs >= 50 && heartbeatIntervalMs * 2 <= sessionTimeoutMs,
                    "heartbeat-interval",
                    heartbeatIntervalMs,
                    "50ms to half of session-timeout = " + sessionTimeoutMs);
            require(
                    graceMs >= 0 && graceMs <= sessionTimeoutMs,
                    "grace",
                    graceMs,
                    "at most session-timeout = " + sessionTimeoutMs);
            require(viewIntervalMs >= 10, "view-interval", viewIntervalMs, "at least 10ms");
        }
    }

    /**
     * @param network event loops
     * @param owners partition owners ("shards")
     */
    public record Threads(int network, int owners) {
        public Threads {
            require(network >= 1 && network <= 64, "network", network, "1 to 64");
            require(owners >= 1 && owners <= 64, "owners", owners, "1 to 64");
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
