package io.headwater.broker.work;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.storage.LogSlice;
import io.headwater.storage.OffsetOutOfRangeException;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The entries whose records are being handed out: a few of them, each read from the log once, checked once, and cut up as
 * records are granted. Of an entry that went when few of its records were wanted, it is remembered where they are: what is
 * wanted of it later, as of many that are scheduled for times of their own, is read by itself.
 */
final class RecordShelf {
    private static final int PLACES = 4;

    /** An entry of the log, or one record of it, and where its records are. */
    static final class Shelved {
        private final Envelope envelope = new Envelope();
        private final Envelope newEnvelope = new Envelope();
        private final RecordBatch batch = new RecordBatch();
        private final RecordBatch newBatch = new RecordBatch();
        private final BatchSlicer records = new BatchSlicer();
        private final EventTimes times = new EventTimes();
        private ByteBuffer bytes = ByteBuffer.allocate(0);
        private boolean unreadable;
        private long base = -1;
        private long end = -1;
        private int taken;
        private int newStart;

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

        /** Writes the entry again, with just the records that are added next, at the target's position. */
        void begin(ByteBuffer target) {
            newStart = target.position();
            target.position(newStart + Envelope.SIZE);
            records.begin(target);
        }

        void add(int index) {
            records.add(index, index + 1);
            taken++;
        }

        void finish(ByteBuffer target) {
            records.finish();
            try {
                newBatch.wrap(target, newStart + Envelope.SIZE);
            } catch (InvalidBatchException e) {
                throw new IllegalStateException("a batch that was just made: " + e.getMessage(), e);
            }
            newEnvelope.wrap(target, newStart).encodeData(newBatch, times, envelope.entryIndex(), ingestionTimeMs());
        }

        private void load(LogSlice slice) throws StorageException {
            clear();
            int size = slice.sizeInBytes();
            allocate(size);
            slice.copyTo(bytes);
            bytes.flip();
            opened();
            try {
                records.open(batch.wrap(bytes, Envelope.SIZE));
            } catch (InvalidBatchException e) {
                unreadable = true;
            }
            base = slice.baseOffset();
            end = slice.nextOffset();
        }

        /** Just one record; false: the entry is not the one that the map is of, or its bytes are not what they were. */
        private boolean loadOne(LogSlice slice, EntryMap map, long offset) throws StorageException {
            clear();
            int index = map.indexOf(offset);
            int size = map.sizeInBytes(index);
            allocate(EntryMap.HEAD_BYTES + size);
            slice.copyTo(bytes, 0, EntryMap.HEAD_BYTES);
            slice.copyTo(bytes, map.position(index), size);
            bytes.flip();
            if (!map.matches(bytes, index)) {
                return false;
            }
            opened();
            try {
                records.openOne(bytes, Envelope.SIZE, size);
            } catch (InvalidBatchException e) {
                return false;
            }
            base = offset;
            end = offset + 1;
            return true;
        }

        private void clear() {
            base = -1;
            end = -1;
            taken = 0;
            unreadable = false;
        }

        private void allocate(int size) {
            if (bytes.capacity() < size || bytes.capacity() > 4 * Math.max(size, 64 << 10)) {
                bytes = ByteBuffer.allocate(size);
            }
            bytes.clear();
        }

        private void opened() {
            envelope.wrap(bytes, 0);
            times.set(envelope.minEventTimeMs(), envelope.maxEventTimeMs());
        }

        /** Whether it was read for few of its records, and knowing where they are would spare reading it again. */
        private boolean isWorthAMap() {
            return base >= 0 && !unreadable && taken > 0 && EntryMap.fits(batch) && taken < records.recordCount() / 2;
        }
    }

    private final PartitionLog log;
    private final EntryMaps maps;
    private final Shelved[] places = new Shelved[PLACES];
    private Shelved single = new Shelved();
    private int next;

    /** @param memory of which what is remembered takes */
    RecordShelf(PartitionLog log, HeapBudget memory) {
        this.log = log;
        this.maps = new EntryMaps(memory);
        clear();
    }

    /** Forgets everything, and gives its memory back. */
    void clear() {
        for (int i = 0; i < PLACES; i++) {
            places[i] = new Shelved();
        }
        single = new Shelved();
        maps.clear();
    }

    /** As {@link #holding(long, long)}, with nothing known of what is wanted next. */
    @Nullable
    Shelved holding(long offset) throws StorageException {
        return holding(offset, -1);
    }

    /**
     * The entry with this record, which is in the log, lent until the next call; {@code null}: it was there, and is gone.
     *
     * @param following what is wanted next: where it is of the same entry, this is read whole
     */
    @Nullable
    Shelved holding(long offset, long following) throws StorageException {
        for (Shelved shelved : places) {
            if (shelved.holds(offset)) {
                return shelved;
            }
        }
        try (LogSlice slice = log.read(offset, log.endOffset(), 1, null)) {
            if (slice.sizeInBytes() == 0) {
                return null;
            }
            EntryMap map = maps.of(slice.baseOffset());
            if (map != null && slice.sizeInBytes() == map.entryBytes() && !map.holds(following)) {
                if (single.loadOne(slice, map, offset)) {
                    return single;
                }
                maps.remove(slice.baseOffset());
            }
            Shelved place = places[next];
            next = (next + 1) % PLACES;
            if (place.isWorthAMap()) {
                maps.put(place.base, new EntryMap(place.bytes, place.batch, place.records));
            }
            place.load(slice);
            return place.holds(offset) ? place : null;
        } catch (OffsetOutOfRangeException e) {
            return null;
        }
    }
}
