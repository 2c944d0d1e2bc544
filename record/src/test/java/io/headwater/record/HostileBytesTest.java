package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.headwater.record.testing.Seeds;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes that someone made to hurt: the answer is InvalidBatchException, in bounded memory. */
final class HostileBytesTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MAX_INFLATED = 256 << 10;

    private final RecordBatch batch = new RecordBatch();

    @ParameterizedTest
    @EnumSource
    void mangledBatchesWithAFittingChecksumAreReadOrRefused(Compression compression) {
        int[] outcomes = new int[2];
        Seeds.run(1_500, random -> {
            byte[] bytes = copyOf(Batches.of(compression, TestRecord.randomList(random, 6)));
            mangle(bytes, random);
            ByteBuffer mangled = ByteBuffer.wrap(bytes);
            if (random.nextBoolean()) {
                mangled = Batches.direct(mangled);
            }
            int size = mangled.getInt(BatchLayout.LENGTH) + BatchLayout.LENGTH_OVERHEAD;
            if (size >= BatchLayout.HEADER_SIZE && size <= mangled.limit()) {
                RecordBatchBuilder.restampProducer(mangled, 0, 1, (short) 0, 0);
            }
            outcomes[readOrRefuse(mangled)]++;
        });
        assertTrue(outcomes[0] > 0 && outcomes[1] > 0, Arrays.toString(outcomes));
    }

    /** The broker's scan has a short way of its own; it must let in exactly what a reader can read. */
    @Test
    void theDoorLetsInExactlyWhatAReaderCanRead() {
        int[] outcomes = new int[2];
        Seeds.run(20_000, random -> {
            List<TestRecord> records = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                TestRecord r = TestRecord.random(random);
                long time = random.nextBoolean() ? r.eventTimeMs() : random.nextInt(10_000);
                records.add(random.nextInt(4) == 0 ? r : new TestRecord(time, null, r.key(), List.of()));
            }
            byte[] bytes = copyOf(Batches.of(Compression.NONE, records));
            int at = BatchLayout.HEADER_SIZE + random.nextInt(bytes.length - BatchLayout.HEADER_SIZE);
            bytes[random.nextBoolean() ? at : Math.min(at, BatchLayout.HEADER_SIZE + random.nextInt(20))] ^=
                    (byte) (1 << random.nextInt(8));
            EventTimes expected = timesByReading(ByteBuffer.wrap(bytes));
            EventTimes scanned = null;
            try {
                scanned = batch.wrap(ByteBuffer.wrap(bytes), 0).eventTimes(new EventTimes());
            } catch (InvalidBatchException refused) {
                assertNull(expected, refused.getMessage());
            }
            if (scanned != null && expected != null) {
                assertEquals(expected.minMs, scanned.minMs);
                assertEquals(expected.maxMs, scanned.maxMs);
            }
            assertEquals(expected == null, scanned == null);
            outcomes[scanned == null ? 1 : 0]++;
        });
        assertTrue(outcomes[0] > 0 && outcomes[1] > 0, Arrays.toString(outcomes));
    }

    private @Nullable EventTimes timesByReading(ByteBuffer bytes) {
        EventTimes times = new EventTimes().set(Long.MAX_VALUE, Long.MIN_VALUE);
        try {
            RecordCursor cursor = batch.wrap(bytes, 0).records();
            for (int i = 0; cursor.next(); i++) {
                if (cursor.offset() != i) {
                    return null;
                }
                times.set(Math.min(times.minMs, cursor.eventTimeMs()), Math.max(times.maxMs, cursor.eventTimeMs()));
            }
            return times;
        } catch (InvalidBatchException refused) {
            return null;
        }
    }

    @ParameterizedTest
    @EnumSource
    void noiseIsRefused(Compression compression) {
        Seeds.run(1_500, random -> {
            byte[] bytes = new byte[BatchLayout.HEADER_SIZE + random.nextInt(600)];
            random.nextBytes(bytes);
            ByteBuffer noise = ByteBuffer.wrap(bytes);
            noise.putInt(BatchLayout.LENGTH, bytes.length - BatchLayout.LENGTH_OVERHEAD);
            noise.put(BatchLayout.MAGIC, BatchLayout.MAGIC_V2);
            noise.putShort(BatchLayout.ATTRIBUTES, (short) compression.id());
            noise.putInt(BatchLayout.RECORD_COUNT, 1 + random.nextInt(5));
            noise.putInt(BatchLayout.LAST_OFFSET_DELTA, random.nextInt(5));
            assertEquals(1, readOrRefuse(noise));
        });
    }

    /** 0 where all was read, 1 where it was refused; anything else that is thrown fails the test. */
    private int readOrRefuse(ByteBuffer bytes) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        int outcome = 0;
        try {
            batch.wrap(bytes, 0).validate();
            batch.eventTimes(new EventTimes());
            RecordCursor cursor = batch.records(new RecordCursor(MAX_INFLATED));
            while (cursor.next()) {
                TestRecord.copyOf(cursor);
            }
        } catch (InvalidBatchException refused) {
            outcome = 1;
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 8 * MAX_INFLATED, "allocated " + allocated);
        return outcome;
    }

    private static void mangle(byte[] bytes, SplittableRandom random) {
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            // Three in four near the start of the records, where the lengths and the codecs' own headers are.
            int from = random.nextInt(8) == 0 ? 0 : BatchLayout.HEADER_SIZE;
            int at = from
                    + random.nextInt(random.nextInt(4) == 0 ? bytes.length - from : Math.min(24, bytes.length - from));
            bytes[at] = switch (random.nextInt(4)) {
                case 0 -> (byte) 0xff;
                case 1 -> 0;
                case 2 -> (byte) (bytes[at] ^ (1 << random.nextInt(8)));
                default -> (byte) random.nextInt();
            };
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void bombsAreRefusedWithoutTheMemoryTheyAskFor(Compression compression) throws Exception {
        ByteBuffer bomb = Batches.of(compression, List.of(new TestRecord(0, null, new byte[8_000_000], List.of())));
        batch.wrap(bomb, 0).validate();
        assertTrue(batch.sizeInBytes() < 600_000);
        for (int max : new int[] {1, 1_000, MAX_INFLATED, 7_999_999}) {
            RecordCursor cursor = new RecordCursor(max);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            assertThrows(InvalidBatchException.class, () -> batch.records(cursor));
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < 3L * max + 100_000, compression + " allocated " + allocated + " of " + max);
        }
        assertEquals(1, Batches.read(batch, new RecordCursor(8_000_100)).size());
    }

    private static byte[] copyOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(0, bytes);
        return bytes;
    }
}
