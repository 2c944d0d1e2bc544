package io.headwater.broker.stream;

import io.headwater.broker.partition.InternalProducer;
import io.headwater.broker.partition.Wishes;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a produce frame: a view over the frame's bytes, its place in the reply, and the bounds of its event
 * times. {@link #check} does everything that needs no state, so that it may run on any thread.
 */
public final class IncomingBatch {
    private final ProduceRequest request;
    private final int slot;
    private final long partitionId;
    private final RecordBatch batch = new RecordBatch();
    private final EventTimes times = new EventTimes();
    private final boolean reservedHeaders;
    private @Nullable Wishes wishes;

    /** @param reservedHeaders some of its records have headers by which producers ask for something */
    public IncomingBatch(ProduceRequest request, int slot, long partitionId, boolean reservedHeaders) {
        this.reservedHeaders = reservedHeaders;
        this.request = request;
        this.slot = slot;
        this.partitionId = partitionId;
    }

    public ProduceRequest request() {
        return request;
    }

    public int slot() {
        return slot;
    }

    public long partitionId() {
        return partitionId;
    }

    /** Of a checked batch; -1: written without one. */
    public long producerId() {
        return batch.producerId();
    }

    RecordBatch batch() {
        return batch;
    }

    EventTimes times() {
        return times;
    }

    @Nullable
    Wishes wishes() {
        return wishes;
    }

    /**
     * Wraps and checks the batch: its layout, its checksum, its size, and the times of its records. Shares the buffer.
     *
     * @return null: it may be appended
     */
    public @Nullable Error check(ByteBuffer buffer, int position, int bytes, int maxRecordBytes) {
        try {
            batch.wrap(buffer, position);
            if (batch.sizeInBytes() != bytes) {
                return corrupt("bytes: " + bytes + " (expected: " + batch.sizeInBytes() + ", the batch's own size)");
            }
            batch.validate();
            if (InternalProducer.isInternal(batch.producerId())) {
                return Errors.of(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "producer id: " + batch.producerId() + " (expected: one that INIT_PRODUCER gave, or -1)");
            }
            batch.eventTimes(times);
            if (reservedHeaders) {
                wishes = Wishes.of(batch, new RecordCursor());
            }
            return bytes > maxRecordBytes ? checkRecordSizes(maxRecordBytes) : null;
        } catch (InvalidBatchException e) {
            return corrupt(e.getMessage());
        }
    }

    /** Only a batch above the limit can hold a record above it, so that this is rare. */
    private @Nullable Error checkRecordSizes(int maxRecordBytes) throws InvalidBatchException {
        if (batch.recordCount() == 1) {
            return tooLarge(batch.sizeInBytes(), maxRecordBytes);
        }
        RecordCursor cursor = batch.records();
        while (cursor.next()) {
            if (cursor.sizeInBytes() > maxRecordBytes) {
                return tooLarge(cursor.sizeInBytes(), maxRecordBytes);
            }
        }
        return null;
    }

    private static Error tooLarge(int bytes, int maxBytes) {
        return Errors.of(
                ErrorCode.ERROR_RECORD_TOO_LARGE, "record: " + bytes + " bytes (expected: at most " + maxBytes + ")");
    }

    private static Error corrupt(@Nullable String what) {
        return Errors.of(ErrorCode.ERROR_CORRUPT_BATCH, "batch: " + what);
    }
}
