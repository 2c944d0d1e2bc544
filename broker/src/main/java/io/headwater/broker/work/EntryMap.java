package io.headwater.broker.work;

import io.headwater.record.BatchLayout;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Where the records of an entry are, and what their bytes sum up to, so that some can be read and checked without the
 * others. Made of an entry whose own checksum was right. Eight bytes a record.
 */
final class EntryMap {
    static final int HEAD_BYTES = Envelope.SIZE + BatchLayout.HEADER_SIZE;
    /** A read costs as much as so many bytes of a longer one. */
    static final int READ_BYTES = 4 << 10;

    private static final int OBJECT_BYTES = 256;

    private final long base;
    private final int entryBytes;
    private final int headCrc;
    private final int[] starts;
    private final int[] crcs;

    /** Whether a batch can have one: it is not compressed, has no holes, and is large enough. */
    static boolean fits(RecordBatch batch) {
        return batch.compression() == Compression.NONE
                && batch.recordCount() == batch.lastOffsetDelta() + 1
                && isLarge(Envelope.SIZE + batch.sizeInBytes());
    }

    /** Whether reading all of an entry costs more than two reads. */
    static boolean isLarge(int entryBytes) {
        return entryBytes > 2 * READ_BYTES;
    }

    /**
     * @param bytes the entry, from 0 to the limit
     * @param batch it {@link #fits}
     * @param records the batch, open
     */
    EntryMap(ByteBuffer bytes, RecordBatch batch, BatchSlicer records) {
        int count = records.recordCount();
        base = batch.baseOffset();
        entryBytes = bytes.limit();
        starts = new int[count + 1];
        crcs = new int[count];
        CRC32C crc = new CRC32C();
        headCrc = sum(crc, bytes, 0, HEAD_BYTES);
        for (int i = 0; i < count; i++) {
            starts[i] = records.position(i);
            crcs[i] = sum(crc, bytes, starts[i], records.sizeInBytes(i, i + 1));
        }
        starts[count] = entryBytes;
    }

    private static int sum(CRC32C crc, ByteBuffer bytes, int from, int length) {
        crc.reset();
        crc.update(bytes.array(), bytes.arrayOffset() + from, length);
        return (int) crc.getValue();
    }

    long base() {
        return base;
    }

    /** One past the last record. */
    long end() {
        return base + crcs.length;
    }

    int entryBytes() {
        return entryBytes;
    }

    int bytes() {
        return OBJECT_BYTES + 2 * Integer.BYTES * crcs.length;
    }

    /** The index behind the last of the offsets that rise from an index on and are of this entry. */
    int until(long[] offsets, int from) {
        int to = from + 1;
        while (to < offsets.length && offsets[to] > offsets[to - 1] && offsets[to] < end()) {
            to++;
        }
        return to;
    }

    /** The same for those that follow one another without a gap, up to an index. */
    static int runUntil(long[] offsets, int from, int limit) {
        int to = from + 1;
        while (to < limit && offsets[to] == offsets[to - 1] + 1) {
            to++;
        }
        return to;
    }

    /** Whether to read these of its records costs less than to read all of it. */
    boolean areFew(long[] offsets, int from, int to) {
        long cost = (long) READ_BYTES + sizeInBytes(offsets, from, to);
        for (int at = from; at < to && cost < entryBytes; at = runUntil(offsets, at, to)) {
            cost += READ_BYTES;
        }
        return cost < entryBytes;
    }

    /** What these of its records take. */
    int sizeInBytes(long[] offsets, int from, int to) {
        int size = 0;
        for (int i = from; i < to; i++) {
            size += position(offsets[i] + 1) - position(offsets[i]);
        }
        return size;
    }

    /** Where the record at an offset begins, from the entry's first byte. */
    int position(long offset) {
        return starts[(int) (offset - base)];
    }

    /** Whether these are the entry's head, as it was, and behind it these of its records. */
    boolean matches(ByteBuffer bytes, long[] offsets, int from, int to) {
        CRC32C crc = new CRC32C();
        if (sum(crc, bytes, 0, HEAD_BYTES) != headCrc) {
            return false;
        }
        int at = HEAD_BYTES;
        for (int i = from; i < to; i++) {
            int size = position(offsets[i] + 1) - position(offsets[i]);
            if (sum(crc, bytes, at, size) != crcs[(int) (offsets[i] - base)]) {
                return false;
            }
            at += size;
        }
        return true;
    }
}
