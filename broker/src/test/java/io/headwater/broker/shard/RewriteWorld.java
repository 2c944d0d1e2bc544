package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateQueueGroup;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.QueuePolicy;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.broker.net.KeptReplies;
import io.headwater.broker.partition.AppendOutcome;
import io.headwater.broker.queue.HowDone;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Settled;
import io.headwater.broker.queue.Verb;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.EraseRecordsReply;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A topic whose records go when two groups are done with them, some of which are erased or replayed meanwhile; the disk
 * fails, fills up or dies at any step of it.
 */
final class RewriteWorld {
    private static final List<String> GROUPS = List.of("plain", "keyed");
    private static final int KEYS = 6;

    /** What was stored, and what was asked about it. */
    private static final class Stored {
        final String value;
        final int key;
        boolean eraseAsked;
        boolean erased;

        Stored(String value, int key) {
            this.value = value;
            this.key = key;
        }
    }

    private static final class Erasure {
        final EraseRecords request;

        Erasure(EraseRecords request) {
            this.request = request;
        }

        boolean concerns(long offset, Stored record) {
            return request.hasKey()
                    ? request.getKey().equals(ByteString.copyFrom(key(record.key)))
                    : request.getOffset() == offset;
        }
    }

    /** Something that is certain when the log is durable up to there. */
    private static final class Promise {
        /** -1: it is not in the log yet, for want of room. */
        long index = -1;

        final Runnable kept;

        Promise(Runnable kept) {
            this.kept = kept;
        }
    }

    final SteppedOwners owners;
    private final SplittableRandom random;
    private final long graceMs;
    private final Map<Long, Stored> stored = new HashMap<>();
    private final Set<Long> confirmed = new HashSet<>();
    /** Of each group: whether it is done with a record, where that is certain. */
    private final Map<String, Map<Long, Boolean>> done = new HashMap<>();

    /** Of a group and record: what was last done with it. */
    private final Map<String, Object> last = new HashMap<>();

    private final List<Promise> promises = new ArrayList<>();
    private final List<Erasure> underway = new ArrayList<>();
    private final KeptReplies operator = new KeptReplies();
    private int produced;

    int crashes;
    int erasures;
    int replays;
    int removed;

    RewriteWorld(SplittableRandom random) throws IOException {
        this.random = random;
        this.owners = new SteppedOwners(random, 1);
        this.graceMs = random.nextBoolean() ? 0 : 400;
        owners.apply(Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName("work")
                        .setPartitions(1)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE)
                                .setUntilAcked(true)
                                .setAckedGraceMs(graceMs))));
        for (String group : GROUPS) {
            done.put(group, new HashMap<>());
            owners.apply(Command.newBuilder()
                    .setCreateQueueGroup(CreateQueueGroup.newBuilder()
                            .setTopic("work")
                            .setName(group)
                            .setPolicy(QueuePolicy.newBuilder()
                                    .setKeyed(group.equals("keyed"))
                                    .setBackoff(1)
                                    .setOnDead(1)
                                    .setSessionGraceMs(1_000)
                                    .setLeaseMs(30_000))));
        }
        owners.start();
    }

    private PartitionInfo info() {
        return owners.image.topic("work").partitions().get(0);
    }

    private Owned owned() throws StorageException {
        return owners.owned(info());
    }

    private QueueEngine engine(String group) throws StorageException {
        TopicInfo topic = owners.image.topic("work");
        return owned().partition.queues().engine(topic.queueGroup(group).id());
    }

    void step() throws Exception {
        owners.nowMs += random.nextInt(60);
        try {
            any();
            keepPromises();
        } catch (StorageException e) {
            crash();
        }
        if (owners.disk.died()) {
            crash();
        }
    }

    private void any() throws Exception {
        switch (random.nextInt(40)) {
            case 0, 1, 2, 3, 4, 5 -> produce();
            case 6, 7, 8, 9, 10, 11 -> acknowledge(GROUPS.get(random.nextInt(2)), 1 + random.nextInt(12));
            case 12, 13 -> replay(GROUPS.get(random.nextInt(2)));
            case 14 -> erase();
            case 15 -> crash();
            case 16 -> owners.disk.fullFor(file -> random.nextInt(3) > 0);
            case 17, 18 -> owners.disk.heal();
            case 19 -> owners.disk.dieAfter(random.nextInt(60));
            case 20, 21, 22 -> owners.owner(info()).housekeeping().retain(info(), policy(), owners.nowMs);
            case 23 -> check();
            default -> {
                for (int i = random.nextInt(8); i >= 0; i--) {
                    owners.turn();
                }
            }
        }
    }

    private io.headwater.broker.metadata.TopicPolicy policy() {
        return owners.image.topic("work").policy();
    }

    private void promise(Runnable kept) throws StorageException {
        promises.add(new Promise(kept));
        keepPromises();
    }

    /** What was decided is in the log unless the disk was full; what is in the log is certain when it is durable. */
    private void keepPromises() throws StorageException {
        Owned owned = owned();
        boolean logged = owned.partition.queues().ops().isEmpty();
        for (Promise promise : promises) {
            if (promise.index < 0 && logged) {
                promise.index = owned.partition.log().endIndex();
            }
        }
        promises.removeIf(promise -> {
            boolean certain = promise.index >= 0 && promise.index <= owned.partition.committedIndex();
            if (certain) {
                promise.kept.run();
            }
            return certain;
        });
    }

    private void produce() throws StorageException {
        Owned owned = owned();
        ByteBuffer target = ByteBuffer.allocate(16_384);
        RecordBatchBuilder builder =
                new RecordBatchBuilder(random.nextInt(4) == 0 ? Compression.GZIP : Compression.NONE).reset(target);
        List<Stored> records = new ArrayList<>();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            Stored record = new Stored("r" + produced++ + "-" + "x".repeat(random.nextInt(600)), random.nextInt(KEYS));
            records.add(record);
            builder.append(
                    random.nextLong(1_000), key(record.key), record.value.getBytes(StandardCharsets.UTF_8), List.of());
        }
        builder.finish(-1, (short) -1, -1);
        long first;
        try {
            RecordBatch batch = new RecordBatch().wrap(target, 0);
            AppendOutcome outcome = owned.partition.append(batch, batch.eventTimes(new EventTimes()), null);
            if (outcome.error() != null) {
                return;
            }
            first = outcome.baseOffset();
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
        for (int i = 0; i < records.size(); i++) {
            // What an earlier life of the broker had there and was never confirmed is gone.
            Stored record = records.get(i);
            long offset = first + i;
            stored.put(offset, record);
            // An erasure takes what comes until it begins.
            record.eraseAsked = underway.stream().anyMatch(erasure -> erasure.concerns(offset, record));
            for (String group : GROUPS) {
                done.get(group).remove(first + i);
            }
        }
        owners.owner(info()).appended(owned);
        promise(() -> {
            for (int i = 0; i < records.size(); i++) {
                confirmed.add(first + i);
            }
        });
    }

    private static byte[] key(int key) {
        return ("k" + key).getBytes(StandardCharsets.UTF_8);
    }

    private void acknowledge(String group, int most) throws StorageException {
        Owned owned = owned();
        Shard owner = owners.owner(info());
        QueueEngine engine = engine(group);
        Receiver receiver = new Receiver(7).waitFor(most, 1 << 20, 30_000);
        engine.grant(
                List.of(receiver),
                offset -> 10,
                owner.now(),
                owned.partition.queues().ops());
        List<Long> acknowledged = new ArrayList<>();
        for (int i = 0; i < receiver.size(); i++) {
            boolean ack = random.nextInt(6) > 0;
            Settle settle = Settle.of(ack ? Verb.ACK : Verb.RELEASE, receiver.offset(i), receiver.attempt(i));
            assertEquals(
                    Settled.APPLIED,
                    engine.settle(settle, owner.now(), owned.partition.queues().ops()));
            if (ack) {
                acknowledged.add(receiver.offset(i));
            }
        }
        owner.turn(owned);
        becomes(group, acknowledged, true);
    }

    /** It is not known until it is durable. */
    private void becomes(String group, List<Long> offsets, boolean isDone) throws StorageException {
        Map<Long, Boolean> known = done.get(group);
        Map<Long, Object> marks = new HashMap<>();
        for (long offset : offsets) {
            known.remove(offset);
            Object mark = new Object();
            marks.put(offset, mark);
            last.put(group + offset, mark);
        }
        promise(() -> {
            for (long offset : offsets) {
                if (last.get(group + offset) == marks.get(offset)) {
                    known.put(offset, isDone);
                }
            }
        });
    }

    private void replay(String group) throws StorageException {
        Owned owned = owned();
        QueueEngine engine = engine(group);
        long start = owned.partition.startOffset();
        long end = engine.end();
        if (start == end) {
            return;
        }
        long from = random.nextLong(start, end);
        long until = Math.min(end, from + 1 + random.nextInt(20));
        List<Long> before = new ArrayList<>();
        for (long offset = from; offset < until; offset++) {
            if (engine.stateOf(offset) == RecordState.DONE && engine.howDone(offset) == HowDone.ACKNOWLEDGED) {
                before.add(offset);
            }
        }
        QueueOperate request = QueueOperate.newBuilder()
                .setPartitionId(info().partitionId())
                .setGroupId(owners.image.topic("work").queueGroup(group).id())
                .setOperation(QueueOperation.QUEUE_REPLAY)
                .setFromOffset(from)
                .setUntilOffset(until)
                .build();
        Shard owner = owners.owner(info());
        QueueTasks.operate(operator, operator.expect(reply -> {}), request).run(owner);
        owner.turn(owned);
        before.removeIf(offset -> engine.stateOf(offset) == RecordState.DONE);
        replays += before.size();
        becomes(group, before, false);
    }

    private void erase() throws StorageException {
        Owned owned = owned();
        long start = owned.partition.startOffset();
        long end = owned.partition.log().endOffset();
        if (start == end) {
            return;
        }
        EraseRecords.Builder request = EraseRecords.newBuilder().setPartitionId(info().partitionId());
        if (random.nextBoolean()) {
            request.setOffset(random.nextLong(start, end));
        } else {
            request.setKey(ByteString.copyFrom(key(random.nextInt(KEYS))));
        }
        Erasure erasure = new Erasure(request.build());
        stored.forEach((offset, record) -> record.eraseAsked |= erasure.concerns(offset, record));
        underway.add(erasure);
        int id = operator.expect(message -> {
            underway.remove(erasure);
            if (message instanceof EraseRecordsReply reply) {
                erasures++;
                stored.forEach((offset, record) ->
                        record.erased |= erasure.concerns(offset, record) && offset < reply.getUntilOffset());
            }
        });
        new EraseTask(operator, id, erasure.request).run(owners.owner(info()));
    }

    void crash() throws Exception {
        crashes++;
        owners.stop();
        promises.clear();
        operator.forget();
        underway.clear();
        last.clear();
        owners.start();
        stored.keySet().removeIf(offset -> {
            try {
                return !confirmed.contains(offset)
                        && offset >= owned().partition.log().endOffset();
            } catch (StorageException e) {
                throw new AssertionError(e);
            }
        });
        check();
    }

    /** What some group needs is there as it was, what was erased is not, and what was promised to a group holds. */
    void check() throws StorageException {
        Owned owned = owned();
        owned.partition.flush();
        Map<Long, String> found = SteppedOwners.records(owned);
        found.forEach((offset, value) -> {
            Stored record = stored.get(offset);
            assertTrue(record != null, "a record at " + offset + " that nobody stored");
            assertEquals(record.value, value, "the record at " + offset);
            assertTrue(!record.erased, "the record at " + offset + " was erased, and is there");
        });
        for (long offset : confirmed) {
            Stored record = stored.get(offset);
            for (String group : GROUPS) {
                RecordState state = engine(group).stateOf(offset);
                Boolean expected = done.get(group).get(offset);
                String what = group + ": the record at " + offset + " is " + state;
                if (!record.eraseAsked) {
                    assertTrue(state == RecordState.DONE || found.containsKey(offset), what + ", and not there");
                    assertTrue(
                            expected == null || expected == (state == RecordState.DONE),
                            what + " (done: " + expected + ")");
                }
            }
        }
    }

    /** All faults are over: what is acknowledged by both goes, to the last segment. */
    void drain() throws Exception {
        owners.disk.heal();
        boolean left = true;
        for (int round = 0; left && round < 400; round++) {
            owners.nowMs += 1 + graceMs / 4;
            for (String group : GROUPS) {
                acknowledge(group, 1_000);
            }
            owners.owner(info()).housekeeping().retain(info(), policy(), owners.nowMs);
            for (int i = 0; i < 6; i++) {
                owners.round();
            }
            keepPromises();
            left = owned().partition.log().stats().segments() > 1;
        }
        check();
        removed += confirmed.size() - SteppedOwners.records(owned()).size();
        assertEquals(1, owned().partition.log().stats().segments(), "segments of which nothing is needed");
    }
}
