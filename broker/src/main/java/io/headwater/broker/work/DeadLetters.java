package io.headwater.broker.work;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.InternalProducer;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.queue.Kept;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.Shipment;
import io.headwater.protocol.wire.Error;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Compression;
import io.headwater.record.KeyHash;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Moves the dead records of a partition's groups to the dead-letter topic, a batch at a time for each group: the batch is
 * in this log before it is sent, and its records are done here when it is durable there. The copies are made anew for
 * each attempt: what was erased meanwhile does not go.
 */
final class DeadLetters {
    private static final int MOST_RECORDS = 1_000;
    private static final int MOST_BYTES = 1 << 20;
    /** Of one turn: those for other partitions of the topic are passed over. */
    private static final int MOST_LOOKED = 4_000;

    private static final long FIRST_RETRY_MS = 100;
    private static final long LONGEST_RETRY_MS = 10_000;

    private final QueueDesk desk;
    private final Partition partition;
    private final LetterBox box;
    private final Int2ObjectHashMap<Move> moves = new Int2ObjectHashMap<>();
    private boolean more;

    /** How far a group has come. */
    private static final class Move {
        /** Its batch is on its way to the disk, to the other partition, or back. */
        boolean underway;

        boolean refused;
        int most = MOST_RECORDS;
        long retryAtMs;
        long retryInMs = FIRST_RETRY_MS;
        String problem = "";
        long problemSinceMs;

        void failed(String why, Now now) {
            if (problem.isEmpty()) {
                problemSinceMs = now.wallMs();
            }
            problem = why;
            retryAtMs = now.monotonicMs() + retryInMs;
            retryInMs = Math.min(LONGEST_RETRY_MS, 2 * retryInMs);
        }

        void succeeded() {
            refused = false;
            problem = "";
            retryAtMs = 0;
            retryInMs = FIRST_RETRY_MS;
        }
    }

    /**
     * Why a group's dead records are not moved.
     *
     * @param sinceMs epoch ms
     */
    record Trouble(String problem, long sinceMs) {}

    DeadLetters(QueueDesk desk, LetterBox box) {
        this.desk = desk;
        this.partition = desk.partition();
        this.box = box;
    }

    /** Null: they are on their way, or there are none. */
    @Nullable
    Trouble trouble(int groupId) {
        Move move = moves.get(groupId);
        return move == null || move.problem.isEmpty() ? null : new Trouble(move.problem, move.problemSinceMs);
    }

    void forget(int groupId) {
        moves.remove(groupId);
    }

    /** In how many milliseconds something is to be tried again; the largest long: nothing is. */
    long nextInMs(Now now) {
        long next = Long.MAX_VALUE;
        for (Move move : moves.values()) {
            if (!move.underway && move.retryAtMs > 0) {
                next = Math.min(next, Math.max(1, move.retryAtMs - now.monotonicMs()));
            }
        }
        return next;
    }

    /** Whether there is more to decide than a turn took. */
    boolean hasMore() {
        boolean had = more;
        more = false;
        return had;
    }

    /** In a turn: decides what goes next. What is decided leaves as the returned departure; null: nothing. */
    @Nullable
    Departure step(QueueEngine engine, Now now) throws StorageException {
        if (!engine.hasMoving()) {
            moves.remove(engine.groupId());
            return null;
        }
        Move move = moves.computeIfAbsent(engine.groupId(), id -> new Move());
        if (move.underway || now.monotonicMs() < move.retryAtMs) {
            return null;
        }
        QueueOps ops = partition.queues().ops();
        Shipment shipment = engine.shipment();
        if (shipment != null && (move.refused || box.metadata().partition(shipment.partitionId()) == null)) {
            // Nothing of it is in any topic that there is.
            engine.recall(ops);
            move.refused = false;
            shipment = null;
        }
        if (shipment == null) {
            choose(engine, move, now, ops);
            shipment = engine.shipment();
        }
        if (shipment == null) {
            more |= engine.hasMoving() && move.problem.isEmpty();
            return null;
        }
        move.underway = true;
        return new Send(engine.groupId(), shipment.number(), now);
    }

    private void choose(QueueEngine engine, Move move, Now now, QueueOps ops) throws StorageException {
        TopicInfo from = box.metadata().topic(partition.info().topicName());
        if (from == null) {
            return;
        }
        String name = from.policy().work().deadLetter();
        TopicInfo to = box.metadata().topic(name);
        if (name.isEmpty()) {
            for (long offset : engine.moving(MOST_LOOKED)) {
                engine.keep(offset, Kept.NO_TOPIC, ops);
            }
            move.succeeded();
            return;
        }
        if (to == null) {
            move.failed("the dead-letter topic " + name + " does not exist", now);
            return;
        }
        // What this turn has appended can be read only when it is written.
        partition.flush();
        Choice choice = new Choice(engine, to, move.most, ops);
        long[] candidates = engine.moving(MOST_LOOKED);
        read(candidates, choice, groupName(engine));
        if (!choice.offsets.isEmpty()) {
            engine.send(choice.partitionId, choice.offsets.toLongArray(), ops);
        }
    }

    private String groupName(QueueEngine engine) {
        TopicInfo topic = box.metadata().topic(partition.info().topicName());
        QueueGroupInfo group = topic == null ? null : topic.queueGroup(engine.groupId());
        return group == null ? "" : group.name();
    }

    /** What is done with records that are read for their copies. */
    private interface Reader {
        /** False: that is enough. The record is lent. */
        boolean read(long offset, RecordCursor record, List<RecordHeader> headers);

        /** It is not there any more, or cannot be read. */
        void missing(long offset, Kept why);

        QueueEngine engine();
    }

    private void read(long[] offsets, Reader reader, String group) throws StorageException {
        for (long offset : offsets) {
            RecordShelf.Shelved entry = desk.shelf().holding(offset);
            BatchSlicer records = entry == null ? null : entry.records();
            if (entry == null || records == null) {
                reader.missing(offset, entry == null ? Kept.NOT : Kept.UNREADABLE);
                continue;
            }
            int index = records.indexFrom(offset);
            if (index == records.recordCount() || records.offset(index) != offset) {
                reader.missing(offset, Kept.NOT);
                continue;
            }
            RecordCursor record = records.record(index);
            List<RecordHeader> headers = LetterHeaders.of(
                    record,
                    partition.info(),
                    group,
                    entry.ingestionTimeMs(),
                    reader.engine().death(offset));
            if (!reader.read(offset, record, headers)) {
                return;
            }
        }
    }

    /** Picks what goes in one batch: as many of the first as go to the same partition. */
    private final class Choice implements Reader {
        private final QueueEngine engine;
        private final TopicInfo to;
        private final int most;
        private final QueueOps ops;
        final LongArrayList offsets = new LongArrayList();
        long partitionId;
        private long bytes;

        Choice(QueueEngine engine, TopicInfo to, int most, QueueOps ops) {
            this.engine = engine;
            this.to = to;
            this.most = most;
            this.ops = ops;
        }

        @Override
        public QueueEngine engine() {
            return engine;
        }

        @Override
        public boolean read(long offset, RecordCursor record, List<RecordHeader> headers) {
            byte[] key = record.key();
            int size = RecordBatchBuilder.sizeUpperBound(key, record.value(), headers);
            if (size > box.maxRecordBytes()) {
                engine.keep(offset, Kept.TOO_LARGE, ops);
                return true;
            }
            int count = to.partitions().size();
            int index = key == null ? partition.info().index() % count : KeyHash.partitionFor(key, count);
            PartitionInfo target = to.partitions().get(index);
            if (!offsets.isEmpty() && target.partitionId() != partitionId) {
                return true;
            }
            if (!offsets.isEmpty() && bytes + size > Math.min(MOST_BYTES, box.maxRecordBytes())) {
                return false;
            }
            partitionId = target.partitionId();
            offsets.addLong(offset);
            bytes += size;
            return offsets.size() < most;
        }

        @Override
        public void missing(long offset, Kept why) {
            if (why == Kept.NOT) {
                engine.skip(offset, offset + 1, ops);
            } else {
                engine.keep(offset, why, ops);
            }
        }
    }

    /** How large the copies are together, at most. */
    private static final class Measure implements Reader {
        /** What a record may take more when a later one is earlier. */
        private static final int TIME_BYTES = 12;

        private final QueueEngine engine;
        long bytes;

        Measure(QueueEngine engine) {
            this.engine = engine;
        }

        @Override
        public QueueEngine engine() {
            return engine;
        }

        @Override
        public boolean read(long offset, RecordCursor record, List<RecordHeader> headers) {
            bytes += RecordBatchBuilder.sizeUpperBound(record.key(), record.value(), headers) + TIME_BYTES;
            return true;
        }

        @Override
        public void missing(long offset, Kept why) {
            // As below.
        }
    }

    /** Writes the copies. */
    private static final class Copier implements Reader {
        private final QueueEngine engine;
        private final RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        private final ByteBuffer target;

        Copier(QueueEngine engine, int bytes) {
            this.engine = engine;
            this.target = ByteBuffer.allocate(bytes);
            builder.reset(target);
        }

        @Override
        public QueueEngine engine() {
            return engine;
        }

        @Override
        public boolean read(long offset, RecordCursor record, List<RecordHeader> headers) {
            if (!builder.append(record.eventTimeMs(), record.key(), record.value(), headers)) {
                throw new IllegalStateException("dead letters: no room for the copy of " + offset);
            }
            return true;
        }

        @Override
        public void missing(long offset, Kept why) {
            // It was erased since the batch was put together.
        }
    }

    /** A batch whose decision is durable: it goes. */
    private final class Send implements Departure {
        private final int groupId;
        private final long number;
        private final Now decidedAt;

        Send(int groupId, long number, Now decidedAt) {
            this.groupId = groupId;
            this.number = number;
            this.decidedAt = decidedAt;
        }

        @Override
        public @Nullable Connection connection() {
            return null;
        }

        @Override
        public void leave() {
            QueueEngine engine = partition.queues().engine(groupId);
            Shipment shipment = engine == null ? null : engine.shipment();
            if (engine == null || shipment == null || shipment.number() != number) {
                // The group was deleted.
                return;
            }
            Move move = moves.computeIfAbsent(groupId, id -> new Move());
            try {
                ByteBuffer batch = copies(engine, shipment);
                if (batch == null) {
                    engine.arrived(partition.queues().ops());
                    move.underway = false;
                    return;
                }
                box.send(shipment.partitionId(), batch, this::answered);
            } catch (StorageException e) {
                move.underway = false;
                move.failed(String.valueOf(e.getMessage()), decidedAt);
            }
        }

        private void answered(LetterBox.Delivery delivery, Now now) {
            QueueEngine engine = partition.queues().engine(groupId);
            Shipment shipment = engine == null ? null : engine.shipment();
            if (engine == null || shipment == null || shipment.number() != number) {
                return;
            }
            Move move = moves.computeIfAbsent(groupId, id -> new Move());
            move.underway = false;
            switch (delivery.fate()) {
                case ARRIVED -> {
                    engine.arrived(partition.queues().ops());
                    move.succeeded();
                    move.most = Math.min(MOST_RECORDS, 2 * move.most);
                }
                case REFUSED -> {
                    move.refused = true;
                    // A topic that is nearly full may have room for fewer.
                    move.most = Math.max(1, shipment.size() / 2);
                    move.failed(delivery.problem(), now);
                }
                case UNKNOWN -> move.failed(delivery.problem(), now);
            }
        }

        @Override
        public void failed(Error error) {
            // This partition is offline: the batch goes again when it is back.
        }
    }

    /** Null: all of them were erased. */
    private @Nullable ByteBuffer copies(QueueEngine engine, Shipment shipment) throws StorageException {
        String group = groupName(engine);
        long[] offsets = shipment.offsets();
        Measure measure = new Measure(engine);
        read(offsets, measure, group);
        if (measure.bytes == 0) {
            return null;
        }
        Copier copier = new Copier(engine, Math.toIntExact(measure.bytes));
        read(offsets, copier, group);
        long producerId = InternalProducer.idOf(partition.info().partitionId(), engine.groupId());
        int size = copier.builder.finish(
                producerId,
                InternalProducer.epochOf(shipment.number()),
                InternalProducer.sequenceOf(shipment.number()));
        return copier.target.limit(size);
    }
}
