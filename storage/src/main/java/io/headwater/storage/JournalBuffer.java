package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Encodes journal records one behind the other, for the place in the file where they will stand. */
final class JournalBuffer {
    private static final int INITIAL = 4096;

    private final CRC32C crc = new CRC32C();
    private final long generation;
    /** File position of the buffer's first byte. */
    private long start;

    private ByteBuffer bytes = ByteBuffer.allocateDirect(INITIAL);

    JournalBuffer(long generation, long start) {
        this.generation = generation;
        this.start = start;
    }

    /** Adds a record; {@code synced} is what it states about the file before it. */
    void add(byte[] payload, int payloadLength, long synced) {
        int length = JournalLayout.RECORD_HEAD + payloadLength;
        int padded = (int) JournalLayout.aligned(length);
        makeRoom(padded);
        int at = bytes.position();
        bytes.putInt(length).putInt(0).putLong(synced).put(payload, 0, payloadLength);
        for (int i = length; i < padded; i++) {
            bytes.put((byte) 0);
        }
        bytes.putInt(at + JournalLayout.CRC, JournalLayout.recordCrc(crc, bytes, at, length, generation, start + at));
    }

    private void makeRoom(int needed) {
        if (bytes.remaining() < needed) {
            int capacity = Math.max(bytes.position() + needed, 2 * bytes.capacity());
            bytes = ByteBuffer.allocateDirect(capacity).put(bytes.flip());
        }
    }

    int pending() {
        return bytes.position();
    }

    /** File position behind the last record. */
    long end() {
        return start + bytes.position();
    }

    /** Where the file's content ends: the buffered records follow. */
    long start() {
        return start;
    }

    void drop() {
        bytes.clear();
    }

    void writeTo(DiskFile file) throws IOException {
        int length = bytes.position();
        file.write(bytes.flip(), start);
        bytes.clear();
        start += length;
    }
}
