package io.headwater.record;

import java.nio.ByteBuffer;

/**
 * A reusable view over the 64 bytes that stand in front of every entry of a log, on disk and on the wire to consumers.
 * Big endian.
 *
 * <pre>
 *  0                4        5      6          8                 16                24             28             32
 *  +----------------+--------+------+----------+-----------------+-----------------+--------------+--------------+
 *  | length i32     | format | kind | reserved | entry index     | base offset     | record count | leader epoch |
 *  | whole entry    | u8 = 1 | u8   | u16 = 0  | i64             | i64             | i32          | i32          |
 *  +----------------+--------+------+----------+-----------------+-----------------+--------------+--------------+
 *  32               40                48                56                  60                 64
 *  +----------------+-----------------+-----------------+-------------------+------------------+
 *  | ingestion time | min event time  | max event time  | payload crc u32   | crc u32          |
 *  | i64, ms        | i64, ms         | i64, ms         |                   |                  |
 *  +----------------+-----------------+-----------------+-------------------+------------------+
 * </pre>
 */
public final class Envelope {
    public static final int SIZE = 64;
    public static final int FORMAT = 1;

    public static final int LENGTH_AT = 0;
    public static final int FORMAT_AT = 4;
    public static final int KIND_AT = 5;
    public static final int RESERVED_AT = 6;
    public static final int ENTRY_INDEX_AT = 8;
    public static final int BASE_OFFSET_AT = 16;
    public static final int RECORD_COUNT_AT = 24;
    public static final int LEADER_EPOCH_AT = 28;
    public static final int INGESTION_TIME_AT = 32;
    public static final int MIN_EVENT_TIME_AT = 40;
    public static final int MAX_EVENT_TIME_AT = 48;
    public static final int PAYLOAD_CRC_AT = 56;
    public static final int CRC_AT = 60;

    /** Shares the buffer; needs {@link #SIZE} bytes up to its limit. Looks at nothing yet. */
    public Envelope wrap(ByteBuffer buffer, int position) {
        throw new UnsupportedOperationException();
    }

    /** Writes, where this is wrapped, the envelope of a DATA entry whose batch is stamped already. Returns the entry's length. */
    public int encodeData(RecordBatch batch, EventTimes times, long entryIndex, long ingestionTimeMs) {
        throw new UnsupportedOperationException();
    }

    /** Writes, where this is wrapped, the envelope of a control entry. Borrows payload (position to limit, unchanged). Returns the entry's length. */
    public int encodeControl(
            EntryKind kind,
            ByteBuffer payload,
            long entryIndex,
            long baseOffset,
            int leaderEpoch,
            long ingestionTimeMs) {
        throw new UnsupportedOperationException();
    }

    public ByteBuffer buffer() {
        throw new UnsupportedOperationException();
    }

    public int position() {
        throw new UnsupportedOperationException();
    }

    /** Of the whole entry, this envelope included; 0 in space that was never written. Trust it, as all else, only after {@link #crcMatches}. */
    public int length() {
        throw new UnsupportedOperationException();
    }

    public int format() {
        throw new UnsupportedOperationException();
    }

    /** Only after {@link #crcMatches}. */
    public EntryKind kind() {
        throw new UnsupportedOperationException();
    }

    public long entryIndex() {
        throw new UnsupportedOperationException();
    }

    public long baseOffset() {
        throw new UnsupportedOperationException();
    }

    public int recordCount() {
        throw new UnsupportedOperationException();
    }

    public int leaderEpoch() {
        throw new UnsupportedOperationException();
    }

    public long ingestionTimeMs() {
        throw new UnsupportedOperationException();
    }

    public long minEventTimeMs() {
        throw new UnsupportedOperationException();
    }

    public long maxEventTimeMs() {
        throw new UnsupportedOperationException();
    }

    public int payloadCrc() {
        throw new UnsupportedOperationException();
    }

    public int crc() {
        throw new UnsupportedOperationException();
    }

    /**
     * Whether the envelope (and, for DATA, the batch header behind it) is what was written. Never throws: an impossible
     * length, an unknown format or kind, or a batch header beyond the buffer's limit is a mismatch too.
     */
    public boolean crcMatches() {
        throw new UnsupportedOperationException();
    }

    /** Whether the payload is what was written; false also where it ends beyond the buffer's limit. After {@link #crcMatches}. */
    public boolean payloadCrcMatches() {
        throw new UnsupportedOperationException();
    }
}
