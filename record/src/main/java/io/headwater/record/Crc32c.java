package io.headwater.record;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C over a part of a buffer. The JDK's update moves position and limit; they are put back here, which costs nothing
 * and, unlike a duplicate, leaves no garbage. The buffer must not be read through its position by another thread
 * meanwhile.
 */
final class Crc32c {
    private Crc32c() {}

    static int of(CRC32C crc, ByteBuffer buffer, int from, int to) {
        crc.reset();
        update(crc, buffer, from, to);
        return (int) crc.getValue();
    }

    static void update(CRC32C crc, ByteBuffer buffer, int from, int to) {
        int position = buffer.position();
        int limit = buffer.limit();
        buffer.limit(to).position(from);
        crc.update(buffer);
        buffer.limit(limit).position(position);
    }
}
