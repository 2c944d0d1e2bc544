package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.storage.LogSlice;
import io.headwater.storage.OffsetOutOfRangeException;
import io.headwater.storage.StorageException;
import io.headwater.storage.TimeRange;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads records of the log by rising offsets, what is near in one piece. For one request. */
final class RecordReader {
    private static final int READ_BYTES = 128 << 10;

    private final Partition partition;
    private final long until;
    private final @Nullable TimeRange eventTimes;
    private final RecordBatch batch = new RecordBatch();
    private final RecordCursor cursor = new RecordCursor();
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private int nextEntry;
    private int size;
    /** What was read goes up to there. */
    private long readUntil = -1;
    /** The batch at hand. */
    private long batchEnd = -1;

    private boolean onRecord;
    private long bytesRead;

    /**
     * @param until only records before it; all of them can be read
     * @param eventTimes others are passed over where that is quick; null: all are wanted
     */
    RecordReader(Partition partition, long until, @Nullable TimeRange eventTimes) {
        this.partition = partition;
        this.until = until;
        this.eventTimes = eventTimes;
    }

    /** Of the log, so far. */
    long bytesRead() {
        return bytesRead;
    }

    /**
     * Goes to a record; the cursor stands on it.
     *
     * @param offset not before the one of the last call
     * @return false: there is none any more, or it cannot be read, or was passed over
     */
    boolean seek(long offset) throws StorageException {
        if (offset >= until || !seekBatch(offset)) {
            return false;
        }
        try {
            while (onRecord && cursor.offset() < offset) {
                onRecord = cursor.next();
            }
        } catch (InvalidBatchException e) {
            onRecord = false;
        }
        return onRecord && cursor.offset() == offset;
    }

    RecordCursor cursor() {
        return cursor;
    }

    /** The batch that spans an offset, at its first record; false: none does. */
    private boolean seekBatch(long offset) throws StorageException {
        if (offset < batchEnd) {
            return offset >= batch.baseOffset();
        }
        if (offset >= readUntil && !read(offset)) {
            return false;
        }
        while (nextEntry < size && offset >= batchEnd) {
            try {
                batch.wrap(bytes, nextEntry + Envelope.SIZE);
            } catch (InvalidBatchException e) {
                throw new IllegalStateException("a batch of the log: " + e.getMessage(), e);
            }
            nextEntry += bytes.getInt(nextEntry);
            batchEnd = batch.baseOffset() + batch.lastOffsetDelta() + 1;
            if (offset < batchEnd) {
                begin();
            }
        }
        return offset < batchEnd && offset >= batch.baseOffset();
    }

    private void begin() {
        try {
            batch.records(cursor);
            onRecord = cursor.next();
        } catch (InvalidBatchException e) {
            onRecord = false;
        }
    }

    private boolean read(long offset) throws StorageException {
        size = 0;
        nextEntry = 0;
        try (LogSlice slice = partition.log().read(offset, until, READ_BYTES, eventTimes)) {
            size = slice.sizeInBytes();
            if (bytes.capacity() < size) {
                bytes = ByteBuffer.allocate(size);
            }
            slice.copyTo(bytes.clear());
            bytes.flip();
            readUntil = Math.max(offset + 1, slice.nextOffset());
            // At least something, so that an end comes of it.
            bytesRead += Math.max(size, Envelope.SIZE);
        } catch (OffsetOutOfRangeException e) {
            readUntil = offset + 1;
        }
        return size > 0;
    }
}
