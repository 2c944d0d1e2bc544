package io.headwater.benchmarks.load;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Record values: letters and digits from a fixed seed, so that every run and every system sees the same bytes. */
final class Payloads {
    private static final int MAX_DISTINCT = 1024;
    private static final int MAX_BYTES = 64 << 20;
    private static final byte[] SYMBOLS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private final byte[][] values;

    Payloads(int recordBytes) {
        SplittableRandom random = new SplittableRandom(recordBytes);
        values = new byte[Math.max(1, Math.min(MAX_DISTINCT, MAX_BYTES / Math.max(1, recordBytes)))][];
        for (int i = 0; i < values.length; i++) {
            values[i] = new byte[recordBytes];
            for (int j = 0; j < recordBytes; j++) {
                values[i][j] = SYMBOLS[random.nextInt(SYMBOLS.length)];
            }
        }
    }

    /** Shared with every other record of the same slot: not to be changed. */
    byte[] value(long n) {
        return values[(int) (n % values.length)];
    }

    /** A value of its own that says when it was due. */
    byte[] stamped(long n, long dueNs) {
        byte[] copy = value(n).clone();
        ByteBuffer.wrap(copy).putLong(0, dueNs);
        return copy;
    }
}
