package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.headwater.broker.copy.PromiseKeeper;
import io.headwater.broker.copy.SegmentGiver;
import io.headwater.broker.copy.SegmentTraffic;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataMachine;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.replica.ReplicaSettings;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogSlice;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.StorageException;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/** A broker's owners in one thread, over a disk in memory: their turns, the syncs and the work on files come when told. */
final class SteppedOwners {
    private static final Path DIRECTORY = Path.of("/data");

    final SplittableRandom random;
    private static final String DIRECTORY_ID = "00000000-0000-0000-0000-000000000001";

    final MemoryDisk memory = new MemoryDisk();
    FaultyDisk disk = new FaultyDisk(memory);
    MetadataImage image = MetadataImage.empty("sim");
    long nowMs = 1_000_000;
    /** Of all owners, from the next start on. */
    ReplicaPost post = ReplicaPost.NONE;

    private final int count;
    private final List<Mailbox> mailboxes = new ArrayList<>();
    private final List<Shard> shards = new ArrayList<>();
    private final ArrayDeque<Runnable> background = new ArrayDeque<>();
    private DataDirectory data;

    /** Not started. */
    SteppedOwners(SplittableRandom random, int count) {
        this.random = random;
        this.count = count;
        register();
    }

    void apply(Command.Builder command) {
        Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, command.build());
        image = assertInstanceOf(Outcome.Committed.class, outcome, outcome.toString())
                .image();
    }

    private void register() {
        apply(Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder().setNodeId(1).setDirectoryId(DIRECTORY_ID)));
    }

    /** One of three brokers; returns a partition that all of them have, and that this other one leads. */
    PartitionInfo startAsFollowerOf(int leader) throws IOException {
        for (int node = 2; node <= 3; node++) {
            apply(Command.newBuilder()
                    .setRegisterNode(RegisterNode.newBuilder()
                            .setNodeId(node)
                            .setDirectoryId("00000000-0000-0000-0000-00000000000" + node)));
        }
        apply(Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName("work")
                        .setPartitions(3)
                        .setReplicas(3)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE))));
        start();
        return image.topic("work").partitions().stream()
                .filter(each -> each.leader().nodeId() == leader)
                .findFirst()
                .orElseThrow();
    }

    void start() throws IOException {
        register();
        disk = new FaultyDisk(memory);
        mailboxes.clear();
        shards.clear();
        background.clear();
        data = SteppedDirectory.open(DIRECTORY, disk, () -> nowMs, background::add);
        Owners.Settings settings = new Owners.Settings(
                count,
                64,
                1_000,
                60_000,
                new HeapBudget(64 << 20),
                64 << 20,
                () -> nowMs,
                () -> TimeUnit.MILLISECONDS.toNanos(nowMs),
                failure -> {
                    throw new AssertionError(failure);
                });
        LongFunction<Mailbox> mailboxOf = id -> mailboxes.get((int) (id % count));
        PromiseKeeper promises = new PromiseKeeper(data.marks(), background::add);
        NodeInfo self = Objects.requireNonNull(image.node(1));
        for (int i = 0; i < count; i++) {
            mailboxes.add(new Mailbox(64));
            shards.add(new Shard(
                    mailboxes.get(i),
                    data,
                    () -> image,
                    settings,
                    mailboxOf,
                    self,
                    post,
                    promises,
                    new SegmentGiver(new SegmentTraffic(64 << 20), background::add),
                    ReplicaSettings.DEFAULTS));
        }
    }

    /** The power is cut, or the process killed; then {@link #start}. */
    void stop() {
        if (random.nextBoolean()) {
            memory.powerCut(random);
        } else {
            memory.kill();
        }
    }

    Shard owner(PartitionInfo info) {
        return shards.get((int) (info.partitionId() % count));
    }

    Owned owned(PartitionInfo info) throws StorageException {
        return owner(info).owned(info);
    }

    /** Somebody does something. */
    void turn() {
        switch (random.nextInt(4)) {
            case 0, 1 -> shards.get(random.nextInt(count)).doWork();
            case 2 -> data.groupCommit().doWork();
            default -> work();
        }
    }

    /** Everybody does something. */
    void round() {
        shards.forEach(Shard::doWork);
        data.groupCommit().doWork();
        work();
    }

    /** What is written becomes durable; nobody has heard of it yet. */
    void commit() {
        data.groupCommit().doWork();
    }

    DataDirectory data() {
        return data;
    }

    private void work() {
        Runnable work = background.poll();
        if (work != null) {
            work.run();
        }
    }

    /** What is in the log, by offset. */
    static Map<Long, String> records(Owned owned) throws StorageException {
        Map<Long, String> all = new HashMap<>();
        long at = owned.partition.startOffset();
        long end = owned.partition.log().endOffset();
        RecordBatch batch = new RecordBatch();
        while (at < end) {
            try (LogSlice slice = owned.partition.log().read(at, end, 1 << 20, null)) {
                ByteBuffer bytes = ByteBuffer.allocate(slice.sizeInBytes());
                slice.copyTo(bytes);
                bytes.flip();
                for (int entry = 0; entry < bytes.limit(); entry += bytes.getInt(entry)) {
                    RecordCursor record =
                            batch.wrap(bytes, entry + Envelope.SIZE).records();
                    while (record.next()) {
                        all.put(record.offset(), new String(record.value(), StandardCharsets.UTF_8));
                    }
                }
                at = slice.nextOffset();
            } catch (InvalidBatchException e) {
                throw new AssertionError(e);
            }
        }
        return all;
    }
}
