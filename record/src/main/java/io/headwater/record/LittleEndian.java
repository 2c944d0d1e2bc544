package io.headwater.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Integers in byte arrays as gzip, LZ4 and murmur2 want them. */
final class LittleEndian {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    static int getInt(byte[] from, int at) {
        return (int) INT.get(from, at);
    }

    static void putInt(byte[] to, int at, int value) {
        INT.set(to, at, value);
    }
}
