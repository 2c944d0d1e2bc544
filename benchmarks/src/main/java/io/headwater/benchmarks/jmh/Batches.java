package io.headwater.benchmarks.jmh;

import io.headwater.record.Compression;
import io.headwater.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;

/** Record batches to work on: half-compressible values from a fixed seed. */
final class Batches {
    private static final long EVENT_TIME_MS = 1_700_000_000_000L;
    private static final int SYMBOLS = 64;

    private Batches() {}

    static byte[] value(int bytes) {
        SplittableRandom random = new SplittableRandom(bytes);
        byte[] value = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            value[i] = (byte) (' ' + random.nextInt(SYMBOLS));
        }
        return value;
    }

    /** A batch by no producer in particular, so that it can be appended any number of times. */
    static ByteBuffer batch(int records, int recordBytes, Compression compression) {
        byte[] value = value(recordBytes);
        int bound = RecordBatchBuilder.sizeUpperBound(null, value, List.of()) * records + 1024;
        ByteBuffer target = ByteBuffer.allocateDirect(bound);
        RecordBatchBuilder builder = new RecordBatchBuilder(compression).reset(target);
        for (int i = 0; i < records; i++) {
            if (!builder.append(EVENT_TIME_MS + i, null, value, List.of())) {
                throw new IllegalStateException("record " + i + ": no room");
            }
        }
        int size = builder.finish(-1, (short) -1, -1);
        return target.limit(size).position(0);
    }
}
