package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.protocol.wire.Error;
import io.headwater.record.BatchLayout;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.storage.LogSlice;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a batch the records whose message ids came within the topic's window. The batch is stored without them:
 * they are holes, of which it may have nothing else. So the log says of every batch that it came, and its producer's
 * sequence goes on.
 *
 * <p>The ids are in memory only, and their heap is of the budget of all queues: where there is none left, a batch with
 * new ids is refused, never stored without them being known. What the window holds is read from the log again when the
 * first batch with an id comes after a start, some of it in each turn of the owner; until then those with ids wait.
 */
public final class Deduplication {
    private static final long NOT_BEGUN = -1;

    /** What a frame holds besides a batch. */
    private static final int FRAME_OVERHEAD = 64 << 10;

    private final PartitionInfo info;
    private final HeapBudget budget;
    private TopicPolicy.Dedup policy = TopicPolicy.Dedup.OFF;
    private IdWindow window;
    private final MessageIds ids = new MessageIds();
    private RecordCursor cursor = new RecordCursor();
    private final BatchSlicer slicer = new BatchSlicer();
    /** Of the batch that is looked at. */
    private final IdTable own = new IdTable();

    private final BitSet duplicates = new BitSet();
    private long original;
    private RecordBatch left = new RecordBatch();
    /** Records before it have been read; those up to the end were in the log when that began. */
    private long readUntil = NOT_BEGUN;

    private long readEnd;
    /** A producer waits for it to be read. */
    private boolean wanted;
    /** Why it cannot go on until the next producer asks. */
    private @Nullable Error stuck;

    private long dropped;

    Deduplication(PartitionInfo info, HeapBudget budget) {
        this.info = info;
        this.budget = budget;
        this.window = new IdWindow(policy.windowMs(), budget);
    }

    /** From now on. Where it is another one, what was known is forgotten, and read from the log again. */
    void policy(TopicPolicy.Dedup now) {
        if (!policy.equals(now)) {
            close();
            policy = now;
            window = new IdWindow(now.windowMs(), budget);
            readUntil = NOT_BEGUN;
            wanted = false;
            stuck = null;
        }
    }

    boolean isOn() {
        return policy.isOn();
    }

    /** Gives back its heap. */
    void close() {
        window.close();
    }

    /** Gives back the heap of ids that are too old, also where none comes any more. To be called now and then. */
    public void expire(long nowMs) {
        window.expire(nowMs);
    }

    /** How many records were not stored, since the partition was opened. */
    public long dropped() {
        return dropped;
    }

    /** All of the window is known. */
    private boolean isReady() {
        return readUntil != NOT_BEGUN && readUntil >= readEnd;
    }

    /**
     * Looks at a batch, for {@link #prepare}. Borrows it.
     *
     * @return whether any record has an id
     * @throws InvalidBatchException if its records cannot be read
     */
    boolean hasIds(RecordBatch batch) throws InvalidBatchException {
        return ids.read(batch, cursor).count() > 0;
    }

    /**
     * Finds what is {@link #left} of the batch that {@link #hasIds}.
     *
     * @param most bytes of an entry
     * @return why it cannot be done, or not now; null: it is done, and there is heap for its ids
     * @throws InvalidBatchException if its records cannot be read
     */
    @Nullable
    Error prepare(RecordBatch batch, int most, long nowMs) throws InvalidBatchException {
        if (!isReady()) {
            Error why = stuck;
            wanted = true;
            stuck = null;
            return why == null ? PartitionErrors.readingIds(info) : why;
        }
        window.expire(nowMs);
        findDuplicates(nowMs);
        Error full = reserve(ids.count() - duplicates.cardinality(), nowMs);
        if (full != null) {
            return full;
        }
        left = duplicates.isEmpty() ? batch : rebuilt(batch);
        // Packed anew it may be larger than its producer made it.
        int room = Math.max(batch.sizeInBytes(), most - FRAME_OVERHEAD);
        return left.sizeInBytes() <= room ? null : PartitionErrors.growsTooLarge(info, left.sizeInBytes(), room);
    }

    /** Null: there is room for so many ids more. */
    private @Nullable Error reserve(int more, long nowMs) {
        if (more > policy.maxIds() - window.size()) {
            return PartitionErrors.tooManyIds(info, policy, more);
        }
        return window.reserve(more, nowMs) ? null : PartitionErrors.noHeapForIds(info, more);
    }

    /** Whether {@link #readSome} has something to do: a producer waits for it. */
    public boolean wantsToRead() {
        return wanted && stuck == null && !isReady();
    }

    /** Reads some of what the window holds, a step of the partition's owner. The log is flushed. Returns how many bytes. */
    int readSome(PartitionLog log, long nowMs, ReadBuffer buffer, int most) throws StorageException {
        if (readUntil == NOT_BEGUN) {
            readUntil = Math.max(log.startOffset(), log.offsetForIngestionTime(nowMs - policy.windowMs() + 1));
            readEnd = log.endOffset();
        }
        window.expire(nowMs);
        // What was removed meanwhile is older than the window by now.
        readUntil = Math.max(readUntil, log.startOffset());
        int read = 0;
        while (readUntil < readEnd && stuck == null && read < most) {
            read += read(log, buffer, most - read);
        }
        // It has the last batch, and what that was inflated to.
        cursor = new RecordCursor();
        return read;
    }

    /** Returns how many bytes were read. */
    private int read(PartitionLog log, ReadBuffer buffer, int most) throws StorageException {
        try (LogSlice slice = log.read(readUntil, readEnd, most, null)) {
            ByteBuffer bytes = buffer.read(slice);
            int size = bytes.limit();
            RecordBatch batch = new RecordBatch();
            for (int at = 0; at < size && stuck == null; at += bytes.getInt(at)) {
                batch.wrap(bytes, at + Envelope.SIZE);
                stuck = remember(batch, bytes.getLong(at + Envelope.INGESTION_TIME_AT));
                if (stuck == null) {
                    readUntil = batch.baseOffset() + batch.lastOffsetDelta() + 1;
                }
            }
            if (size == 0) {
                readUntil = readEnd;
            }
            return size;
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch of the log: " + e.getMessage(), e);
        }
    }

    /** Null: it is done. */
    private @Nullable Error remember(RecordBatch batch, long timeMs) {
        if (InternalProducer.isInternal(batch.producerId())) {
            // A record that was moved here was not sent here.
            return null;
        }
        try {
            ids.read(batch, cursor);
        } catch (InvalidBatchException e) {
            // Compressed records that nobody can read, from before the topic had a window.
            return null;
        }
        Error full = reserve(ids.count(), timeMs);
        for (int i = 0; i < ids.count() && full == null; i++) {
            window.add(ids.high(i), ids.low(i), batch.baseOffset() + ids.delta(i), timeMs);
        }
        return full;
    }

    /** What is to be stored of the batch: itself where none of its records is a duplicate, else one without them. */
    RecordBatch left() {
        return left;
    }

    private void findDuplicates(long nowMs) {
        own.clear();
        duplicates.clear();
        original = IdWindow.ABSENT;
        for (int i = 0; i < ids.count(); i++) {
            long before = window.find(ids.high(i), ids.low(i), nowMs);
            if (before != IdWindow.ABSENT || !own.put(ids.high(i), ids.low(i), 0, 0)) {
                duplicates.set(ids.delta(i));
                original = original == IdWindow.ABSENT ? before : original;
            }
        }
    }

    private RecordBatch rebuilt(RecordBatch batch) throws InvalidBatchException {
        slicer.open(batch);
        ByteBuffer target = ByteBuffer.allocate(BatchLayout.HEADER_SIZE + slicer.sizeInBytes(0, slicer.recordCount()));
        slicer.begin(target);
        for (int i = 0; i < slicer.recordCount(); i++) {
            if (!duplicates.get((int) (slicer.offset(i) - batch.baseOffset()))) {
                slicer.add(i, i + 1);
            }
        }
        slicer.finishCompressed();
        return new RecordBatch().wrap(target.flip(), 0);
    }

    /** Where {@link #left} has no record: where the record is that the first one repeats. */
    long original() {
        return original;
    }

    /** What was made of the batch that was looked at last is in the log. */
    void appended(long baseOffset, long timeMs) {
        dropped += duplicates.cardinality();
        for (int i = 0; i < ids.count(); i++) {
            if (!duplicates.get(ids.delta(i))) {
                window.add(ids.high(i), ids.low(i), baseOffset + ids.delta(i), timeMs);
            }
        }
    }
}
