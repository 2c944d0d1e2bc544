package io.headwater.record;

import java.nio.ByteBuffer;

/** Zigzag varints as in Protocol Buffers: seven bits a byte, low bits first, small magnitudes short. Writing side. */
final class Varints {
    private Varints() {}

    static int sizeOf(int value) {
        return sizeOfUnsigned((value << 1) ^ (value >> 31));
    }

    static int sizeOf(long value) {
        long zigzag = (value << 1) ^ (value >> 63);
        // One byte for each seven significant bits, at least one: ceil(bits / 7) without a division.
        return ((70 - Long.numberOfLeadingZeros(zigzag | 1)) * 37) >>> 8;
    }

    private static int sizeOfUnsigned(int value) {
        return ((38 - Integer.numberOfLeadingZeros(value | 1)) * 37) >>> 8;
    }

    /** Returns the position behind what was written. */
    static int put(ByteBuffer to, int at, int value) {
        int left = (value << 1) ^ (value >> 31);
        int next = at;
        while ((left & ~0x7f) != 0) {
            to.put(next++, (byte) (left | 0x80));
            left >>>= 7;
        }
        to.put(next++, (byte) left);
        return next;
    }

    /** Returns the position behind what was written. */
    static int put(ByteBuffer to, int at, long value) {
        long left = (value << 1) ^ (value >> 63);
        int next = at;
        while ((left & ~0x7fL) != 0) {
            to.put(next++, (byte) (left | 0x80));
            left >>>= 7;
        }
        to.put(next++, (byte) left);
        return next;
    }
}
