package io.headwater.storage;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The first 64 bytes of a segment: whose it is and where the log stood when it was begun, so that a file in the wrong
 * place is noticed and a segment without entries still knows the log's end. Big endian.
 *
 * <pre>
 *  0                  8              12             16             24            32             40
 *  +------------------+--------------+--------------+--------------+-------------+--------------+
 *  | magic "HWSEGMNT" | format i32=1 | last epoch   | partition id | base index  | base offset  |
 *  |                  |              | i32          | i64          | i64         | i64          |
 *  +------------------+--------------+--------------+--------------+-------------+--------------+
 *  40                         48              60           64
 *  +--------------------------+---------------+------------+
 *  | last ingestion time, i64 | zeros         | crc u32    |
 *  +--------------------------+---------------+------------+
 * </pre>
 *
 * "Last" means: of the entry before the segment's first; -1 and {@link Long#MIN_VALUE} if there was none. The CRC-32C
 * covers the 60 bytes before it.
 */
record SegmentHeader(long partitionId, long baseIndex, long baseOffset, int lastEpoch, long lastIngestionTimeMs) {
    static final int SIZE = 64;
    static final int FORMAT = 1;
    private static final long MAGIC = 0x48575345474d4e54L;
    private static final int CRC_AT = 60;

    ByteBuffer encode() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE);
        bytes.putLong(MAGIC).putInt(FORMAT).putInt(lastEpoch);
        bytes.putLong(partitionId).putLong(baseIndex).putLong(baseOffset).putLong(lastIngestionTimeMs);
        bytes.putInt(CRC_AT, crc(bytes));
        return bytes.clear();
    }

    /** {@code null} if these are not the bytes of a header. */
    static @Nullable SegmentHeader decode(ByteBuffer bytes) {
        if (bytes.remaining() < SIZE
                || bytes.getLong(0) != MAGIC
                || bytes.getInt(8) != FORMAT
                || bytes.getInt(CRC_AT) != crc(bytes)) {
            return null;
        }
        return new SegmentHeader(
                bytes.getLong(16), bytes.getLong(24), bytes.getLong(32), bytes.getInt(12), bytes.getLong(40));
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().position(0).limit(CRC_AT));
        return (int) crc.getValue();
    }
}
