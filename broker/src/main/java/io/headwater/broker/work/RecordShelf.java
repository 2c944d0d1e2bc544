package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.storage.LogSlice;
import io.headwater.storage.OffsetOutOfRangeException;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The entries whose records are being handed out: a few of them, each read from the log once, checked once, and cut up as
 * records are granted.
 */
final class RecordShelf {
    private static final int PLACES = 4;

    /** An entry of the log, and where its records are. */
    static final class Shelved {
        private final Envelope envelope = new Envelope();
        private final RecordBatch batch = new RecordBatch();
        private final BatchSlicer records = new BatchSlicer();
        private final EventTimes times = new EventTimes();
        private ByteBuffer bytes = ByteBuffer.allocate(0);
        private boolean unreadable;
        private long base = -1;
        private long end = -1;

        /** {@code null}: the bytes are no batch that can be read, though the log says that they are as written. */
        @Nullable
        BatchSlicer records() {
            return unreadable ? null : records;
        }

        boolean holds(long offset) {
            return offset >= base && offset < end;
        }

        long ingestionTimeMs() {
            return envelope.ingestionTimeMs();
        }

        /** Writes the entry again, with just these records, at the target's position. */
        void begin(ByteBuffer target) {
            target.position(target.position() + Envelope.SIZE);
            records.begin(target);
        }

        void finish(ByteBuffer target, Envelope scratch, RecordBatch scratchBatch) {
            int size = records.finish();
            int at = target.position() - size - Envelope.SIZE;
            try {
                scratchBatch.wrap(target, at + Envelope.SIZE);
            } catch (InvalidBatchException e) {
                throw new IllegalStateException("a batch that was just made: " + e.getMessage(), e);
            }
            scratch.wrap(target, at).encodeData(scratchBatch, times, envelope.entryIndex(), ingestionTimeMs());
        }

        private void load(LogSlice slice) throws StorageException {
            base = -1;
            end = -1;
            int size = slice.sizeInBytes();
            if (bytes.capacity() < size || bytes.capacity() > 4 * Math.max(size, 64 << 10)) {
                bytes = ByteBuffer.allocate(size);
            }
            slice.copyTo(bytes.clear());
            bytes.flip();
            envelope.wrap(bytes, 0);
            times.set(envelope.minEventTimeMs(), envelope.maxEventTimeMs());
            try {
                unreadable = false;
                records.open(batch.wrap(bytes, Envelope.SIZE));
            } catch (InvalidBatchException e) {
                unreadable = true;
            }
            base = slice.baseOffset();
            end = slice.nextOffset();
        }
    }

    private final Partition partition;
    private final Shelved[] places = new Shelved[PLACES];
    private int next;

    RecordShelf(Partition partition) {
        this.partition = partition;
        clear();
    }

    void clear() {
        for (int i = 0; i < PLACES; i++) {
            places[i] = new Shelved();
        }
    }

    /** The entry with this record, which is in the log; {@code null}: it was there, and is gone. */
    @Nullable
    Shelved holding(long offset) throws StorageException {
        for (Shelved shelved : places) {
            if (shelved.holds(offset)) {
                return shelved;
            }
        }
        Shelved place = places[next];
        next = (next + 1) % PLACES;
        try (LogSlice slice = partition.log().read(offset, partition.log().endOffset(), 1, null)) {
            if (slice.sizeInBytes() == 0) {
                return null;
            }
            place.load(slice);
            return place.holds(offset) ? place : null;
        } catch (OffsetOutOfRangeException e) {
            return null;
        }
    }
}
