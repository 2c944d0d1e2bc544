package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.AlterTopic;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateQueueGroup;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.DeleteTopic;
import io.headwater.broker.metadata.wire.QueuePolicy;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Settled;
import io.headwater.broker.queue.Verb;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Two owners in one thread, a group whose records die, a dead-letter topic, and operators who move records elsewhere; the
 * owners' turns and the syncs come in any order, and the power goes between any two of them. The records' values are their names, by which copies are known.
 */
final class DeadLetterWorld {
    private static final int PARTITIONS = 2;

    /** What is done to a group after a restart, before anything else: the control takes its knowledge away. */
    interface AfterRestart {
        void mangle(QueueEngine engine, io.headwater.broker.queue.QueueOps ops);
    }

    final SplittableRandom random;
    private final AfterRestart afterRestart;
    /** Where the dead go at first; empty: nowhere, and nobody names another one. */
    private final String deadLetter;

    final Operators operators;
    private final SteppedOwners owners;
    private int produced;
    /** Copies that went with a topic, and records whose copies did. */
    private final Set<String> gone = new HashSet<>();

    int crashes;
    int copies;

    DeadLetterWorld(SplittableRandom random, String deadLetter, AfterRestart afterRestart) throws IOException {
        this.random = random;
        this.deadLetter = deadLetter;
        this.afterRestart = afterRestart;
        this.operators = new Operators(random);
        this.owners = new SteppedOwners(random, 2);
        apply(Command.newBuilder().setCreateTopic(topic("dead", "")));
        apply(Command.newBuilder().setCreateTopic(topic("other", "")));
        apply(Command.newBuilder().setCreateTopic(topic("work", deadLetter)));
        apply(Command.newBuilder().setCreateTopic(byHand()));
        apply(Command.newBuilder()
                .setCreateQueueGroup(CreateQueueGroup.newBuilder()
                        .setTopic("work")
                        .setName("group")
                        .setPolicy(QueuePolicy.newBuilder()
                                .setMaxFailures(1)
                                .setBackoff(1)
                                .setOnDead(1)
                                .setSessionGraceMs(1_000)
                                .setLeaseMs(30_000))));
        start();
    }

    private static CreateTopic.Builder topic(String name, String deadLetter) {
        return CreateTopic.newBuilder().setName(name).setPartitions(PARTITIONS).setPolicy(policy(deadLetter));
    }

    /** Where operators move records: it is full at some time, until it is made again. */
    private static CreateTopic.Builder byHand() {
        return topic("hand", "").setPolicy(policy("").setMaxRecords(25).setRejectsOverflow(true));
    }

    private static TopicPolicy.Builder policy(String deadLetter) {
        return TopicPolicy.newBuilder()
                .setRetentionMs(-1)
                .setRetentionBytes(-1)
                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE)
                .setDeadLetter(deadLetter);
    }

    private void apply(Command.Builder command) {
        owners.apply(command);
    }

    private void start() throws IOException {
        owners.start();
        for (PartitionInfo source : sources()) {
            Owned owned = owned(source);
            afterRestart.mangle(engine(owned), owned.partition.queues().ops());
        }
    }

    private List<PartitionInfo> sources() {
        return owners.image.topic("work").partitions();
    }

    private Owned owned(PartitionInfo info) throws StorageException {
        return owners.owned(info);
    }

    private QueueEngine engine(Owned owned) {
        QueueGroupInfo group = owners.image.topic("work").queueGroup("group");
        return owned.partition.queues().engine(group.id());
    }

    /** Anything that can happen. */
    void step() throws Exception {
        owners.nowMs += random.nextInt(60);
        try {
            any();
        } catch (StorageException e) {
            // Some partition is offline, and stays so.
            crash();
        }
        if (owners.disk.died()) {
            crash();
        }
    }

    private void any() throws Exception {
        switch (random.nextInt(40)) {
            case 0, 1, 2, 3, 4 -> produce();
            case 5, 6, 7, 8, 9, 10 -> die();
            case 11 -> crash();
            case 12 -> owners.disk.fullFor(file -> random.nextInt(3) > 0);
            case 13, 14, 15 -> owners.disk.heal();
            case 16 -> {
                if (random.nextInt(4) == 0) {
                    deleteAndMakeAgain(random.nextBoolean() ? "dead" : "hand");
                }
            }
            case 17 -> {
                if (deadLetter.isEmpty()) {
                    return;
                }
                String target = List.of("dead", "other", "").get(random.nextInt(3));
                apply(Command.newBuilder()
                        .setAlterTopic(AlterTopic.newBuilder()
                                .setName("work")
                                .setPartitions(PARTITIONS)
                                .setPolicy(policy(target))));
            }
            case 18 -> owners.disk.dieAfter(random.nextInt(40));
            case 19 -> {
                // Whatever is written to some partition takes it offline.
                String directory = "/" + (1 + random.nextInt(6)) + "/";
                owners.disk.failWrites(file -> file.toString().contains(directory));
            }
            case 20, 21, 22, 23, 24 -> moveByHand();
            default -> owners.turn();
        }
    }

    private void moveByHand() throws StorageException {
        PartitionInfo info = sources().get(random.nextInt(PARTITIONS));
        Shard shard = owners.owner(info);
        Owned owned = owned(info);
        String to = random.nextInt(3) == 0 ? "other" : "hand";
        operators.move(shard, owned, engine(owned), to, offset -> valueAt(owned, offset));
        shard.turn(owned);
    }

    private void produce() throws StorageException {
        produce(sources().get(random.nextInt(PARTITIONS)));
    }

    private void produce(PartitionInfo info) throws StorageException {
        Owned owned = owned(info);
        ByteBuffer target = ByteBuffer.allocate(4_096);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            byte[] key = random.nextBoolean() ? null : bytes("k" + random.nextInt(5));
            // Now and then one that is a record, and whose copy would be too large for one.
            String name = "r" + produced++ + (random.nextInt(12) == 0 ? " large" + " ".repeat(850) : "");
            builder.append(random.nextLong(1_000), key, bytes(name), List.of());
        }
        builder.finish(-1, (short) -1, -1);
        try {
            RecordBatch batch = new RecordBatch().wrap(target, 0);
            owned.partition.append(batch, batch.eventTimes(new EventTimes()), null);
        } catch (io.headwater.record.InvalidBatchException e) {
            throw new AssertionError(e);
        }
        owners.owner(info).appended(owned);
    }

    /** Some ready records are delivered and rejected in one turn. */
    private void die() throws StorageException {
        PartitionInfo info = sources().get(random.nextInt(PARTITIONS));
        Shard shard = owners.owner(info);
        Owned owned = owned(info);
        QueueEngine engine = engine(owned);
        if (random.nextInt(3) == 0) {
            long[] dead = engine.select(Set.of(RecordState.DEAD), 0, Long.MAX_VALUE, 1_000)
                    .offsets();
            engine.redrive(dead, owned.partition.queues().ops());
        }
        Receiver receiver = new Receiver(7).waitFor(1 + random.nextInt(5), 1 << 20, 30_000);
        engine.grant(
                List.of(receiver),
                offset -> 10,
                shard.now(),
                owned.partition.queues().ops());
        for (int i = 0; i < receiver.size(); i++) {
            Verb verb = random.nextInt(8) == 0 ? Verb.ACK : random.nextBoolean() ? Verb.REJECT : Verb.FAIL;
            if (verb == Verb.ACK) {
                // What is acknowledged has no copy, as little as what is deleted with one.
                gone.add(valueAt(owned, receiver.offset(i)));
            }
            assertEquals(
                    Settled.APPLIED,
                    engine.settle(
                            Settle.of(verb, receiver.offset(i), receiver.attempt(i)),
                            shard.now(),
                            owned.partition.queues().ops()));
        }
        shard.turn(owned);
    }

    /** Of one partition; it has a batch of them on its way when this returns. */
    QueueEngine bury(int count) throws StorageException {
        PartitionInfo info = sources().get(0);
        Shard shard = owners.owner(info);
        Owned owned = owned(info);
        while (owned.partition.log().endOffset() < count) {
            produce(info);
        }
        for (int i = 0; i < 4; i++) {
            tick();
        }
        QueueEngine engine = engine(owned);
        Receiver receiver = new Receiver(7).waitFor(count, 1 << 30, 30_000);
        engine.grant(
                List.of(receiver),
                offset -> 10,
                shard.now(),
                owned.partition.queues().ops());
        for (int i = 0; i < receiver.size(); i++) {
            engine.settle(
                    Settle.of(Verb.REJECT, receiver.offset(i), receiver.attempt(i)),
                    shard.now(),
                    owned.partition.queues().ops());
        }
        produce(info);
        shard.turn(owned);
        tick();
        return engine;
    }

    /** A turn of all, 50 ms later. */
    void tick() {
        owners.nowMs += 50;
        owners.round();
    }

    /** Of the first partition: false: the operator is told to come back. */
    boolean moveByHand(String to) throws StorageException {
        PartitionInfo info = sources().get(0);
        Shard shard = owners.owner(info);
        Owned owned = owned(info);
        boolean taken = operators.moveReady(shard, owned, engine(owned), to, offset -> valueAt(owned, offset));
        shard.turn(owned);
        return taken;
    }

    private String valueAt(Owned owned, long offset) throws StorageException {
        owned.partition.flush();
        return SteppedOwners.records(owned).get(offset);
    }

    private void deleteAndMakeAgain(String name) throws StorageException {
        TopicInfo topic = owners.image.topic(name);
        for (PartitionInfo info : topic.partitions()) {
            Owned owned = owned(info);
            owned.partition.flush();
            gone.addAll(SteppedOwners.records(owned).values());
        }
        apply(Command.newBuilder().setDeleteTopic(DeleteTopic.newBuilder().setName(name)));
        for (PartitionInfo info : topic.partitions()) {
            owners.owner(info).replicas().delete(info.partitionId());
        }
        if (random.nextBoolean()) {
            for (int i = 0; i < 20; i++) {
                owners.nowMs += random.nextInt(400);
                owners.turn();
            }
        }
        apply(Command.newBuilder().setCreateTopic(name.equals("hand") ? byHand() : topic(name, "")));
    }

    void crash() throws Exception {
        crashes++;
        owners.stop();
        if (owners.image.topic("dead") == null) {
            // It was being made again.
            apply(Command.newBuilder().setCreateTopic(topic("dead", "")));
        }
        if (owners.image.topic("hand") == null) {
            apply(Command.newBuilder().setCreateTopic(byHand()));
        }
        start();
        check();
    }

    /** Every copy is of a record that is not deliverable, and there is one; what is done and was not acknowledged has one. */
    void check() throws StorageException {
        Map<String, Integer> found = new HashMap<>();
        for (String name : List.of("dead", "other", "hand")) {
            for (PartitionInfo info : owners.image.topic(name).partitions()) {
                Owned owned = owned(info);
                owned.partition.flush();
                SteppedOwners.records(owned).values().forEach(value -> found.merge(value, 1, Integer::sum));
            }
        }
        copies = Math.max(copies, found.size());
        for (PartitionInfo info : sources()) {
            Owned owned = owned(info);
            QueueEngine engine = engine(owned);
            for (Map.Entry<Long, String> record : SteppedOwners.records(owned).entrySet()) {
                RecordState state = engine.stateOf(record.getKey());
                int there = found.getOrDefault(record.getValue(), 0);
                String what = record.getValue().trim() + " at " + info.displayName() + ":" + record.getKey() + " is "
                        + state + " and has " + there + " copies";
                assertTrue(there <= 1, what);
                assertTrue(there == 0 || state == RecordState.MOVING || state == RecordState.DONE, what);
                assertTrue(state != RecordState.DONE || there == 1 || gone.contains(record.getValue()), what);
                boolean confirmed = operators.confirmed.contains(record.getValue());
                assertTrue(
                        !confirmed || state == RecordState.DONE,
                        what + ", though an operator was told that it is moved");
            }
        }
    }

    /** All faults are over: every dead record arrives. */
    void drain() throws Exception {
        owners.disk.heal();
        apply(Command.newBuilder()
                .setAlterTopic(AlterTopic.newBuilder()
                        .setName("work")
                        .setPartitions(PARTITIONS)
                        .setPolicy(policy(deadLetter))));
        for (PartitionInfo info : sources()) {
            owners.owner(info).turn(owned(info));
        }
        boolean moving = true;
        for (int round = 0; moving && round < 3_000; round++) {
            tick();
            moving = false;
            for (PartitionInfo info : sources()) {
                moving |= engine(owned(info)).hasMoving();
            }
        }
        for (PartitionInfo info : sources()) {
            assertEquals(0, engine(owned(info)).counts().moving(), "records that never arrived");
        }
        check();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
