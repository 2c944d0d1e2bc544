package io.headwater.broker.config;

import java.util.Locale;

/**
 * Every setting, once: what it is called, what it is when nobody sets it, why it exists, and what goes wrong when it is
 * set badly. The loader reads by this list and docs/configuration.md is made from it.
 */
enum Knob {
    DATA(
            "data",
            Kind.PATH,
            "./data",
            "The directory that holds everything: logs, marks, metadata, views. One broker at a time may use it.",
            "On a network file system a stall of the network is a stall of the broker. A copy of a directory that is"
                    + " in use is not a backup."),
    LISTEN(
            "listen",
            Kind.ADDRESS,
            "127.0.0.1:9440",
            "Where clients connect. Port 0 takes any free port; the broker prints the real one.",
            "An address beyond loopback is refused without `insecure`."),
    ADVERTISE(
            "advertise",
            Kind.ADDRESS_OR_NONE,
            "",
            "Where clients of a cluster are told to find this broker, if that is not where it listens: behind a proxy, a"
                    + " load balancer or address translation. None: `listen`, or this machine's name if that is every"
                    + " interface.",
            "Clients that cannot reach it cannot use what this broker leads, though their first connection worked."),
    ADMIN(
            "admin",
            Kind.ADDRESS,
            "`127.0.0.1`, and the port of `listen` + 1",
            "Where `/metrics`, `/healthz` and `/readyz` are served over HTTP.",
            "An address beyond loopback is refused without `insecure`."),
    INSECURE(
            "insecure",
            Kind.FLAG,
            "false",
            "Allows listeners beyond loopback although clients are not authenticated yet.",
            "Everybody who reaches the port can read, write and delete everything. Use it only inside a network whose"
                    + " every member you trust."),
    PEER_LISTEN(
            "peer.listen",
            Kind.ADDRESS_OR_NONE,
            "",
            "Where other brokers of the cluster connect. None: the broker stands alone, and is a cluster of one.",
            "An address beyond loopback is refused without TLS (`peer.cert`, `peer.key`, `peer.ca`), unless with"
                    + " `insecure`: whoever reaches the port could pass for a broker."),
    PEER_ADVERTISE(
            "peer.advertise",
            Kind.ADDRESS_OR_NONE,
            "",
            "Where other brokers are told to find this one, if that is not where it listens: behind a proxy or address"
                    + " translation. None: `peer.listen`, or this machine's name if that is every interface.",
            "If it leads elsewhere than to `peer.listen`, nothing that others say reaches this broker."),
    PEER_JOIN(
            "peer.join",
            Kind.ADDRESSES,
            "",
            "Where members of the cluster listen for brokers. One that answers is enough; it is asked only while this"
                    + " broker is in no cluster yet. None: it founds a cluster.",
            "A broker that was to join, started without it on an empty directory, founds another cluster."),
    PEER_RACK(
            "peer.rack",
            Kind.TEXT,
            "",
            "What fails together with this broker: a rack, a room, a zone. Replicas of a partition are spread over them.",
            "Named for some brokers only, the others count as one that fails together."),
    PEER_COPY_RATE(
            "peer.copy-rate",
            Kind.BYTES,
            "64MiB",
            "The most that this broker sends in a second of whole segments to brokers that fill copies of partitions, and"
                    + " the most that it takes in a second to fill its own: when replicas move, or come back empty.",
            "At least 1MiB. Near what disks or network can do, clients wait for copies. Far below, a lost copy is lost for"
                    + " longer."),
    PEER_CERT(
            "peer.cert",
            Kind.PATH_OR_NONE,
            "",
            "The certificate that this broker shows to others, a PEM file, with those between it and the CA's behind it."
                    + " With `peer.key` and `peer.ca`: brokers talk by TLS 1.3, and each side checks the other.",
            "All three or none. They are read at the start: a renewed one needs a restart."),
    PEER_KEY(
            "peer.key",
            Kind.PATH_OR_NONE,
            "",
            "The private key of `peer.cert`: a PEM file, PKCS #8, not encrypted.",
            "Who can read it can pass for this broker."),
    PEER_CA(
            "peer.ca",
            Kind.PATH_OR_NONE,
            "",
            "The certificate of the CA that signs those of brokers, a PEM file. A broker whose certificate it did not"
                    + " sign is refused.",
            "It must be a private one, for this cluster alone: names in certificates are not compared with addresses, so"
                    + " that whomever it signed may be a broker."),
    FRAME_BYTES(
            "network.frame-bytes",
            Kind.BYTES,
            "16MiB",
            "The largest frame in either direction, and so the most memory that one request may take.",
            "Must exceed `topics.record-bytes` by 64KiB. Clients learn it in the handshake; a much larger value lets"
                    + " one connection delay others."),
    CONNECTIONS(
            "network.connections",
            Kind.COUNT,
            "20000",
            "More connections than this are told to go away, so that descriptors and memory stay bounded.",
            "Each needs a file descriptor: `ulimit -n` must be above this plus the open segments."),
    IN_FLIGHT_BYTES(
            "network.in-flight-bytes",
            Kind.BYTES,
            "64MiB",
            "Produce requests that were received and not yet answered. Beyond it sockets are not read until there is"
                    + " room: clients feel backpressure and the broker's memory stays bounded.",
            "At least `network.frame-bytes`. Too little caps throughput where the disk is slow to sync; too much lets a"
                    + " stalled disk fill the memory."),
    TOPIC_PARTITIONS(
            "topics.partitions",
            Kind.COUNT,
            "1",
            "Of a new topic that does not say.",
            "Partitions can be added later, but then the keys move."),
    TOPIC_RETENTION(
            "topics.retention",
            Kind.DURATION_OR_UNLIMITED,
            "7d",
            "How long the records of a new topic that does not say are kept, by ingestion time.",
            "`unlimited` without `topics.retention-bytes` fills the disk sooner or later."),
    TOPIC_RETENTION_BYTES(
            "topics.retention-bytes",
            Kind.BYTES_OR_UNLIMITED,
            "unlimited",
            "How much of each partition of a new topic that does not say is kept.",
            "Whole segments are removed, so that up to one `storage.segment-bytes` more may be there."),
    TOPIC_ACK(
            "topics.ack",
            Kind.ACK,
            "persisted",
            "What an acknowledgement of a new topic that does not say means: `persisted` (synced to disk by a majority of the"
                    + " replicas), `replicated` (written by it, synced later) or `memory` (written by the leader).",
            "With `replicated` a power loss of a majority of the machines at once may take acknowledged records with it; with"
                    + " `memory` that of one does, and with several replicas a failover."),
    RECORD_BYTES(
            "topics.record-bytes",
            Kind.BYTES,
            "1MiB",
            "The largest record, with its headers, that a producer may send. At most 64MiB.",
            "A record is held in memory whole, in every broker and client that it passes through."),
    MAX_PARTITIONS(
            "topics.max-partitions",
            Kind.COUNT,
            "100000",
            "Of all topics together. Creating more is refused.",
            "Each costs a little memory even when idle, and files as soon as it is used."),
    SEGMENT_BYTES(
            "storage.segment-bytes",
            Kind.BYTES,
            "256MiB",
            "A segment is sealed, and the next one begun, when it would grow beyond this. Retention removes whole"
                    + " segments.",
            "Small segments mean many files; large ones mean coarse retention. 1MiB to 1GiB."),
    IDLE_AFTER(
            "storage.idle-after",
            Kind.DURATION,
            "5m",
            "A partition that nobody used for so long gives back its files, mappings and memory.",
            "Very short values make a slow trickle of records reopen files again and again."),
    RETENTION_CHECK(
            "storage.retention-check",
            Kind.DURATION,
            "30s",
            "How often partitions look for segments that retention lets go.",
            "It is also how much longer than asked a record may stay, besides the rest of its segment."),
    MIN_FREE_BYTES(
            "storage.min-free-bytes",
            Kind.BYTES,
            "128MiB",
            "With less free space on the data directory's disk, `/readyz` and `status` say so. Nothing stops.",
            "Too small, and the warning comes when appends already fail."),
    SCRUB_INTERVAL(
            "storage.scrub-interval",
            Kind.DURATION,
            "7d",
            "In how long the broker reads all of its logs once, in the background, in search of bytes that their disk has"
                    + " spoilt. It is spread over that time, and goes on after a restart where it was. `0s`: never.",
            "Without it, or with a long one, damage is found when somebody reads it: perhaps when the other copies are"
                    + " damaged or gone as well."),
    SCRUB_RATE(
            "storage.scrub-rate",
            Kind.BYTES,
            "16MiB",
            "The most that it reads in a second. Where all logs together need more to be done in"
                    + " `storage.scrub-interval`, it takes longer.",
            "At least 64KiB. Near what the disk can read, it delays everything else."),
    SESSION_TIMEOUT(
            "groups.session-timeout",
            Kind.DURATION,
            "30s",
            "A group member that was silent for so long, over an open connection, loses its partitions to others."
                    + " A client may ask for another value when it joins.",
            "Short values take partitions from members that only paused for garbage collection."),
    HEARTBEAT_INTERVAL(
            "groups.heartbeat-interval",
            Kind.DURATION,
            "3s",
            "What members are told to keep to. Partitions move at this pace when members join.",
            "At most half of `groups.session-timeout`; better a tenth."),
    GRACE(
            "groups.grace",
            Kind.DURATION,
            "10s",
            "How long a member whose connection closed may take to come back and keep its partitions.",
            "Nobody reads a lost member's partitions for so long. 0s gives them away at once."),
    REVOCATION_TIMEOUT(
            "groups.revocation-timeout",
            Kind.DURATION,
            "5m",
            "How long a member may take to finish with a partition that is to go to another member. Then the other one gets"
                    + " it, and what the first one commits for it is refused.",
            "Shorter than a handler takes for what it has polled, and records are processed by both members."),
    VIEW_INTERVAL(
            "groups.view-interval",
            Kind.DURATION,
            "1s",
            "How often committed positions are copied into the view that describes groups without opening logs.",
            "The view is never the truth, so this only trades writes for work after a restart."),
    QUEUE_MEMORY(
            "queues.memory",
            Kind.BYTES,
            "256MiB",
            "Heap that queues may take, all together: queue groups for records that are leased, scheduled or failed, and"
                    + " keyed groups for each that is not done; topics with a deduplication window for message ids, three"
                    + " quarters of it at most. At the cap producers are told to come back later, and no more is handed"
                    + " out until something is settled; each group may always have 256KiB. What is not needed any more"
                    + " comes back after a second, ids after at most a quarter more than their window.",
            "Near the heap's size (`-Xmx`, 512MiB as `serve` sets it) the broker ends for want of memory."),
    NETWORK_THREADS(
            "threads.network",
            Kind.COUNT,
            "0",
            "Event loops that read and write sockets. 0: one for every two processors.",
            "More than the processors only adds switching between them."),
    OWNER_THREADS(
            "threads.owners",
            Kind.COUNT,
            "0",
            "Threads that own partitions; every partition belongs to one of them. 0: one for every two processors.",
            "More than the processors only adds switching between them."),
    LOG_FORMAT(
            "log.format",
            Kind.LOG_FORMAT,
            "text",
            "`text` (time, level, subject, key=value) or `json` (one object a line) on standard error.",
            "None."),
    LOG_LEVEL(
            "log.level",
            Kind.LOG_LEVEL,
            "info",
            "`error`, `warn`, `info` or `debug`.",
            "`debug` is for hunting a fault: it may write a line per request.");

    final String key;
    final Kind kind;
    final String defaultText;
    final String reason;
    final String danger;

    Knob(String key, Kind kind, String defaultText, String reason, String danger) {
        this.key = key;
        this.kind = kind;
        this.defaultText = defaultText;
        this.reason = reason;
        this.danger = danger;
    }

    /** As an environment variable: {@code HEADWATER_STORAGE_SEGMENT_BYTES}. */
    String variable() {
        return "HEADWATER_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** What a value looks like. */
    enum Kind {
        PATH("a path"),
        ADDRESS("`HOST:PORT`"),
        ADDRESS_OR_NONE("`HOST:PORT`, or nothing"),
        ADDRESSES("`HOST:PORT`, several with commas between them, or nothing"),
        TEXT("a name, or nothing"),
        PATH_OR_NONE("a path, or nothing"),
        FLAG("`true` or `false`"),
        COUNT("a whole number"),
        BYTES("a size: `64KiB`, `10GiB`, or bytes"),
        BYTES_OR_UNLIMITED("a size, or `unlimited`"),
        DURATION("a duration: `500ms`, `30s`, `7d`"),
        DURATION_OR_UNLIMITED("a duration, or `unlimited`"),
        ACK("`persisted`, `replicated` or `memory`"),
        LOG_FORMAT("`text` or `json`"),
        LOG_LEVEL("`error`, `warn`, `info` or `debug`");

        final String description;

        Kind(String description) {
            this.description = description;
        }
    }
}
