package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A record costs no garbage, on either side. */
final class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = 50;

    private final byte[] key = new byte[10];
    private final byte[] value = new byte[100];
    private final List<RecordHeader> headers = List.of(new RecordHeader("name", new byte[3]));
    private final ByteBuffer target = ByteBuffer.allocateDirect(4 << 20);
    private final EventTimes times = new EventTimes();
    private final RecordBatch batch = new RecordBatch();
    private final RecordCursor cursor = new RecordCursor();
    private final Envelope envelope = new Envelope();
    private final ByteBuffer entry = ByteBuffer.allocateDirect(Envelope.SIZE);

    @ParameterizedTest
    @EnumSource
    void aHundredTimesTheRecordsAllocateNoMore(Compression compression) throws Exception {
        RecordBatchBuilder builder = new RecordBatchBuilder(compression);
        for (int warmUp = 0; warmUp < 3; warmUp++) {
            allocatedBy(builder, 5_000);
            allocatedBy(builder, 50);
        }
        long few = allocatedBy(builder, 50);
        long many = allocatedBy(builder, 5_000);
        assertTrue(many - few < ROUNDS * 1_024L, few + " bytes for few, " + many + " for many");
    }

    @Test
    void anUncompressedBatchIsBuiltCheckedAndReadWithoutAnyGarbage() throws Exception {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        for (int warmUp = 0; warmUp < 3; warmUp++) {
            allocatedBy(builder, 1_000);
        }
        // A stray object of the JVM's own is not ours to forbid.
        long allocated = allocatedBy(builder, 1_000);
        assertTrue(allocated < ROUNDS * 8L, "allocated " + allocated);
    }

    private long allocatedBy(RecordBatchBuilder builder, int records) throws InvalidBatchException {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long read = 0;
        for (int round = 0; round < ROUNDS; round++) {
            builder.reset(target);
            for (int i = 0; i < records; i++) {
                builder.append(1_700_000_000_000L + i, key, value, headers);
            }
            builder.finish(1, (short) 0, 0);
            batch.wrap(target, 0).validate();
            batch.stamp(round, 1);
            batch.eventTimes(times);
            envelope.wrap(entry, 0).encodeData(batch, times, round, 0);
            batch.records(cursor);
            while (cursor.next()) {
                read += cursor.valueLength() + cursor.keyLength() + cursor.headerCount();
            }
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertEquals((long) ROUNDS * records * (100 + 10 + 1), read);
        return allocated;
    }
}
