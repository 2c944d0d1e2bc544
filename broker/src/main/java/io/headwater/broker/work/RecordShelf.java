package io.headwater.broker.work;

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
 * records are granted. Of an entry that went when few of its records were wanted, it is remembered where they are: where few
 * are wanted of it later, as of many that are scheduled for times of their own, these are read by themselves.
 */
final class RecordShelf {
    private static final int PLACES = 4;

    /** An entry of the log, or some records of it, and where they are. */
    static final class Shelved {
        private final Envelope envelope = new Envelope();
        private final Envelope newEnvelope = new Envelope();
        private final RecordBatch batch = new RecordBatch();
        private final RecordBatch newBatch = new RecordBatch();
        private final BatchSlicer records = new BatchSlicer();
        private final EventTimes times = new EventTimes();
        private ByteBuffer bytes = ByteBuffer.allocate(0);
        private boolean unreadable;
        private boolean isWhole;
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
            return offset >= base && offset < end && (isWhole || records.offset(records.indexFrom(offset)) == offset);
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

        /** Whether these are the bytes that were written, whatever they are. */
        boolean isAsWritten() {
            return !unreadable || (envelope.crcMatches() && envelope.payloadCrcMatches());
        }

        /** All of an entry. */
        void load(LogSlice slice) throws StorageException {
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
            isWhole = true;
            base = slice.baseOffset();
            end = slice.nextOffset();
        }

        /** Just these records; false: the entry is not the one that the map is of, or its bytes are not what they were. */
        private boolean loadSome(LogSlice slice, EntryMap map, long[] offsets, int from, int to)
                throws StorageException {
            clear();
            int size = map.sizeInBytes(offsets, from, to);
            allocate(EntryMap.HEAD_BYTES + size);
            slice.copyTo(bytes, 0, EntryMap.HEAD_BYTES);
            int next = from;
            while (next < to) {
                int start = map.position(offsets[next]);
                next = EntryMap.runUntil(offsets, next, to);
                slice.copyTo(bytes, start, map.position(offsets[next - 1] + 1) - start);
            }
            bytes.flip();
            if (!map.matches(bytes, offsets, from, to)) {
                return false;
            }
            opened();
            try {
                records.openSome(bytes, Envelope.SIZE, size, to - from);
            } catch (InvalidBatchException e) {
                return false;
            }
            base = offsets[from];
            end = offsets[to - 1] + 1;
            return true;
        }

        /** Null: it cannot have one. */
        @Nullable
        EntryMap map() {
            boolean canHave = base >= 0 && isWhole && !unreadable && EntryMap.fits(batch);
            return canHave ? new EntryMap(bytes, batch, records) : null;
        }

        private void clear() {
            base = -1;
            end = -1;
            taken = 0;
            unreadable = false;
            isWhole = false;
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

        /** Whether it was read for few of its records: knowing where they are would spare reading it again. */
        private boolean wasReadForFew() {
            return taken > 0 && taken < records.recordCount() / 2;
        }
    }

    private final PartitionLog log;
    private final EntryMaps maps;
    private final Shelved[] places = new Shelved[PLACES];
    private Shelved some = new Shelved();
    private int next;

    RecordShelf(PartitionLog log, EntryMaps maps) {
        this.log = log;
        this.maps = maps;
        clear();
    }

    /** Forgets everything, and gives its memory back. */
    void clear() {
        for (int i = 0; i < PLACES; i++) {
            places[i] = new Shelved();
        }
        some = new Shelved();
        maps.clear();
    }

    /** All of the entry with this record, which is in the log; lent until the next call. Null: it was there, and is gone. */
    @Nullable
    Shelved holding(long offset) throws StorageException {
        Shelved known = placed(offset);
        if (known != null) {
            return known;
        }
        try (LogSlice slice = log.read(offset, log.endOffset(), 1, null)) {
            return slice.sizeInBytes() == 0 ? null : place(slice, offset);
        } catch (OffsetOutOfRangeException e) {
            return null;
        }
    }

    /**
     * The same with the record at an index, of which nothing else needs to be there. What follows in the array, as far as it
     * rises and is of the same entry, is read with it.
     */
    @Nullable
    Shelved holding(long[] offsets, int from) throws StorageException {
        long offset = offsets[from];
        Shelved known = some.holds(offset) ? some : placed(offset);
        if (known != null) {
            return known;
        }
        try (LogSlice slice = log.read(offset, log.endOffset(), 1, null)) {
            if (slice.sizeInBytes() == 0) {
                return null;
            }
            EntryMap map = maps.of(slice.baseOffset());
            if (map != null && slice.sizeInBytes() == map.entryBytes()) {
                int to = map.until(offsets, from);
                if (!map.areFew(offsets, from, to)) {
                    return place(slice, offset);
                }
                if (some.loadSome(slice, map, offsets, from, to)) {
                    return some;
                }
            }
            // It is of an entry that was rewritten.
            maps.remove(slice.baseOffset());
            return place(slice, offset);
        } catch (OffsetOutOfRangeException e) {
            return null;
        }
    }

    private @Nullable Shelved placed(long offset) {
        for (Shelved shelved : places) {
            if (shelved.holds(offset)) {
                return shelved;
            }
        }
        return null;
    }

    private @Nullable Shelved place(LogSlice slice, long offset) throws StorageException {
        Shelved place = places[next];
        next = (next + 1) % PLACES;
        if (place.wasReadForFew() && maps.of(place.base) == null) {
            EntryMap map = place.map();
            if (map != null) {
                maps.put(map);
            }
        }
        place.load(slice);
        if (!place.isAsWritten()) {
            // Nobody checks a second time what this process has written or checked before. That is for the log to find
            // out, and nothing that could be said of the record.
            place.clear();
            log.recheckRecord(offset);
            place.load(slice);
        }
        return place.holds(offset) ? place : null;
    }
}
