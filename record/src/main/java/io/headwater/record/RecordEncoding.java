package io.headwater.record;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sizes and writes the bytes of single records; the counterpart of {@link RecordParser}. */
final class RecordEncoding {
    private RecordEncoding() {}

    /** Size of a field: its length, then its bytes. */
    static long sizeOf(byte @Nullable [] bytes) {
        return bytes == null ? 1 : Varints.sizeOf(bytes.length) + (long) bytes.length;
    }

    static long sizeOf(List<RecordHeader> headers) {
        int count = headers.size();
        long size = Varints.sizeOf(count);
        for (int i = 0; i < count; i++) {
            RecordHeader header = headers.get(i);
            int nameSize = HeaderNames.sizeOf(header.name());
            size += Varints.sizeOf(nameSize) + (long) nameSize + sizeOf(header.value());
        }
        return size;
    }

    /** Writes what stands in front of the key; returns the position behind it. */
    static int putStart(ByteBuffer to, int position, int bodySize, long timestampDelta, int offsetDelta) {
        int at = Varints.put(to, position, bodySize);
        to.put(at++, (byte) 0);
        at = Varints.put(to, at, timestampDelta);
        return Varints.put(to, at, offsetDelta);
    }

    static int putField(ByteBuffer to, int at, byte @Nullable [] bytes) {
        if (bytes == null) {
            return Varints.put(to, at, -1);
        }
        int next = Varints.put(to, at, bytes.length);
        to.put(next, bytes, 0, bytes.length);
        return next + bytes.length;
    }

    static int putHeaders(ByteBuffer to, int position, List<RecordHeader> headers) {
        int count = headers.size();
        int at = Varints.put(to, position, count);
        for (int i = 0; i < count; i++) {
            RecordHeader header = headers.get(i);
            at = Varints.put(to, at, HeaderNames.sizeOf(header.name()));
            at = HeaderNames.put(to, at, header.name());
            at = putField(to, at, header.value());
        }
        return at;
    }

    /**
     * Writes records again with {@code shift} added to each timestamp delta.
     *
     * @param from the first {@code length} bytes are records that this class wrote
     * @return the position in {@code to} behind the last
     */
    static int shiftTimestamps(byte[] from, int length, long shift, ByteBuffer to, int position) {
        RecordParser record = new RecordParser();
        record.buffer = ByteBuffer.wrap(from, 0, length);
        int at = position;
        try {
            while (record.at < length) {
                record.parse(length);
                // Our own varints are as short as can be, so where the key's bytes start tells where the fields before
                // do.
                int keyField = record.keyPosition - Varints.sizeOf(record.keyLength);
                int rest = record.at - keyField;
                long delta = record.timestampDelta + shift;
                int bodySize = 1 + Varints.sizeOf(delta) + Varints.sizeOf(record.offsetDelta) + rest;
                at = putStart(to, at, bodySize, delta, record.offsetDelta);
                to.put(at, from, keyField, rest);
                at += rest;
            }
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("records of our own writing do not parse", e);
        }
        return at;
    }
}
