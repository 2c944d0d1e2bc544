package io.headwater.record;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.xerial.snappy.Snappy;

/**
 * Snappy in the framing of snappy-java's streams, which Kafka uses (not the official framing format): a 16-byte header
 * (magic, version, lowest compatible version), then chunks of {@code length i32 big endian, raw snappy block}. Reading
 * also takes one raw block without any framing, as some producers write it, and repeated headers, as appending does.
 */
final class SnappyCodec implements Codec {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final byte[] HEADER = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
    private static final int MAGIC_SIZE = 8;
    private static final int CHUNK_BYTES = 32 << 10;

    @Override
    public int maxCompressedLength(int length) {
        int chunks = length / CHUNK_BYTES + 1;
        return Math.addExact(HEADER.length + chunks * (4 + 32), length + length / 6);
    }

    @Override
    public int compress(byte[] from, int length, byte[] to) {
        System.arraycopy(HEADER, 0, to, 0, HEADER.length);
        int at = HEADER.length;
        try {
            for (int done = 0; done < length; done += CHUNK_BYTES) {
                int size = Snappy.compress(from, done, Math.min(CHUNK_BYTES, length - done), to, at + 4);
                INT.set(to, at, size);
                at += 4 + size;
            }
        } catch (IOException e) {
            throw new IllegalStateException("snappy refused to compress", e);
        }
        return at;
    }

    @Override
    public void decompress(byte[] from, int offset, int length, Inflated to) throws InvalidBatchException {
        to.clear(4L * length);
        int end = offset + length;
        if (!isHeader(from, offset, end)) {
            chunk(from, offset, length, to);
            return;
        }
        int at = offset;
        while (at < end) {
            if (isHeader(from, at, end)) {
                at += HEADER.length;
                continue;
            }
            if (end - at < 4) {
                throw new InvalidBatchException("records: snappy ends within a chunk's length");
            }
            int size = (int) INT.get(from, at);
            at += 4;
            if (size < 0 || size > end - at) {
                throw new InvalidBatchException(
                        "records: snappy chunk of " + size + " bytes (expected: at most " + (end - at) + ")");
            }
            chunk(from, at, size, to);
            at += size;
        }
    }

    private static boolean isHeader(byte[] from, int at, int end) {
        if (end - at < HEADER.length) {
            return false;
        }
        for (int i = 0; i < MAGIC_SIZE; i++) {
            if (from[at + i] != HEADER[i]) {
                return false;
            }
        }
        return true;
    }

    private static void chunk(byte[] from, int at, int size, Inflated to) throws InvalidBatchException {
        try {
            int inflated = Snappy.uncompressedLength(from, at, size);
            // A snappy element makes at most 64 bytes out of two; a length beyond that is a lie not worth memory.
            if (inflated < 0 || inflated > 64L * size) {
                throw new InvalidBatchException("records: snappy chunk claims " + inflated + " bytes from " + size);
            }
            to.reserve(inflated);
            to.advance(Snappy.uncompress(from, at, size, to.bytes(), to.length()));
        } catch (IOException e) {
            throw new InvalidBatchException("records: " + e.getMessage() + " (expected: snappy)");
        }
    }
}
