package io.headwater.storage;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The bytes of a journal. All numbers are big endian; positions count from the start of the file.
 *
 * <pre>
 * file header
 *   0  8 bytes  "headwjnl"
 *   8  i32      format version, 1
 *  12  i32      tag: what the records are about
 *  16  i64      generation: how often the file was rewritten
 *  24  36 bytes 0
 *  60  i32      CRC-32C of bytes 0..60
 *  64           first record
 *
 * record, at a multiple of 8
 *   0  i32      length of the record with this head, without the padding; 0 means that nothing follows
 *   4  i32      CRC-32C of (i64 generation, i64 position of this record, bytes 0..4, bytes 8..length)
 *   8  i64      synced: everything before this position was on the disk when the record was made
 *  16           payload (none: the record only carries "synced"), then zeros up to a multiple of 8
 * </pre>
 *
 * <p>Generation and position are part of the checksum so that bytes from elsewhere never pass for a record.
 */
final class JournalLayout {
    static final int VERSION = 1;
    static final int FILE_HEADER = 64;
    static final int RECORD_HEAD = 16;
    static final int ALIGNMENT = 8;
    static final int LENGTH = 0;
    static final int CRC = 4;
    static final int SYNCED = 8;

    private static final long MAGIC = 0x68656164776A6E6CL; // "headwjnl"
    private static final int HEADER_CRC = 60;

    private JournalLayout() {}

    static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    static ByteBuffer fileHeader(int tag, long generation) {
        ByteBuffer header = ByteBuffer.allocate(FILE_HEADER);
        header.putLong(0, MAGIC).putInt(8, VERSION).putInt(12, tag).putLong(16, generation);
        header.putInt(HEADER_CRC, headerCrc(header));
        return header;
    }

    /** Returns what is wrong with a file header, or an empty string. */
    static String fileHeaderFault(ByteBuffer header, int expectedTag) {
        if (header.getLong(0) != MAGIC) {
            return "not a journal (expected: it starts with \"headwjnl\")";
        }
        if (header.getInt(HEADER_CRC) != headerCrc(header)) {
            return "the checksum of the file header does not match";
        }
        if (header.getInt(8) != VERSION) {
            return "format version " + header.getInt(8) + " (expected: " + VERSION + ")";
        }
        if (header.getInt(12) != expectedTag) {
            return String.format("holds records of kind 0x%08x (expected: 0x%08x)", header.getInt(12), expectedTag);
        }
        return "";
    }

    static long generation(ByteBuffer header) {
        return header.getLong(16);
    }

    private static int headerCrc(ByteBuffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.duplicate().position(0).limit(HEADER_CRC));
        return (int) crc.getValue();
    }

    /** Checksum of the record that starts at {@code at} in the buffer and at {@code position} in the file. */
    static int recordCrc(CRC32C crc, ByteBuffer buffer, int at, int length, long generation, long position) {
        crc.reset();
        updateLong(crc, generation);
        updateLong(crc, position);
        int limit = buffer.limit();
        int cursor = buffer.position();
        buffer.limit(at + CRC).position(at);
        crc.update(buffer);
        buffer.limit(at + length).position(at + SYNCED);
        crc.update(buffer);
        buffer.limit(limit).position(cursor);
        return (int) crc.getValue();
    }

    private static void updateLong(CRC32C crc, long value) {
        for (int shift = 56; shift >= 0; shift -= 8) {
            crc.update((int) (value >>> shift) & 0xff);
        }
    }
}
