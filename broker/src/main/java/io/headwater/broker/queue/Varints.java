package io.headwater.broker.queue;

import java.nio.ByteBuffer;

/** Unsigned LEB128 numbers, and signed ones as zigzag. */
final class Varints {
    static final int MAX_BYTES = 10;

    private Varints() {}

    /** What a number takes. */
    static int bytesOf(long value) {
        return 1 + (Long.SIZE - 1 - Long.numberOfLeadingZeros(value | 1)) / 7;
    }

    static void put(ByteBuffer out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.put((byte) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    static long get(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = in.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new QueueFormatException("a number of more than 64 bits");
    }

    static void putSigned(ByteBuffer out, long value) {
        put(out, (value << 1) ^ (value >> 63));
    }

    static long getSigned(ByteBuffer in) {
        long value = get(in);
        return (value >>> 1) ^ -(value & 1);
    }
}
