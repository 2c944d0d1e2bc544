package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.partition.Partitions.PositionsSnapshot;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.Error;
import io.headwater.record.Compression;
import io.headwater.record.EntryKind;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.EpochClock;
import org.jspecify.annotations.Nullable;

/**
 * A log that this broker leads, with a committed offset, the producers' windows and the groups' positions. What is derived is rebuilt
 * from the log when the partition is opened, and written into it as a CHECKPOINT whenever a segment begins. On its
 * owner's thread only.
 */
public final class Partition {
    private static final short NO_PRODUCER = -1;

    private final PartitionInfo info;
    private final PartitionLog log;
    private final Commitment commitment;
    private final EpochClock clock;
    private final ProducerTable producers = new ProducerTable();
    private final PositionTable positions = new PositionTable();
    private final RateMeter rates = new RateMeter();
    private final DelayHistogram delays = new DelayHistogram();
    private final AppendOutcome outcome = new AppendOutcome();
    private final List<PendingGroupOp> pendingOps = new ArrayList<>();
    private final PartitionQueues queues;
    private final Room room;
    private final Upkeep upkeep;
    private TopicPolicy.Work work = TopicPolicy.Work.NONE;
    private final Deduplication deduplication;
    private boolean dirty;
    /** What was announced and then not appended is withdrawn, and that is perhaps not in the log yet. */
    private boolean withdrawn;

    private final CommitPoints underWay = new CommitPoints();
    private long committedOffset;
    private long committedIndex;

    private Partition(
            PartitionInfo info, PartitionLog log, Commitment commitment, EpochClock clock, HeapBudget queueMemory) {
        this.info = info;
        this.log = log;
        this.commitment = commitment;
        this.clock = clock;
        this.queues = new PartitionQueues(queueMemory, clock.time() ^ info.partitionId() << 48);
        this.room = new Room(info, log, queues);
        this.deduplication = new Deduplication(info, queueMemory);
        this.upkeep = new Upkeep(info, log, queues);
    }

    /**
     * Opens a partition that this broker leads, and rebuilds what it derives from its log.
     *
     * @param log all records in it are committed
     * @param groups the topic's queue groups
     * @param queueMemory what these and all others may take
     */
    public static Partition open(
            PartitionInfo info,
            PartitionLog log,
            Commitment commitment,
            EpochClock clock,
            List<QueueGroupInfo> groups,
            HeapBudget queueMemory,
            Now now)
            throws StorageException {
        Partition partition = new Partition(info, log, commitment, clock, queueMemory);
        partition.queues.begin(groups, log.startOffset());
        Replay replay = new Replay(partition.producers, partition.positions, new ReplayedQueues(partition.queues));
        try {
            log.replay(replay::entry);
        } catch (RuntimeException e) {
            // Of a later version, or one that was wrong: this partition alone stops.
            throw new LogOfflineException(
                    "partition " + info.partitionId() + " cannot be replayed: " + e.getMessage(), e);
        }
        partition.queues.open(log.endOffset(), now);
        partition.positions.allDurable();
        partition.committedOffset = log.endOffset();
        partition.committedIndex = commitment.index();
        log.checkpointSource(partition::checkpoint);
        return partition;
    }

    private ByteBuffer checkpoint() {
        queues.forget(log.startOffset());
        return CheckpointCodec.encode(producers, positions, queues.engines());
    }

    public PartitionInfo info() {
        return info;
    }

    public PartitionLog log() {
        return log;
    }

    /** What its topic's queue groups mean for its records, from now on. */
    public void work(TopicPolicy.Work now) {
        work = now;
        deduplication.policy(now.dedup());
        queues.countBytes(now.limits().maxBytes() != TopicPolicy.NO_LIMIT);
    }

    /** It is not served any more: gives back its heap of {@code queues.memory}. */
    public void close() {
        queues.close();
        deduplication.close();
    }

    /** The message ids of its topic's deduplication window. */
    public Deduplication deduplication() {
        return deduplication;
    }

    /**
     * Reads some of them from the log, where {@link Deduplication#wantsToRead}.
     *
     * @param most bytes; one larger entry is read all the same
     * @return how many were read
     */
    public int readIds(ReadBuffer buffer, int most) throws StorageException {
        // What this turn has appended can be read only when it is written.
        flush();
        return deduplication.readSome(log, ingestionTimeMs(clock.time()), buffer, most);
    }

    /** As its owner said last. */
    public TopicPolicy.Work work() {
        return work;
    }

    /** Its retention and rewriting. */
    public Upkeep upkeep() {
        return upkeep;
    }

    /** As {@link Upkeep#prepareToErase}; the owner flushes. */
    public void prepareToErase() throws StorageException, RequestFailedException {
        upkeep.prepareToErase(clock.time());
        dirty = true;
    }

    /** Its queue and keyed groups. */
    public PartitionQueues queues() {
        return queues;
    }

    public long startOffset() {
        return log.startOffset();
    }

    /** One past the last record that readers may see. */
    public long committedOffset() {
        return committedOffset;
    }

    /** All entries below are durable, and what they lead to may be shown. */
    public long committedIndex() {
        return committedIndex;
    }

    /** Looks how far the log is committed; true: further than before. */
    public boolean advanceCommitted() {
        long index = commitment.index();
        boolean moved = index > committedIndex;
        if (moved) {
            committedIndex = index;
            committedOffset = underWay.takeUpTo(index, committedOffset);
        }
        return moved;
    }

    /** Whether something was appended that {@link #flush} has not written yet. */
    public boolean isDirty() {
        return dirty || !pendingOps.isEmpty();
    }

    /** Whether everything that was appended is committed. */
    public boolean isSettled() {
        return !isDirty() && committedIndex >= log.endIndex();
    }

    /**
     * Appends a checked batch, or recognises it. The batch's buffer is borrowed until {@link #flush}.
     *
     * @param wishes what its producer asks for its records; null: nothing
     * @return reused by the next append
     */
    public AppendOutcome append(RecordBatch batch, EventTimes times, @Nullable Wishes wishes) {
        long producerId = batch.producerId();
        if (producerId != NO_PRODUCER) {
            Error refusal = judge(batch);
            if (refusal != null) {
                return outcome.failed(refusal);
            }
            if (outcome.isDuplicate()) {
                return outcome;
            }
        }
        if (!queues.isEmpty() && batch.compression() != Compression.NONE && !queues.canRead(batch)) {
            return outcome.failed(PartitionErrors.unreadable(info));
        }
        // What was moved here is never a duplicate by its id: it would be nowhere then.
        boolean once = deduplication.isOn() && !InternalProducer.isInternal(producerId);
        return once ? appendOnce(batch, times, wishes) : appendAll(batch, times, wishes);
    }

    /** Without the records that are there already. */
    private AppendOutcome appendOnce(RecordBatch batch, EventTimes times, @Nullable Wishes wishes) {
        Deduplication by = deduplication;
        try {
            if (!by.hasIds(batch)) {
                return appendAll(batch, times, wishes);
            }
            Error notNow = by.prepare(batch, log.maxBatchBytes(), ingestionTimeMs(clock.time()));
            if (notNow != null) {
                return outcome.failed(notNow);
            }
        } catch (InvalidBatchException e) {
            return outcome.failed(PartitionErrors.unreadable(info));
        }
        RecordBatch left = by.left();
        if (appendAll(left, times, left.recordCount() == 0 ? null : wishes).error() != null) {
            return outcome;
        }
        by.appended(outcome.baseOffset(), outcome.ingestionTimeMs());
        return left.recordCount() == 0
                ? outcome.duplicate(by.original(), outcome.ingestionTimeMs(), outcome.durableAtIndex())
                : outcome;
    }

    private AppendOutcome appendAll(RecordBatch batch, EventTimes times, @Nullable Wishes wishes) {
        Error full = room.judge(batch, wishes, work.limits());
        if (full != null) {
            return outcome.failed(full);
        }
        boolean queued = !queues.isEmpty();
        boolean announced = false;
        try {
            long nowMs = clock.time();
            beforeAppend();
            if (withdrawn) {
                appendQueueOps();
                withdrawn = false;
            }
            if (queued && wishes != null) {
                queues.announce(wishes, log.endOffset());
                announced = true;
                appendQueueOps();
            }
            long ingestionMs = ingestionTimeMs(nowMs);
            long offset = log.appendData(batch, times, commitment.epoch(), ingestionMs);
            underWay.add(log.endIndex(), log.endOffset());
            dirty = true;
            if (batch.producerId() != NO_PRODUCER) {
                producers.noted(
                        batch.producerId(),
                        batch.producerEpoch(),
                        batch.baseSequence(),
                        batch.lastOffsetDelta() + 1,
                        offset,
                        ingestionMs);
            }
            if (queued) {
                queues.appended(batch, offset);
            }
            measure(batch, times, ingestionMs);
            return outcome.appended(offset, ingestionMs, log.endIndex());
        } catch (DiskFullException | LogOfflineException e) {
            if (announced) {
                // In the log before others get these offsets: with the next operations, or the next append.
                queues.withdraw(log.endOffset());
                withdrawn = true;
            }
            return outcome.failed(PartitionErrors.of(info, e));
        }
    }

    /** Null: append it, unless the outcome says that it is a duplicate. */
    private @Nullable Error judge(RecordBatch batch) {
        long producerId = batch.producerId();
        int sequence = batch.baseSequence();
        outcome.appended(-1, -1, -1);
        return switch (producers.judge(producerId, batch.producerEpoch(), sequence, batch.recordCount())) {
            case APPEND -> null;
            case DUPLICATE -> {
                outcome.duplicate(
                        producers.duplicateOffset(producerId), producers.duplicateTimeMs(producerId), log.endIndex());
                yield null;
            }
            case OUT_OF_ORDER -> PartitionErrors.outOfOrder(info, sequence);
            case UNKNOWN -> PartitionErrors.unknownProducer(info, producerId, sequence);
            case FENCED -> PartitionErrors.fenced(info, producerId);
        };
    }

    private void beforeAppend() throws DiskFullException, LogOfflineException {
        long end = log.endIndex();
        commitment.beforeAppend();
        if (log.endIndex() > end) {
            dirty = true;
        }
    }

    /** The same rule as the log's own, so that the answer can name the time: it never goes back. */
    private long ingestionTimeMs(long nowMs) {
        return Math.max(nowMs, log.lastIngestionTimeMs());
    }

    private void measure(RecordBatch batch, EventTimes times, long ingestionMs) {
        int records = batch.recordCount();
        rates.record(ingestionMs, records, batch.sizeInBytes());
        // Per batch, not per record: half of them as old as the oldest, half as the youngest.
        delays.record(ingestionMs - times.maxMs, records - records / 2);
        delays.record(ingestionMs - times.minMs, records / 2);
    }

    /** Sets a group's position; a commit behind the present one changes nothing. Appended by {@link #flush}. */
    public PendingGroupOp commit(int groupId, CommitPosition position, long nowMs) {
        PendingGroupOp pending = enqueue(GroupOp.Kind.COMMIT, groupId, position.getOffset(), nowMs);
        if (pending.error() == null && position.getProcessingEndMs() > 0) {
            positions
                    .placeOf(groupId)
                    .processing
                    .record(position.getProcessingEndMs() - position.getProcessingStartMs(), 1);
        }
        return pending;
    }

    /** Sets a group's position, also back. Appended by {@link #flush}. */
    public PendingGroupOp seek(int groupId, CommitPosition position, long nowMs) {
        return enqueue(GroupOp.Kind.SEEK, groupId, position.getOffset(), nowMs);
    }

    /** Removes a group's position. Appended by {@link #flush}. */
    public PendingGroupOp forget(int groupId) {
        return enqueue(GroupOp.Kind.FORGET, groupId, 0, clock.time());
    }

    /** The group's durable position; -1: none. */
    public long position(int groupId) {
        return positions.durableOffset(groupId);
    }

    /** All groups' durable positions, with the index up to which they reflect the log. */
    public PositionsSnapshot positionsSnapshot() {
        List<PositionsSnapshot.Committed> all = new ArrayList<>(positions.size());
        for (PositionTable.Place place : positions.all()) {
            if (place.durableOffset >= 0) {
                all.add(new PositionsSnapshot.Committed(place.groupId, place.durableOffset, place.durableMs));
            }
        }
        return new PositionsSnapshot(committedIndex, all);
    }

    private PendingGroupOp enqueue(GroupOp.Kind kind, int groupId, long offset, long nowMs) {
        PendingGroupOp pending = new PendingGroupOp(positions, new GroupOp(kind, groupId, offset, nowMs));
        if (offset < 0 || offset > committedOffset) {
            return pending.refused(Errors.outOfRange(
                    "partition " + info.displayName() + ": position " + offset + " (expected: at most the end, "
                            + committedOffset + ")",
                    log.startOffset(),
                    committedOffset));
        }
        pendingOps.add(pending);
        return pending;
    }

    /**
     * Writes what was appended since the last flush and hands it to the group commit.
     *
     * @throws LogOfflineException if that failed: the fate of what was appended is unknown
     */
    public void flush() throws LogOfflineException {
        appendPendingOps();
        if (dirty) {
            log.flush();
            dirty = false;
        }
    }

    private void appendPendingOps() {
        if (pendingOps.isEmpty()) {
            return;
        }
        List<GroupOp> ops = new ArrayList<>(pendingOps.size());
        for (PendingGroupOp pending : pendingOps) {
            ops.add(pending.op());
        }
        try {
            long nowMs = clock.time();
            beforeAppend();
            log.appendControl(EntryKind.GROUP_OPS, GroupOp.encode(ops), commitment.epoch(), nowMs);
            dirty = true;
            for (PendingGroupOp pending : pendingOps) {
                pending.appended(positions.apply(pending.op()), log.endIndex());
            }
        } catch (DiskFullException | LogOfflineException e) {
            Error error = PartitionErrors.of(info, e);
            for (PendingGroupOp pending : pendingOps) {
                pending.refused(error);
            }
        }
        pendingOps.clear();
    }

    /**
     * Appends what the queue groups have decided since the last time. To be called after everything that this turn
     * appends, and before {@link #flush}.
     *
     * @return false: nothing was decided
     * @throws DiskFullException if there is no room; the decisions stay, and the same call may succeed later
     */
    public boolean appendQueueOps() throws DiskFullException, LogOfflineException {
        if (queues.ops().isEmpty()) {
            return false;
        }
        long nowMs = clock.time();
        beforeAppend();
        // The log borrows it until the flush, and the groups may decide more before that.
        ByteBuffer payload = queues.ops().payload();
        ByteBuffer copy = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
        log.appendControl(EntryKind.QUEUE_OPS, copy, commitment.epoch(), nowMs);
        queues.ops().clear();
        dirty = true;
        return true;
    }

    RateMeter rates() {
        return rates;
    }

    DelayHistogram delays() {
        return delays;
    }

    PositionTable positions() {
        return positions;
    }

    ProducerTable producers() {
        return producers;
    }
}
