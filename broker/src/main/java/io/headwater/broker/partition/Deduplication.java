package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
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
 * <p>The ids are in memory only. What the window holds is read from the log again before the first batch with an id is
 * taken after a start, some of it for each that is sent meanwhile.
 */
final class Deduplication {
    private static final int STEP_BYTES = 4 << 20;
    /** For one batch that is refused meanwhile. */
    private static final int MOST_BYTES = 32 << 20;

    private static final long NOT_BEGUN = -1;

    /** What a frame holds besides a batch. */
    private static final int FRAME_OVERHEAD = 64 << 10;

    private final TopicPolicy.Dedup policy;
    private final IdWindow window;
    private final MessageIds ids = new MessageIds();
    private final RecordCursor cursor = new RecordCursor();
    private final BatchSlicer slicer = new BatchSlicer();
    /** Of the batch that is looked at. */
    private final IdTable own = new IdTable();

    private final BitSet duplicates = new BitSet();
    private long original;
    private RecordBatch left = new RecordBatch();
    /** Records before it have been read; those up to the end were in the log when that began. */
    private long readUntil = NOT_BEGUN;

    private long readEnd;

    Deduplication(TopicPolicy.Dedup policy) {
        this.policy = policy;
        this.window = new IdWindow(policy.windowMs());
    }

    TopicPolicy.Dedup policy() {
        return policy;
    }

    /** All of the window is known. */
    boolean isReady() {
        return readUntil != NOT_BEGUN && readUntil >= readEnd;
    }

    /**
     * Finds what is {@link #left} of a batch; as long as this is not {@link #isReady ready}, the log is to be flushed
     * first.
     *
     * @return why it cannot be done, or not now; null: it is done
     * @throws InvalidBatchException if its records cannot be read
     */
    @Nullable
    Error prepare(PartitionInfo info, PartitionLog log, RecordBatch batch, long nowMs)
            throws StorageException, InvalidBatchException {
        int records = batch.recordCount();
        if (!isReady()) {
            catchUp(log, nowMs);
        }
        window.expire(nowMs);
        if (!hasRoomFor(isReady() ? records : 1)) {
            return PartitionErrors.tooManyIds(info, policy, records);
        }
        if (!isReady()) {
            return PartitionErrors.readingIds(info);
        }
        left = withoutDuplicates(batch, nowMs);
        // Packed anew it may be larger than its producer made it.
        int most = Math.max(batch.sizeInBytes(), log.maxBatchBytes() - FRAME_OVERHEAD);
        return left.sizeInBytes() <= most ? null : PartitionErrors.growsTooLarge(info, left.sizeInBytes(), most);
    }

    /** Reads some of what the window holds. */
    private void catchUp(PartitionLog log, long nowMs) throws StorageException {
        if (readUntil == NOT_BEGUN) {
            readUntil = Math.max(log.startOffset(), log.offsetForIngestionTime(nowMs - policy.windowMs() + 1));
            readEnd = log.endOffset();
        }
        window.expire(nowMs);
        // What was removed meanwhile is older than the window by now.
        readUntil = Math.max(readUntil, log.startOffset());
        int read = 0;
        while (readUntil < readEnd && read < MOST_BYTES && hasRoomFor(1)) {
            read += read(log);
        }
    }

    private int read(PartitionLog log) throws StorageException {
        try (LogSlice slice = log.read(readUntil, readEnd, STEP_BYTES, null)) {
            int size = slice.sizeInBytes();
            ByteBuffer bytes = ByteBuffer.allocate(size);
            slice.copyTo(bytes);
            bytes.flip();
            RecordBatch batch = new RecordBatch();
            for (int at = 0; at < size; at += bytes.getInt(at)) {
                batch.wrap(bytes, at + Envelope.SIZE);
                remember(batch, bytes.getLong(at + Envelope.INGESTION_TIME_AT));
                readUntil = batch.baseOffset() + batch.lastOffsetDelta() + 1;
            }
            if (size == 0) {
                readUntil = readEnd;
            }
            return size;
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch of the log: " + e.getMessage(), e);
        }
    }

    private void remember(RecordBatch batch, long timeMs) {
        if (InternalProducer.isInternal(batch.producerId())) {
            // A record that was moved here was not sent here.
            return;
        }
        try {
            ids.read(batch, cursor);
        } catch (InvalidBatchException e) {
            // Compressed records that nobody can read. Those that have an id are refused before they are stored.
            return;
        }
        for (int i = 0; i < ids.count(); i++) {
            window.add(ids.high(i), ids.low(i), batch.baseOffset() + ids.delta(i), timeMs);
        }
    }

    private boolean hasRoomFor(int records) {
        return records <= policy.maxIds() - window.size();
    }

    /** What is to be stored of the batch: itself where none of its records is a duplicate, else one without them. */
    RecordBatch left() {
        return left;
    }

    private RecordBatch withoutDuplicates(RecordBatch batch, long nowMs) throws InvalidBatchException {
        ids.read(batch, cursor);
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
        return duplicates.isEmpty() ? batch : rebuilt(batch);
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
        for (int i = 0; i < ids.count(); i++) {
            if (!duplicates.get(ids.delta(i))) {
                window.add(ids.high(i), ids.low(i), baseOffset + ids.delta(i), timeMs);
            }
        }
    }
}
