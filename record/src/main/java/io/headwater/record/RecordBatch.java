package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A reusable view over one record batch in a buffer; {@link BatchLayout} draws the bytes. Copies nothing and leaves no
 * garbage. Not thread-safe, and the checksums move the buffer's position and limit for a moment: a buffer that several
 * threads read needs a duplicate for each.
 *
 * <p>Only {@link #wrap} and {@link #validate} look at what the bytes claim; whatever they let through, the other methods
 * answer without going beyond the batch.
 */
public final class RecordBatch {
    private static final int UNKNOWN_ATTRIBUTES = ~0x0f;

    private final CRC32C crc = new CRC32C();
    private final EventTimeScan scan = new EventTimeScan();
    private ByteBuffer buffer = ByteBuffer.allocate(BatchLayout.HEADER_SIZE);
    private int position;
    private int size;
    private Compression compression = Compression.NONE;

    /**
     * Shares the buffer: this is a view of the batch that starts at {@code position} until the next wrap.
     *
     * @param buffer big endian; the whole batch must stand before its limit
     * @throws InvalidBatchException where there is no whole batch of magic 2 in a known compression
     */
    public RecordBatch wrap(ByteBuffer buffer, int position) throws InvalidBatchException {
        if (buffer.order() != ByteOrder.BIG_ENDIAN) {
            throw new IllegalArgumentException("buffer: " + buffer.order() + " (expected: big endian)");
        }
        int available = buffer.limit() - position;
        if (position < 0 || available < BatchLayout.HEADER_SIZE) {
            throw new InvalidBatchException(
                    "batch: " + available + " bytes (expected: at least " + BatchLayout.HEADER_SIZE + ")");
        }
        int length = buffer.getInt(position + BatchLayout.LENGTH);
        if (length < BatchLayout.HEADER_SIZE - BatchLayout.LENGTH_OVERHEAD
                || length > available - BatchLayout.LENGTH_OVERHEAD) {
            throw new InvalidBatchException("batch length: " + length + " (expected: "
                    + (BatchLayout.HEADER_SIZE - BatchLayout.LENGTH_OVERHEAD) + " to "
                    + (available - BatchLayout.LENGTH_OVERHEAD) + ")");
        }
        byte magic = buffer.get(position + BatchLayout.MAGIC);
        if (magic != BatchLayout.MAGIC_V2) {
            throw new InvalidBatchException("magic: " + magic + " (expected: " + BatchLayout.MAGIC_V2 + ")");
        }
        Compression known =
                Compression.of(buffer.getShort(position + BatchLayout.ATTRIBUTES) & BatchLayout.COMPRESSION_MASK);
        this.buffer = buffer;
        this.position = position;
        this.size = length + BatchLayout.LENGTH_OVERHEAD;
        this.compression = known;
        return this;
    }

    public ByteBuffer buffer() {
        return buffer;
    }

    public int position() {
        return position;
    }

    public int sizeInBytes() {
        return size;
    }

    public long baseOffset() {
        return buffer.getLong(position + BatchLayout.BASE_OFFSET);
    }

    public int leaderEpoch() {
        return buffer.getInt(position + BatchLayout.LEADER_EPOCH);
    }

    public int crc() {
        return buffer.getInt(position + BatchLayout.CRC);
    }

    public short attributes() {
        return buffer.getShort(position + BatchLayout.ATTRIBUTES);
    }

    public int lastOffsetDelta() {
        return buffer.getInt(position + BatchLayout.LAST_OFFSET_DELTA);
    }

    /** What the records' timestamp deltas count from: the smallest event time in a batch of our builder. */
    public long baseTimestamp() {
        return buffer.getLong(position + BatchLayout.BASE_TIMESTAMP);
    }

    public long maxTimestamp() {
        return buffer.getLong(position + BatchLayout.MAX_TIMESTAMP);
    }

    public long producerId() {
        return buffer.getLong(position + BatchLayout.PRODUCER_ID);
    }

    public short producerEpoch() {
        return buffer.getShort(position + BatchLayout.PRODUCER_EPOCH);
    }

    public int baseSequence() {
        return buffer.getInt(position + BatchLayout.BASE_SEQUENCE);
    }

    public int recordCount() {
        return buffer.getInt(position + BatchLayout.RECORD_COUNT);
    }

    public Compression compression() {
        return compression;
    }

    public boolean isTransactional() {
        return (attributes() & BatchLayout.TRANSACTIONAL_FLAG) != 0;
    }

    public boolean isControl() {
        return (attributes() & BatchLayout.CONTROL_FLAG) != 0;
    }

    /** Whether all records have the time of their append, {@link #maxTimestamp}, instead of one each. */
    public boolean isAppendTime() {
        return (attributes() & BatchLayout.APPEND_TIME_FLAG) != 0;
    }

    /** Whether everything from the attributes to the end is what the producer wrote. */
    public boolean crcMatches() {
        return computeCrc() == crc();
    }

    int computeCrc() {
        return Crc32c.of(crc, buffer, position + BatchLayout.ATTRIBUTES, position + size);
    }

    /**
     * The broker's door: the checksum, and a header that a stream can keep. It does not look at the records; for an
     * uncompressed batch {@link #eventTimes} does.
     */
    public void validate() throws InvalidBatchException {
        int computed = computeCrc();
        if (computed != crc()) {
            throw new InvalidBatchException("crc: 0x" + Integer.toHexString(crc()) + " (expected: 0x"
                    + Integer.toHexString(computed) + ", what the bytes have)");
        }
        if (isTransactional() || isControl()) {
            throw new InvalidBatchException("attributes: 0x" + Integer.toHexString(attributes() & 0xffff)
                    + " (expected: neither transactional nor control)");
        }
        if ((attributes() & UNKNOWN_ATTRIBUTES) != 0 || isAppendTime()) {
            throw new InvalidBatchException("attributes: 0x" + Integer.toHexString(attributes() & 0xffff)
                    + " (expected: none but the compression)");
        }
        int count = recordCount();
        int records = compression == Compression.NONE
                ? size - BatchLayout.HEADER_SIZE
                : RecordCursor.DEFAULT_MAX_INFLATED_BYTES;
        if (count <= 0 || count > records / RecordParser.MIN_RECORD_SIZE) {
            throw new InvalidBatchException("record count: " + count + " (expected: 1 to "
                    + records / RecordParser.MIN_RECORD_SIZE + ", what the size allows)");
        }
        if (lastOffsetDelta() != count - 1) {
            throw new InvalidBatchException("last offset delta: " + lastOffsetDelta() + " (expected: " + (count - 1)
                    + ", the record count less one)");
        }
    }

    /** Fills in, in place, the two fields that are the leader's and lie outside the checksum. */
    public void stamp(long baseOffset, int leaderEpoch) {
        buffer.putLong(position + BatchLayout.BASE_OFFSET, baseOffset);
        buffer.putInt(position + BatchLayout.LEADER_EPOCH, leaderEpoch);
    }

    /**
     * The bounds of the records' event times. Of an uncompressed batch it reads every record, and so also checks that
     * each is well formed and that offset deltas count up from 0 by one; of a compressed one it takes the header's word.
     *
     * @return {@code reuse}, filled in
     */
    public EventTimes eventTimes(EventTimes reuse) throws InvalidBatchException {
        if (isAppendTime()) {
            return reuse.set(maxTimestamp(), maxTimestamp());
        }
        if (compression != Compression.NONE) {
            return reuse.set(Math.min(baseTimestamp(), maxTimestamp()), Math.max(baseTimestamp(), maxTimestamp()));
        }
        return scan.scan(this, reuse);
    }

    static InvalidBatchException trailing(int bytes, int count) {
        return new InvalidBatchException("records: " + bytes + " bytes behind record " + count + " (expected: none)");
    }

    /** As {@link #records(RecordCursor)} with a new cursor. */
    public RecordCursor records() throws InvalidBatchException {
        return records(new RecordCursor());
    }

    /**
     * Puts {@code reuse} in front of the first record. It reads the same buffer where the batch is uncompressed, and is
     * good as long as the buffer's bytes are; a compressed batch is inflated now, into memory of the cursor.
     */
    public RecordCursor records(RecordCursor reuse) throws InvalidBatchException {
        return reuse.start(this);
    }
}
