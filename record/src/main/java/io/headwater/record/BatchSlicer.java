package io.headwater.record;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Makes batches of some of a batch's records. They keep their offsets, times, keys and headers, and the batch its
 * producer, its sequence, its bounds of event times and the offsets that it spans: what is left out is a hole. The new
 * batch has a checksum of its own, and is compressed as the old one was if that is asked for.
 *
 * <pre>{@code
 * slicer.open(batch);
 * slicer.begin(target);
 * slicer.add(0, 2);
 * slicer.add(5, 6);
 * int size = slicer.finish();
 * }</pre>
 *
 * Reusable; not thread-safe.
 */
public final class BatchSlicer {
    private final CRC32C crc = new CRC32C();
    private final RecordCursor cursor = new RecordCursor();
    private final RecordBatch one = new RecordBatch();
    private RecordBatch batch = one;
    private int[] deltas = new int[64];
    private int[] starts = new int[65];
    private int count;
    private ByteBuffer target = ByteBuffer.allocate(0);
    private int start;
    private int added;
    private byte[] plain = new byte[0];
    private byte[] packed = new byte[0];

    /**
     * Borrows the batch and its bytes until the next one.
     *
     * @throws InvalidBatchException if its checksum or a record is wrong
     */
    public BatchSlicer open(RecordBatch from) throws InvalidBatchException {
        count = 0;
        batch = from;
        if (!from.crcMatches()) {
            throw new InvalidBatchException("crc: 0x" + Integer.toHexString(from.crc()) + " (expected: 0x"
                    + Integer.toHexString(from.computeCrc()) + ", what the bytes have)");
        }
        cursor.start(from);
        int read = 0;
        while (cursor.next()) {
            if (read == deltas.length) {
                deltas = Arrays.copyOf(deltas, 2 * read);
                starts = Arrays.copyOf(starts, 2 * read + 1);
            }
            deltas[read] = (int) (cursor.offset() - from.baseOffset());
            starts[read] = cursor.recordPosition();
            read++;
            starts[read] = cursor.recordPosition() + cursor.sizeInBytes();
        }
        count = read;
        return this;
    }

    /**
     * Opens what a buffer has of a batch: its header as it was, and behind that some of its records in their order, which
     * the caller knows to be right. The header's length, count and checksum are changed to what is there.
     *
     * @param buffer big endian; borrowed until the next one
     * @param recordBytes what the records take
     * @throws InvalidBatchException if the bytes are no records
     */
    public BatchSlicer openSome(ByteBuffer buffer, int position, int recordBytes, int records)
            throws InvalidBatchException {
        int end = position + BatchLayout.HEADER_SIZE + recordBytes;
        buffer.putInt(position + BatchLayout.LENGTH, end - position - BatchLayout.LENGTH_OVERHEAD);
        buffer.putInt(position + BatchLayout.RECORD_COUNT, records);
        buffer.putInt(position + BatchLayout.CRC, Crc32c.of(crc, buffer, position + BatchLayout.ATTRIBUTES, end));
        return open(one.wrap(buffer, position));
    }

    /** Of the batch that is open. */
    public int recordCount() {
        return count;
    }

    public long offset(int index) {
        return batch.baseOffset() + deltas[index];
    }

    /** The record at an index, lent until the next call of this slicer. */
    public RecordCursor record(int index) {
        cursor.moveTo(starts[index]);
        return cursor;
    }

    /** Where the record at an index begins in the buffer of its batch, if that is not compressed. */
    public int position(int index) {
        return starts[index];
    }

    /** What the records from one index to before another take in a batch. */
    public int sizeInBytes(int from, int to) {
        return starts[to] - starts[from];
    }

    /** The index of the first record at or after an offset; {@link #recordCount} if there is none. */
    public int indexFrom(long offset) {
        long delta = offset - batch.baseOffset();
        if (delta <= 0) {
            return 0;
        }
        if (delta > Integer.MAX_VALUE) {
            return count;
        }
        int found = Arrays.binarySearch(deltas, 0, count, (int) delta);
        return found >= 0 ? found : -found - 1;
    }

    /** Starts a new batch at the target's position. The target is big endian and has room for what will be added. */
    public void begin(ByteBuffer into) {
        target = into;
        start = into.position();
        into.put(start, batch.buffer(), batch.position(), BatchLayout.HEADER_SIZE);
        into.position(start + BatchLayout.HEADER_SIZE);
        added = 0;
    }

    /** Adds the records from one index to before another; indexes only rise. */
    public void add(int from, int to) {
        int length = sizeInBytes(from, to);
        target.put(target.position(), cursor.buffer(), starts[from], length);
        target.position(target.position() + length);
        added += to - from;
    }

    /** Completes the batch, which may have no records, uncompressed; the target's position is behind it. Returns its size. */
    public int finish() {
        return finish(Compression.NONE);
    }

    /**
     * The same, compressed as the batch that is open, where that makes it smaller. Equal batches and selections make
     * equal bytes, as long as the codecs' libraries are the same.
     */
    public int finishCompressed() {
        return finish(batch.compression());
    }

    private int finish(Compression compression) {
        Compression used = compression != Compression.NONE && pack(compression) ? compression : Compression.NONE;
        int size = target.position() - start;
        int others = batch.attributes() & ~BatchLayout.COMPRESSION_MASK;
        target.putInt(start + BatchLayout.LENGTH, size - BatchLayout.LENGTH_OVERHEAD);
        target.putShort(start + BatchLayout.ATTRIBUTES, (short) (others | used.id()));
        target.putInt(start + BatchLayout.RECORD_COUNT, added);
        target.putInt(start + BatchLayout.CRC, Crc32c.of(crc, target, start + BatchLayout.ATTRIBUTES, start + size));
        return size;
    }

    /** Puts the compressed records in the place of the plain ones; false, and nothing done, if they are not smaller. */
    private boolean pack(Compression compression) {
        Codec codec = Codecs.of(compression);
        int recordsAt = start + BatchLayout.HEADER_SIZE;
        int length = target.position() - recordsAt;
        plain = atLeast(plain, length);
        packed = atLeast(packed, codec.maxCompressedLength(length));
        target.get(recordsAt, plain, 0, length);
        int packedLength = codec.compress(plain, length, packed);
        if (packedLength >= length) {
            return false;
        }
        target.put(recordsAt, packed, 0, packedLength).position(recordsAt + packedLength);
        return true;
    }

    private static byte[] atLeast(byte[] bytes, int length) {
        return bytes.length >= length ? bytes : new byte[length];
    }
}
