package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A reusable view over the 64 bytes that stand in front of every entry of a log, on disk and on the wire to consumers.
 * Big endian.
 *
 * <pre>
 *  0                4        5      6          8                 16                24             28             32
 *  +----------------+--------+------+----------+-----------------+-----------------+--------------+--------------+
 *  | length i32     | format | kind | further  | entry index     | base offset     | record count | leader epoch |
 *  | whole entry    | u8 = 1 | u8   | u16      | i64             | i64             | i32          | i32          |
 *  +----------------+--------+------+----------+-----------------+-----------------+--------------+--------------+
 *  32               40                48                56                  60                 64
 *  +----------------+-----------------+-----------------+-------------------+------------------+
 *  | ingestion time | min event time  | max event time  | payload crc u32   | crc u32          |
 *  | i64, ms        | i64, ms         | i64, ms         |                   |                  |
 *  +----------------+-----------------+-----------------+-------------------+------------------+
 * </pre>
 *
 * <p>{@code crc} is CRC-32C over bytes 0 to 60 and, in a DATA entry, the 61 bytes of the batch header behind the
 * envelope, as the leader stamped it. {@code payload crc} is CRC-32C over a control entry's payload; in a DATA entry it
 * repeats the batch's own checksum. Not thread-safe; like {@link RecordBatch}, checksums move the buffer's position and
 * limit for a moment.
 */
public final class Envelope {
    public static final int SIZE = 64;
    public static final int FORMAT = 1;

    public static final int LENGTH_AT = 0;
    public static final int FORMAT_AT = 4;
    public static final int KIND_AT = 5;
    public static final int FURTHER_ENTRIES_AT = 6;
    public static final int ENTRY_INDEX_AT = 8;
    public static final int BASE_OFFSET_AT = 16;
    public static final int RECORD_COUNT_AT = 24;
    public static final int LEADER_EPOCH_AT = 28;
    public static final int INGESTION_TIME_AT = 32;
    public static final int MIN_EVENT_TIME_AT = 40;
    public static final int MAX_EVENT_TIME_AT = 48;
    public static final int PAYLOAD_CRC_AT = 56;
    public static final int CRC_AT = 60;

    private final CRC32C checksum = new CRC32C();
    private ByteBuffer buffer = ByteBuffer.allocate(SIZE);
    private int position;

    /**
     * Shares the buffer: this is a view of the entry at {@code position} until the next wrap. Looks at nothing yet.
     *
     * @param buffer big endian, with {@link #SIZE} bytes between position and its limit
     */
    public Envelope wrap(ByteBuffer buffer, int position) {
        if (buffer.order() != ByteOrder.BIG_ENDIAN) {
            throw new IllegalArgumentException("buffer: " + buffer.order() + " (expected: big endian)");
        }
        if (position < 0 || buffer.limit() - position < SIZE) {
            throw new IllegalArgumentException("position: " + position + " (expected: " + SIZE
                    + " bytes before the limit " + buffer.limit() + ")");
        }
        this.buffer = buffer;
        this.position = position;
        return this;
    }

    /**
     * Writes, where this is wrapped, the envelope of a DATA entry. Borrows the batch, which may stand anywhere and must
     * be stamped already: base offset, leader epoch and the offsets that it spans come from its header, which the
     * checksum covers.
     *
     * @return the entry's length
     */
    public int encodeData(RecordBatch batch, EventTimes times, long entryIndex, long ingestionTimeMs) {
        return encodeData(batch, times.minMs, times.maxMs, entryIndex, 1, ingestionTimeMs);
    }

    /**
     * The same for a batch that may be a {@link Hole}.
     *
     * @param entries how many entry indexes it takes, 1 to {@link Hole#MOST_ENTRIES}
     */
    int encodeData(
            RecordBatch batch, long minEventMs, long maxEventMs, long entryIndex, int entries, long ingestionTimeMs) {
        int length = SIZE + batch.sizeInBytes();
        putStart(length, EntryKind.DATA, entryIndex);
        buffer.putShort(position + FURTHER_ENTRIES_AT, (short) (entries - 1));
        buffer.putLong(position + BASE_OFFSET_AT, batch.baseOffset());
        buffer.putInt(position + RECORD_COUNT_AT, batch.lastOffsetDelta() + 1);
        buffer.putInt(position + LEADER_EPOCH_AT, batch.leaderEpoch());
        buffer.putLong(position + INGESTION_TIME_AT, ingestionTimeMs);
        buffer.putLong(position + MIN_EVENT_TIME_AT, minEventMs);
        buffer.putLong(position + MAX_EVENT_TIME_AT, maxEventMs);
        buffer.putInt(position + PAYLOAD_CRC_AT, batch.crc());
        buffer.putInt(position + CRC_AT, checksumWith(batch.buffer(), batch.position()));
        return length;
    }

    /**
     * Writes, where this is wrapped, the envelope of a control entry; its event times are 0 and it has no records.
     * Borrows the payload, from its position to its limit, and leaves both alone.
     *
     * @param baseOffset the offset that the next record will get
     * @return the entry's length
     */
    public int encodeControl(
            EntryKind kind,
            ByteBuffer payload,
            long entryIndex,
            long baseOffset,
            int leaderEpoch,
            long ingestionTimeMs) {
        if (kind == EntryKind.DATA) {
            throw new IllegalArgumentException("kind: DATA (expected: a control kind)");
        }
        int length = Math.addExact(SIZE, payload.remaining());
        putStart(length, kind, entryIndex);
        buffer.putLong(position + BASE_OFFSET_AT, baseOffset);
        buffer.putInt(position + RECORD_COUNT_AT, 0);
        buffer.putInt(position + LEADER_EPOCH_AT, leaderEpoch);
        buffer.putLong(position + INGESTION_TIME_AT, ingestionTimeMs);
        buffer.putLong(position + MIN_EVENT_TIME_AT, 0);
        buffer.putLong(position + MAX_EVENT_TIME_AT, 0);
        buffer.putInt(position + PAYLOAD_CRC_AT, Crc32c.of(checksum, payload, payload.position(), payload.limit()));
        buffer.putInt(position + CRC_AT, Crc32c.of(checksum, buffer, position, position + CRC_AT));
        return length;
    }

    private void putStart(int length, EntryKind kind, long entryIndex) {
        buffer.putInt(position + LENGTH_AT, length);
        buffer.put(position + FORMAT_AT, (byte) FORMAT);
        buffer.put(position + KIND_AT, kind.id());
        buffer.putShort(position + FURTHER_ENTRIES_AT, (short) 0);
        buffer.putLong(position + ENTRY_INDEX_AT, entryIndex);
    }

    /** The checksum of a DATA entry's envelope, whose batch header stands at {@code headerAt}. */
    private int checksumWith(ByteBuffer header, int headerAt) {
        checksum.reset();
        Crc32c.update(checksum, buffer, position, position + CRC_AT);
        Crc32c.update(checksum, header, headerAt, headerAt + BatchLayout.HEADER_SIZE);
        return (int) checksum.getValue();
    }

    public ByteBuffer buffer() {
        return buffer;
    }

    public int position() {
        return position;
    }

    /**
     * Of the whole entry, this envelope included; 0 in space that was preallocated and never written. Believe it, as
     * everything else, only after {@link #crcMatches}.
     */
    public int length() {
        return buffer.getInt(position + LENGTH_AT);
    }

    public int format() {
        return buffer.get(position + FORMAT_AT) & 0xff;
    }

    /** Only after {@link #crcMatches}, which knows the kind or says false. */
    public EntryKind kind() {
        EntryKind kind = EntryKind.of(buffer.get(position + KIND_AT));
        if (kind == null) {
            throw new IllegalStateException(
                    "kind: " + buffer.get(position + KIND_AT) + " (expected: crcMatches first)");
        }
        return kind;
    }

    public long entryIndex() {
        return buffer.getLong(position + ENTRY_INDEX_AT);
    }

    /** How many entry indexes the entry takes: 1, or more where it is a {@link Hole}. */
    public int entryCount() {
        return 1 + (buffer.getShort(position + FURTHER_ENTRIES_AT) & 0xffff);
    }

    /** Of the first record; of a control entry, what the next record will get. */
    public long baseOffset() {
        return buffer.getLong(position + BASE_OFFSET_AT);
    }

    /** How many offsets the entry takes; after a rewriting its batch may hold fewer records. */
    public int recordCount() {
        return buffer.getInt(position + RECORD_COUNT_AT);
    }

    public int leaderEpoch() {
        return buffer.getInt(position + LEADER_EPOCH_AT);
    }

    public long ingestionTimeMs() {
        return buffer.getLong(position + INGESTION_TIME_AT);
    }

    public long minEventTimeMs() {
        return buffer.getLong(position + MIN_EVENT_TIME_AT);
    }

    public long maxEventTimeMs() {
        return buffer.getLong(position + MAX_EVENT_TIME_AT);
    }

    /** Of a control entry, CRC-32C of its payload; of DATA, a copy of the batch's own checksum. */
    public int payloadCrc() {
        return buffer.getInt(position + PAYLOAD_CRC_AT);
    }

    public int crc() {
        return buffer.getInt(position + CRC_AT);
    }

    /**
     * Whether the envelope, and for DATA the batch header behind it, is what was written. Never throws: an impossible
     * length, an unknown format or kind, or a batch header beyond the buffer's limit is a mismatch too.
     */
    public boolean crcMatches() {
        EntryKind kind = EntryKind.of(buffer.get(position + KIND_AT));
        if (kind == null || format() != FORMAT || length() < SIZE) {
            return false;
        }
        if (kind != EntryKind.DATA) {
            return crc() == Crc32c.of(checksum, buffer, position, position + CRC_AT);
        }
        return length() >= SIZE + BatchLayout.HEADER_SIZE
                && buffer.limit() - position >= SIZE + BatchLayout.HEADER_SIZE
                && crc() == checksumWith(buffer, position + SIZE);
    }

    /**
     * Whether the payload is what was written; false also where it ends beyond the buffer's limit. Ask {@link
     * #crcMatches} first; both together leave no byte of the entry unchecked.
     */
    public boolean payloadCrcMatches() {
        int length = length();
        boolean isData = buffer.get(position + KIND_AT) == EntryKind.DATA.id();
        int from = isData ? SIZE + BatchLayout.ATTRIBUTES : SIZE;
        return length >= from
                && length <= buffer.limit() - position
                && payloadCrc() == Crc32c.of(checksum, buffer, position + from, position + length);
    }
}
