package io.headwater.broker.partition;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.KeyHash;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import org.agrona.collections.Int2IntHashMap;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The queue and keyed groups of a partition: an engine for each, rebuilt from the log, and the operations that they have
 * decided on since the last {@link Partition#appendQueueOps}.
 *
 * <p>A record is told to the engines when it is appended, before it is durable: what is decided about it follows it in
 * the log, so that nothing about it becomes durable before it does.
 */
public final class PartitionQueues {
    private final QueueOps ops = new QueueOps();
    private final Int2ObjectHashMap<QueueEngine> engines = new Int2ObjectHashMap<>();
    private RecordCursor cursor = new RecordCursor();
    private final HeapBudget budget;
    private final SplittableRandom random;
    /** By group: how many records the batch has for which there was no room when it was told; the next is told after it. */
    private final Int2IntHashMap refused = new Int2IntHashMap(0);

    private long tellingFrom;
    private List<QueueGroupInfo> groups = List.of();
    private long bytesPerRecord = 1024;
    private int changes;
    /** Null: nobody asks how many bytes there are. */
    private @Nullable BatchBytes batchBytes;

    private boolean countsBytes;
    /** The next batch that is told is the next that was not counted. */
    private boolean countsOn;

    PartitionQueues(HeapBudget budget) {
        this(budget, 0);
    }

    /** @param seed of the chance that spreads what is delivered again */
    PartitionQueues(HeapBudget budget, long seed) {
        this.budget = budget;
        this.random = new SplittableRandom(seed);
    }

    /** What the groups and whatever else is kept for them may take. */
    public HeapBudget memory() {
        return budget;
    }

    public boolean isEmpty() {
        return engines.isEmpty();
    }

    /** Null: there is no such group, or it was deleted. */
    public @Nullable QueueEngine engine(int groupId) {
        return engines.get(groupId);
    }

    public Collection<QueueEngine> engines() {
        return engines.values();
    }

    /** Where the engines' decisions go. */
    public QueueOps ops() {
        return ops;
    }

    /** A guess: the mean of what was appended lately. */
    public int bytesPerRecord() {
        return (int) bytesPerRecord;
    }

    /** Rises when records are needed that were not needed before: groups come, or are given again what they have done. */
    int changes() {
        return changes;
    }

    /** A group was given again what it had done. */
    public void replayed() {
        changes++;
        countAnew();
    }

    /** So many records took so many bytes. */
    public void measured(long records, long bytes) {
        if (records > 0) {
            bytesPerRecord += (bytes / records - bytesPerRecord) / 8;
        }
    }

    /** All before is done in every group, so that no group needs it; the largest long if there is none. */
    public long floor() {
        long floor = Long.MAX_VALUE;
        for (QueueEngine engine : engines.values()) {
            floor = Math.min(floor, engine.floor());
        }
        return floor;
    }

    /** Of the group that has most: how many records it is not done with. */
    long outstanding(long endOffset) {
        long most = 0;
        for (QueueEngine engine : engines.values()) {
            most = Math.max(most, engine.counts().outstanding() + Math.max(0, endOffset - engine.end()));
        }
        return most;
    }

    /** Whether {@link #bytes} is asked for, from now on. */
    void countBytes(boolean wanted) {
        if (countsBytes != wanted) {
            countsBytes = wanted;
            countAnew();
        }
    }

    /** What nobody needed may be needed by a group that is new, and the other way round. */
    private void countAnew() {
        if (batchBytes != null) {
            batchBytes.close();
        }
        BatchBytes counted = countsBytes && !engines.isEmpty() ? new BatchBytes(this::needs, floor(), budget) : null;
        engines.values().forEach(engine -> engine.onDone(counted == null ? null : counted::done));
        batchBytes = counted;
    }

    /** Whether some group is not done with some of these records. */
    public boolean needs(long from, long until) {
        for (QueueEngine engine : engines.values()) {
            if (engine.nextNotDone(from) < until) {
                return true;
            }
        }
        return false;
    }

    /** What the batches take of which some group is not done with some record; -1: they are still being looked at. */
    long bytes(long endOffset) {
        return batchBytes == null || batchBytes.end() < endOffset ? -1 : batchBytes.bytes();
    }

    /** There are no records before this offset any more. */
    void forget(long startOffset) {
        engines.values().forEach(engine -> engine.forget(startOffset));
    }

    // ---- the replay

    /** The groups that there are, before the log is replayed. */
    void begin(List<QueueGroupInfo> known, long startOffset) {
        groups = known;
        for (QueueGroupInfo group : known) {
            engines.put(group.id(), engine(group, startOffset));
        }
    }

    private QueueEngine engine(QueueGroupInfo group, long startOffset) {
        return new QueueEngine(group.id(), group.policy(), startOffset, budget, random::nextLong);
    }

    void replayed(ByteBuffer payload) {
        QueueOps.replay(payload, engines::get);
    }

    void retract(long endOffset) {
        engines.values().forEach(engine -> engine.retract(endOffset));
    }

    /** A checkpoint holds a group: replaces what is known of it. Reads the snapshot to its limit. */
    void restore(int groupId, ByteBuffer snapshot) {
        QueueEngine engine = engines.get(groupId);
        if (engine != null) {
            engine.restore(snapshot);
        }
    }

    /** The replay is over. Keyed groups still have to be told the keys, new ones all: {@link #tell}. */
    void open(long endOffset, Now now) {
        engines.values().forEach(engine -> open(engine, endOffset, now));
        told(endOffset);
    }

    /** One that is not surveyed has granted nothing yet, and begins again at the start. */
    private static void open(QueueEngine engine, long endOffset, Now now) {
        boolean again = !engine.isSurveyed() && !engine.policy().keyed();
        engine.open(again ? engine.floor() : endOffset, now);
    }

    // ---- from then on

    /** The partition is not served any more. */
    public void close() {
        engines.values().forEach(QueueEngine::close);
        if (batchBytes != null) {
            batchBytes.close();
            batchBytes = null;
        }
    }

    /**
     * Makes the engines those of these groups.
     *
     * @return the ids of groups that are gone
     */
    public List<Integer> reconcile(List<QueueGroupInfo> now, long startOffset, long endOffset, Now time) {
        if (now == groups) {
            return List.of();
        }
        groups = now;
        changes++;
        List<Integer> gone = new ArrayList<>(engines.keySet());
        for (QueueGroupInfo group : now) {
            gone.remove((Integer) group.id());
            QueueEngine present = engines.get(group.id());
            if (present != null) {
                present.policy(group.policy());
            } else {
                QueueEngine made = engine(group, startOffset);
                open(made, endOffset, time);
                engines.put(group.id(), made);
            }
        }
        for (int id : gone) {
            QueueEngine left = engines.remove(id);
            if (left != null) {
                left.close();
            }
        }
        countAnew();
        told(endOffset);
        return gone;
    }

    /** Whether a compressed batch has the records that it claims. */
    boolean canRead(RecordBatch batch) {
        try {
            batch.records(cursor);
            int count = 0;
            while (cursor.next()) {
                count++;
            }
            return count == batch.lastOffsetDelta() + 1;
        } catch (InvalidBatchException e) {
            return false;
        }
    }

    /** Whether there is heap for a batch: if not, its producer is to come back later. */
    boolean hasRoomFor(int records, @Nullable Wishes wishes) {
        if (batchBytes != null && !batchBytes.reserve()) {
            return false;
        }
        for (QueueEngine engine : engines.values()) {
            if ((engine.policy().keyed() || wishes != null) && !engine.hasRoomFor(records)) {
                return false;
            }
        }
        return true;
    }

    /** Records that are about to be appended from this offset on; to be in the log before they are. */
    void announce(Wishes wishes, long baseOffset) {
        for (QueueEngine engine : engines.values()) {
            if (engine.isSurveyed()) {
                announce(engine, wishes, baseOffset);
            }
        }
    }

    private void announce(QueueEngine engine, Wishes wishes, long baseOffset) {
        for (int i = 0; i < wishes.count(); i++) {
            long offset = baseOffset + wishes.delta(i);
            if (engine.isUntouched(offset)) {
                engine.announce(offset, 1, wishes.priority(i), wishes.dueMs(i), ops);
            }
        }
    }

    /** What a batch takes in the log. */
    static int storedBytes(RecordBatch batch) {
        return Envelope.SIZE + batch.sizeInBytes();
    }

    private static int countedBytes(RecordBatch batch) {
        return batch.recordCount() == 0 ? 0 : storedBytes(batch);
    }

    /** They were not appended. */
    void withdraw(long endOffset) {
        for (QueueEngine engine : engines.values()) {
            if (engine.isSurveyed()) {
                engine.withdraw(endOffset, ops);
            }
        }
    }

    /** A batch was appended, its offsets are stamped. Borrows it. */
    void appended(RecordBatch batch, long baseOffset) {
        measured(batch.recordCount(), batch.sizeInBytes());
        long end = baseOffset + batch.lastOffsetDelta() + 1;
        if (batchBytes != null && batchBytes.end() == baseOffset) {
            batchBytes.add(baseOffset, end, countedBytes(batch));
        }
        for (QueueEngine engine : engines.values()) {
            if (engine.end() != baseOffset || !engine.isSurveyed()) {
                // It is still being told what came before; this will follow.
                continue;
            }
            skipHoles(engine, batch);
            if (engine.policy().keyed()) {
                tell(engine, batch, baseOffset);
            } else {
                engine.extend(end);
            }
        }
    }

    /** The smallest offset from which on some group has to be told what there is; the largest long: none has. */
    public long untold(long endOffset) {
        long from = Long.MAX_VALUE;
        for (QueueEngine engine : engines.values()) {
            if (isOpening(engine, endOffset)) {
                from = Math.min(from, engine.end());
            }
        }
        if (batchBytes != null && batchBytes.end() < endOffset && batchBytes.reserve()) {
            from = Math.min(from, batchBytes.end());
        }
        return from;
    }

    /** Whether an engine does not know all records, and has room for the next. One without goes on with what it knows. */
    public boolean isOpening(QueueEngine engine, long endOffset) {
        return engine.end() < endOffset && engine.hasRoomFor(Math.max(1, refused.get(engine.groupId())));
    }

    /** Batches follow from there on, as {@link #untold} said, one after the other. */
    public void tellFrom(long offset) {
        tellingFrom = offset;
        refused.clear();
        countsOn = batchBytes != null && offset <= batchBytes.end();
    }

    /**
     * Tells groups what they do not know of a batch that is in the log: keyed ones the keys; those that are made later
     * than the batch also what its producer asked for. Borrows it.
     */
    public void tell(RecordBatch batch) {
        long end = batch.baseOffset() + batch.lastOffsetDelta() + 1;
        if (batchBytes != null && batchBytes.end() < end) {
            countsOn = countsOn && batchBytes.reserve();
            if (countsOn) {
                batchBytes.add(batch.baseOffset(), end, countedBytes(batch));
            }
        }
        for (QueueEngine engine : engines.values()) {
            if (engine.end() >= end || engine.end() < tellingFrom || refused.containsKey(engine.groupId())) {
                // It knows it; or it has not been told what comes before, for want of room, and this cannot be its
                // next.
                continue;
            }
            if (!engine.hasRoomFor(batch.lastOffsetDelta() + 1)) {
                refused.put(engine.groupId(), batch.lastOffsetDelta() + 1);
                continue;
            }
            if (!engine.isSurveyed()) {
                survey(engine, batch);
            } else {
                skipAgain(engine, batch);
            }
            if (engine.policy().keyed()) {
                // What stood between is gone.
                tellNothingUntil(engine, batch.baseOffset());
                tell(engine, batch, batch.baseOffset());
            } else {
                engine.extend(end);
            }
        }
    }

    /**
     * A crash may have come before the holes of a batch were done, and records may have been erased since. But for what was
     * decided about: that takes its course.
     */
    private void skipAgain(QueueEngine engine, RecordBatch batch) {
        try {
            skipWhatIsGone(engine, batch, engine::isUntouched);
        } catch (InvalidBatchException e) {
            // Nobody can say what it has.
        }
    }

    private void survey(QueueEngine engine, RecordBatch batch) {
        try {
            skipWhatIsGone(engine, batch, offset -> true);
            Wishes wishes = Wishes.of(batch, cursor);
            if (wishes != null) {
                announce(engine, wishes, batch.baseOffset());
            }
        } catch (InvalidBatchException e) {
            // No wishes of this kind were checked when it was produced: it comes when it comes.
        }
    }

    /** Of a batch that was stored without some of its records. */
    private void skipHoles(QueueEngine engine, RecordBatch batch) {
        try {
            skipWhatIsGone(engine, batch, offset -> true);
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch that was just made: " + e.getMessage(), e);
        }
    }

    /** Offsets whose records were removed before the group knew them, or were never stored, are done. */
    private void skipWhatIsGone(QueueEngine engine, RecordBatch batch, LongPredicate which)
            throws InvalidBatchException {
        long span = batch.lastOffsetDelta() + 1L;
        if (batch.recordCount() == span) {
            return;
        }
        long next = Math.max(batch.baseOffset(), engine.floor());
        batch.records(cursor);
        while (cursor.next()) {
            skip(engine, next, cursor.offset(), which);
            next = Math.max(next, cursor.offset() + 1);
        }
        skip(engine, next, batch.baseOffset() + span, which);
    }

    private void skip(QueueEngine engine, long from, long to, LongPredicate which) {
        long at = engine.nextNotDone(from);
        while (at < to) {
            long end = at;
            while (end < to && which.test(end)) {
                end++;
            }
            if (end > at) {
                engine.skip(at, end, ops);
            }
            at = engine.nextNotDone(Math.max(end, at + 1));
        }
    }

    /** Groups that know everything up to there need not be told again. */
    public void told(long endOffset) {
        for (QueueEngine engine : engines.values()) {
            if (!engine.isSurveyed() && engine.end() >= endOffset) {
                engine.surveyed(ops);
            }
        }
    }

    /** Nothing is kept of the batch that was told last, nor what it was inflated to. */
    public void letGo() {
        cursor = new RecordCursor();
    }

    private void tell(QueueEngine engine, RecordBatch batch, long baseOffset) {
        long end = baseOffset + batch.lastOffsetDelta() + 1;
        try {
            batch.records(cursor);
            while (cursor.next()) {
                long offset = baseOffset + (cursor.offset() - batch.baseOffset());
                tellNothingUntil(engine, offset);
                if (offset == engine.end()) {
                    engine.append(
                            cursor.hasKey()
                                    ? KeyHash.identityOf(cursor.buffer(), cursor.keyPosition(), cursor.keyLength())
                                    : KeyHash.identityOf(offset));
                }
            }
        } catch (InvalidBatchException e) {
            // Compressed records that nobody can read: each is delivered to somebody who will say so.
        }
        tellNothingUntil(engine, end);
    }

    /** Offsets without a record that can be read: no order. */
    private static void tellNothingUntil(QueueEngine engine, long offset) {
        while (engine.end() < offset) {
            engine.append(KeyHash.identityOf(engine.end()));
        }
    }
}
