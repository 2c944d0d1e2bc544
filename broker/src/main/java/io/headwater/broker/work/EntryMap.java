package io.headwater.broker.work;

import io.headwater.record.BatchLayout;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Where the records of an entry are, and what their bytes sum up to, so that one can be read and checked without the
 * others. Made of an entry whose own checksum was right. Eight bytes a record.
 */
final class EntryMap {
    static final int HEAD_BYTES = Envelope.SIZE + BatchLayout.HEADER_SIZE;
    private static final int OBJECT_BYTES = 128;
    /** Reading all of it costs no more than two reads. */
    private static final int SMALL_BYTES = 8 << 10;

    private final long base;
    private final int entryBytes;
    private final int headCrc;
    private final int[] starts;
    private final int[] crcs;

    /** Whether a batch can have one: it is not compressed, has no holes, and is large enough. */
    static boolean fits(RecordBatch batch) {
        return batch.compression() == Compression.NONE
                && batch.recordCount() == batch.lastOffsetDelta() + 1
                && batch.sizeInBytes() > SMALL_BYTES;
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

    int entryBytes() {
        return entryBytes;
    }

    int bytes() {
        return OBJECT_BYTES + 2 * Integer.BYTES * crcs.length;
    }

    boolean holds(long offset) {
        return offset >= base && offset < base + crcs.length;
    }

    int indexOf(long offset) {
        return (int) (offset - base);
    }

    /** From the entry's first byte. */
    int position(int index) {
        return starts[index];
    }

    int sizeInBytes(int index) {
        return starts[index + 1] - starts[index];
    }

    /** Whether these are the entry's head, as it was, and behind it the record at an index. */
    boolean matches(ByteBuffer bytes, int index) {
        CRC32C crc = new CRC32C();
        return sum(crc, bytes, 0, HEAD_BYTES) == headCrc
                && sum(crc, bytes, HEAD_BYTES, sizeInBytes(index)) == crcs[index];
    }
}
