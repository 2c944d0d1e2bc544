package io.headwater.broker.control;

import com.google.protobuf.MessageLite;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.metadata.LocalQuorum;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.observe.LatencyHistogram;
import io.headwater.broker.observe.QueueFigures;
import io.headwater.broker.observe.Vitals;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.CommitReply;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.JoinGroupReply;
import io.headwater.protocol.wire.Topic;
import io.headwater.storage.Disk;
import io.headwater.storage.ViewStore;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A control agent that a test turns by hand, over partitions of plain maps and a clock that the test moves. */
final class ControlWorld implements AutoCloseable {
    private static final Path METADATA = Path.of("/data/metadata");

    final MemoryDisk disk;
    final FaultyDisk faulty;
    final BrokerConfig config;
    final ControlQueue queue = new ControlQueue();
    final FakePartitions partitions = new FakePartitions(queue);
    final MetadataQuorum quorum;
    final FakeVitals vitals = new FakeVitals();
    /** What ended the agent's thread. */
    final CompletableFuture<Throwable> fatal = new CompletableFuture<>();

    ViewStore views;
    ControlAgent agent;
    long nowNs = TimeUnit.DAYS.toNanos(1);
    private final Path viewDirectory;
    private int correlation;
    private long connections;

    ControlWorld(Path directory) throws IOException {
        this(directory, new MemoryDisk());
    }

    private ControlWorld(Path directory, MemoryDisk disk) throws IOException {
        this.disk = disk;
        this.faulty = new FaultyDisk(disk);
        this.config = BrokerConfig.onFreePorts(directory);
        this.viewDirectory = directory.resolve("views");
        disk.createDirectories(Path.of("/data"));
        this.quorum = openOrCreate(faulty);
        this.views = ViewStore.in(viewDirectory);
        this.agent = newAgent();
    }

    private static MetadataQuorum openOrCreate(Disk disk) throws IOException {
        if (disk.exists(METADATA)) {
            return LocalQuorum.open(disk, METADATA);
        }
        MetadataQuorum quorum = LocalQuorum.create(disk, METADATA, "c");
        quorum.propose(Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder().setNodeId(1).setDirectoryId("d"))
                .build());
        quorum.doWork();
        return quorum;
    }

    private ControlAgent newAgent() {
        BrokerFacts facts = new BrokerFacts(1, "test/1", 5, "/data", "127.0.0.1:1", "127.0.0.1:2", 99);
        return new ControlAgent(
                new ControlAgent.Core(
                        config,
                        queue,
                        quorum,
                        partitions,
                        views,
                        partitions,
                        vitals,
                        Responsibility.ALONE,
                        this::nowMs,
                        () -> nowNs,
                        fatal::complete),
                facts);
    }

    /** The same directory after a clean stop and a start; the partitions' logs are closed, or not. */
    ControlWorld restart(Path directory) throws IOException {
        close();
        ControlWorld next = new ControlWorld(directory, disk);
        next.partitions.logs.putAll(partitions.logs);
        next.partitions.opened.clear();
        next.connections = connections;
        next.correlation = correlation;
        return next;
    }

    long nowMs() {
        return 1_700_000_000_000L + TimeUnit.NANOSECONDS.toMillis(nowNs);
    }

    MetadataImage image() {
        return quorum.image();
    }

    /** Turns until nothing is left to do. */
    void settle() {
        // Answers of partitions come one turn later, also to what a timer asked.
        for (int idle = 0; idle < 3; ) {
            idle = agent.doWork() > 0 ? 0 : idle + 1;
        }
    }

    void pass(long ms) {
        nowNs += TimeUnit.MILLISECONDS.toNanos(ms);
        settle();
    }

    FakeConnection connect() {
        return new FakeConnection(++connections);
    }

    void disconnect(FakeConnection connection) {
        connection.open = false;
        queue.closed(connection);
        settle();
    }

    int post(FakeConnection connection, FrameType type, MessageLite message) {
        int id = ++correlation;
        if (!queue.offer(connection, Frame.request(type, id, message))) {
            throw new AssertionError("the mailbox is full");
        }
        return id;
    }

    <R extends MessageLite> R ask(FakeConnection connection, FrameType type, MessageLite message, Class<R> as) {
        int id = post(connection, type, message);
        settle();
        Error failure = connection.failureOf(id);
        if (failure != null) {
            throw new AssertionError(type + ": " + failure);
        }
        return as.cast(Objects.requireNonNull(connection.replyTo(id), () -> type + " was not answered"));
    }

    Error refusal(FakeConnection connection, FrameType type, MessageLite message) {
        int id = post(connection, type, message);
        settle();
        Error failure = connection.failureOf(id);
        if (failure == null) {
            throw new AssertionError(type + " was not refused: " + connection.replyTo(id));
        }
        return failure;
    }

    Topic topic(String name, int partitionCount) {
        return ask(
                connect(),
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder()
                        .setName(name)
                        .setPartitions(partitionCount)
                        .build(),
                Topic.class);
    }

    static JoinGroup joining(String group, String memberId, String... topics) {
        return JoinGroup.newBuilder()
                .setGroup(group)
                .setMemberId(memberId)
                .addAllTopics(List.of(topics))
                .build();
    }

    JoinGroupReply join(FakeConnection connection, String group, String... topics) {
        return ask(connection, FrameType.JOIN_GROUP, joining(group, "", topics), JoinGroupReply.class);
    }

    /** Says what it read in this assignment, and that it reads just that. */
    GroupHeartbeatReply heartbeat(FakeConnection connection, Assignment applied) {
        return ask(connection, FrameType.GROUP_HEARTBEAT, beat(applied), GroupHeartbeatReply.class);
    }

    static GroupHeartbeat beat(Assignment applied) {
        GroupHeartbeat.Builder beat = GroupHeartbeat.newBuilder()
                .setGroup(applied.getGroup())
                .setMemberId(applied.getMemberId())
                .setGeneration(applied.getGeneration());
        applied.getPartitionsList().forEach(one -> beat.addOwnedPartitionIds(one.getPartitionId()));
        return beat.build();
    }

    /** The error code of the one position, ERROR_NONE where it was taken. */
    ErrorCode commit(
            FakeConnection connection, String group, String member, int generation, long partition, long offset) {
        Commit commit = Commit.newBuilder()
                .setGroup(group)
                .setMemberId(member)
                .setGeneration(generation)
                .addPositions(
                        CommitPosition.newBuilder().setPartitionId(partition).setOffset(offset))
                .build();
        return ask(connection, FrameType.COMMIT, commit, CommitReply.class)
                .getResults(0)
                .getError()
                .getCode();
    }

    static Assignment lastPush(FakeConnection connection) {
        Assignment last = null;
        for (MessageLite push : connection.pushes) {
            last = (Assignment) push;
        }
        if (last == null) {
            throw new AssertionError("nothing was pushed");
        }
        return last;
    }

    /** Loses the views, as if their directory had been deleted while the broker was down. */
    void loseViews() throws IOException {
        views.close();
        try (var files = java.nio.file.Files.walk(viewDirectory)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
        views = ViewStore.in(viewDirectory);
        agent = newAgent();
    }

    @Override
    public void close() throws IOException {
        views.close();
        quorum.close();
    }

    /** Numbers that a test sets. */
    static final class FakeVitals implements Vitals {
        @Override
        public List<QueueFigures> queues() {
            return List.of();
        }

        @Override
        public long duplicateRecords() {
            return 0;
        }

        @Override
        public QueueMemory queueMemory() {
            return new QueueMemory(1_024, Map.of("records", 512L));
        }

        int offline;
        long usable = Long.MAX_VALUE;

        @Override
        public int connections() {
            return 3;
        }

        @Override
        public int offlinePartitions() {
            return offline;
        }

        @Override
        public int openPartitions() {
            return 2;
        }

        @Override
        public long logBytes() {
            return 12345;
        }

        @Override
        public Scrubbing scrubbing() {
            return Scrubbing.NONE;
        }

        @Override
        public long usableBytes() {
            return usable;
        }

        @Override
        public long inFlightBytes() {
            return 0;
        }

        @Override
        public long readPauses() {
            return 0;
        }

        @Override
        public Traffic traffic() {
            return new Traffic(1, 2, 3, 4, 5, 6, 7, 8);
        }

        @Override
        public List<Integer> ownerMailboxes() {
            return List.of(0);
        }

        @Override
        public LatencyHistogram.Snapshot produceLatency() {
            return LatencyHistogram.Snapshot.empty();
        }

        @Override
        public LatencyHistogram.Snapshot syncDuration() {
            return LatencyHistogram.Snapshot.empty();
        }
    }
}
