package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class RecordBatchTest {
    private static final long NOW = 1_700_000_000_000L;
    private static final int NONE = BatchLayout.NO_PRODUCER;

    @ParameterizedTest
    @EnumSource
    void readsBackWhatWasWrittenAnywhereInAnyBuffer(Compression compression) {
        RecordBatchBuilder builder = new RecordBatchBuilder(compression);
        RecordBatch batch = new RecordBatch();
        RecordCursor cursor = new RecordCursor();
        Seeds.run(300, random -> {
            ByteBuffer target = anyBuffer(random, 400_000);
            int start = random.nextInt(100);
            int limit = target.capacity() - random.nextInt(100);
            target.limit(limit).position(start);
            List<TestRecord> written = new ArrayList<>();
            builder.reset(target);
            for (TestRecord r : TestRecord.randomList(random, 60)) {
                if (builder.append(r.eventTimeMs(), r.key(), r.value(), r.headers())) {
                    written.add(r);
                }
            }
            if (written.isEmpty()) {
                return;
            }
            int atMost = builder.sizeInBytes();
            int size = builder.finish(random.nextLong(), (short) random.nextInt(), random.nextInt());

            assertTrue(size <= atMost, size + " > " + atMost);
            assertEquals(start, target.position());
            assertEquals(limit, target.limit());
            batch.wrap(target, start);
            assertEquals(size, batch.sizeInBytes());
            batch.validate();
            assertEquals(written, Batches.read(batch, cursor));
            EventTimes times = batch.eventTimes(new EventTimes());
            assertEquals(
                    written.stream().mapToLong(TestRecord::eventTimeMs).min().orElseThrow(), times.minMs);
            assertEquals(
                    written.stream().mapToLong(TestRecord::eventTimeMs).max().orElseThrow(), times.maxMs);
            assertEquals(times.minMs, batch.baseTimestamp());
            assertEquals(times.maxMs, batch.maxTimestamp());
            assertEquals(start, target.position());
            assertEquals(limit, target.limit());
        });
    }

    @Test
    void aRefusedRecordLeavesNoTraceAndTheRoomIsUsedToTheLastByte() {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        Seeds.run(500, random -> {
            List<TestRecord> records = TestRecord.randomList(random, 20).stream()
                    .map(r -> new TestRecord(NOW, r.key(), r.value(), r.headers()))
                    .toList();
            int size = Batches.of(Compression.NONE, records).remaining();

            ByteBuffer exact = ByteBuffer.allocate(size);
            assertEquals(records.size(), appendAll(builder.reset(exact), records));
            assertEquals(size, builder.finish(NONE, (short) NONE, NONE));

            ByteBuffer oneShort = ByteBuffer.allocate(size - 1);
            int fit = appendAll(builder.reset(oneShort), records);
            assertEquals(records.size() - 1, fit);
            if (fit > 0) {
                builder.finish(NONE, (short) NONE, NONE);
                assertEquals(records.subList(0, fit), Batches.read(oneShort));
            }
        });
    }

    private static int appendAll(RecordBatchBuilder builder, List<TestRecord> records) {
        int appended = 0;
        for (TestRecord r : records) {
            if (!builder.append(r.eventTimeMs(), r.key(), r.value(), r.headers())) {
                break;
            }
            appended++;
        }
        return appended;
    }

    @Test
    void lateRecordsNeverGrowABatchBeyondItsRoom() {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        Seeds.run(2_000, random -> {
            ByteBuffer target = ByteBuffer.allocate(100 + random.nextInt(2_000));
            builder.reset(target);
            List<TestRecord> written = new ArrayList<>();
            TestRecord next = lateRecord(random);
            while (builder.append(next.eventTimeMs(), next.key(), next.value(), next.headers())) {
                written.add(next);
                assertTrue(builder.sizeInBytes() <= target.capacity());
                next = lateRecord(random);
            }
            if (!written.isEmpty()) {
                int size = builder.finish(NONE, (short) NONE, NONE);
                assertTrue(size <= target.capacity());
                RecordBatch batch = new RecordBatch().wrap(target, 0);
                batch.validate();
                assertEquals(written, Batches.read(batch, new RecordCursor()));
            }
        });
    }

    /** A few bytes each, and times over which the deltas have every width. */
    private static TestRecord lateRecord(SplittableRandom random) {
        long time = NOW - (random.nextLong() >>> random.nextInt(64));
        return new TestRecord(time, null, new byte[random.nextInt(70)], List.of());
    }

    @Test
    void sizeUpperBoundIsEnoughAndNotMuchMore() {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        Seeds.run(500, random -> {
            TestRecord r = TestRecord.random(random);
            int bound = RecordBatchBuilder.sizeUpperBound(r.key(), r.value(), r.headers());
            assertTrue(
                    builder.reset(ByteBuffer.allocate(bound)).append(r.eventTimeMs(), r.key(), r.value(), r.headers()));
            assertTrue(builder.finish(NONE, (short) NONE, NONE) >= bound - 4);
        });
    }

    @ParameterizedTest
    @EnumSource
    void neverLetsCompressionMakeABatchLarger(Compression compression) throws Exception {
        byte[] noise = new byte[5_000];
        new SplittableRandom(1).nextBytes(noise);
        List<TestRecord> records = List.of(new TestRecord(NOW, null, noise, List.of()));
        ByteBuffer plain = Batches.of(Compression.NONE, records);
        ByteBuffer compressed = Batches.of(compression, records);
        assertEquals(plain, compressed);
        assertEquals(Compression.NONE, new RecordBatch().wrap(compressed, 0).compression());

        List<TestRecord> compressible = List.of(new TestRecord(NOW, null, new byte[5_000], List.of()));
        assertEquals(
                compression,
                new RecordBatch().wrap(Batches.of(compression, compressible), 0).compression());
    }

    @Test
    void tellsEmptyFromAbsent() throws Exception {
        ByteBuffer bytes = Batches.of(
                Compression.NONE,
                List.of(
                        new TestRecord(NOW, null, null, List.of()),
                        new TestRecord(
                                NOW, new byte[0], new byte[0], List.of(header("a", null), header("", new byte[0])))));
        RecordCursor cursor = new RecordBatch().wrap(bytes, 0).records();
        assertTrue(cursor.next());
        assertFalse(cursor.hasKey());
        assertFalse(cursor.hasValue());
        assertNull(cursor.key());
        assertNull(cursor.value());
        assertEquals(0, cursor.keyLength());
        assertEquals(0, cursor.valueLength());
        assertEquals(0, cursor.headerCount());
        assertTrue(cursor.next());
        assertTrue(cursor.hasKey());
        assertTrue(cursor.hasValue());
        assertArrayEquals(new byte[0], cursor.key());
        assertArrayEquals(new byte[0], cursor.value());
        assertEquals(2, cursor.headerCount());
        assertNull(cursor.headers().get(0).value());
        assertArrayEquals(new byte[0], cursor.headers().get(1).value());
        assertFalse(cursor.next());
        assertFalse(cursor.next());
    }

    private static RecordHeader header(String name, byte @Nullable [] value) {
        return new RecordHeader(name, value);
    }

    @Test
    void positionsPointAtTheBytes() throws Exception {
        ByteBuffer bytes = Batches.of(Compression.NONE, List.of(TestRecord.of(NOW, "key", "value")));
        RecordCursor cursor = new RecordBatch().wrap(bytes, 0).records();
        assertTrue(cursor.next());
        assertEquals('k', cursor.buffer().get(cursor.keyPosition()));
        assertEquals(3, cursor.keyLength());
        assertEquals('v', cursor.buffer().get(cursor.valuePosition()));
        assertEquals(5, cursor.valueLength());
        assertEquals(bytes.remaining() - BatchLayout.HEADER_SIZE, cursor.sizeInBytes());
    }

    @Test
    void stampingTouchesNeitherTheChecksumNorTheRecords() throws Exception {
        List<TestRecord> records = List.of(TestRecord.of(NOW, "k", "v"), TestRecord.of(NOW + 1, "k", "w"));
        RecordBatch batch = new RecordBatch().wrap(Batches.of(Compression.NONE, records), 0);
        batch.stamp(123_456_789_012L, 77);
        assertTrue(batch.crcMatches());
        batch.validate();
        assertEquals(123_456_789_012L, batch.baseOffset());
        assertEquals(77, batch.leaderEpoch());
        RecordCursor cursor = batch.records();
        assertTrue(cursor.next());
        assertEquals(123_456_789_012L, cursor.offset());
        assertTrue(cursor.next());
        assertEquals(123_456_789_013L, cursor.offset());
    }

    @Test
    void restampingGivesAnotherProducerAndAValidBatch() throws Exception {
        List<TestRecord> records = List.of(TestRecord.of(NOW, "k", "v"));
        ByteBuffer bytes = Batches.of(Compression.LZ4, records);
        RecordBatchBuilder.restampProducer(bytes, 0, 99, (short) 8, 1_234);
        RecordBatch batch = new RecordBatch().wrap(bytes, 0);
        batch.validate();
        assertEquals(99, batch.producerId());
        assertEquals(8, batch.producerEpoch());
        assertEquals(1_234, batch.baseSequence());
        assertEquals(records, Batches.read(batch, new RecordCursor()));
    }

    @Test
    void theDoorRefusesWhatAStreamCannotKeep() throws Exception {
        assertRefused(BatchLayout.ATTRIBUTES, 2, BatchLayout.TRANSACTIONAL_FLAG, "transactional");
        assertRefused(BatchLayout.ATTRIBUTES, 2, BatchLayout.CONTROL_FLAG, "control");
        assertRefused(BatchLayout.ATTRIBUTES, 2, BatchLayout.APPEND_TIME_FLAG, "attributes");
        assertRefused(BatchLayout.ATTRIBUTES, 2, 0x40, "attributes");
        assertRefused(BatchLayout.ATTRIBUTES, 2, 0x05, "compression");
        assertRefused(BatchLayout.LAST_OFFSET_DELTA, 4, 7, "last offset delta");
        assertRefused(BatchLayout.RECORD_COUNT, 4, 0, "record count");
        assertRefused(BatchLayout.RECORD_COUNT, 4, -1, "record count");
        assertRefused(BatchLayout.RECORD_COUNT, 4, 1_000, "record count");
        assertRefused(BatchLayout.MAGIC, 1, 1, "magic");
        assertRefused(BatchLayout.LENGTH, 4, 48, "length");
        assertRefused(BatchLayout.LENGTH, 4, Integer.MAX_VALUE, "length");
        assertRefused(BatchLayout.LENGTH, 4, Integer.MIN_VALUE, "length");
    }

    /** With a checksum that fits, so that it is the field and not the checksum that gives the batch away. */
    private static void assertRefused(int at, int width, int value, String why) {
        ByteBuffer bytes =
                Batches.of(Compression.NONE, List.of(TestRecord.of(NOW, "k", "v"), TestRecord.of(NOW, "k", "v")));
        switch (width) {
            case 1 -> bytes.put(at, (byte) value);
            case 2 -> bytes.putShort(at, (short) value);
            default -> bytes.putInt(at, value);
        }
        if (at >= BatchLayout.ATTRIBUTES) {
            RecordBatchBuilder.restampProducer(bytes, 0, 7, (short) 3, 42);
        }
        InvalidBatchException refusal = assertThrows(
                InvalidBatchException.class,
                () -> new RecordBatch().wrap(bytes, 0).validate());
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.contains(why), message);
        assertTrue(message.contains("expected"), message);
    }

    @Test
    void eventTimesRefusesOffsetDeltasThatDoNotCountUp() throws Exception {
        ByteBuffer bytes =
                Batches.of(Compression.NONE, List.of(TestRecord.of(NOW, null, null), TestRecord.of(NOW, null, null)));
        int offsetDeltaOfSecond = BatchLayout.HEADER_SIZE + RecordParser.MIN_RECORD_SIZE + 3;
        assertEquals(2, bytes.get(offsetDeltaOfSecond)); // zigzag of 1
        bytes.put(offsetDeltaOfSecond, (byte) 4);
        RecordBatch batch = new RecordBatch().wrap(bytes, 0);
        assertThrows(InvalidBatchException.class, () -> batch.eventTimes(new EventTimes()));
    }

    @Test
    void aReaderTakesHolesThatRewritingLeft() throws Exception {
        ByteBuffer bytes =
                Batches.of(Compression.NONE, List.of(TestRecord.of(NOW, null, null), TestRecord.of(NOW, null, null)));
        bytes.put(BatchLayout.HEADER_SIZE + RecordParser.MIN_RECORD_SIZE + 3, (byte) 18);
        bytes.putInt(BatchLayout.LAST_OFFSET_DELTA, 9);
        RecordCursor cursor = new RecordBatch().wrap(bytes, 0).records();
        assertTrue(cursor.next());
        assertTrue(cursor.next());
        assertEquals(9, cursor.offset());
        assertFalse(cursor.next());
    }

    @Test
    void appendTimeStandsForAllRecords() throws Exception {
        ByteBuffer bytes =
                Batches.of(Compression.NONE, List.of(TestRecord.of(5, null, null), TestRecord.of(9, null, null)));
        bytes.putShort(BatchLayout.ATTRIBUTES, (short) BatchLayout.APPEND_TIME_FLAG);
        RecordBatch batch = new RecordBatch().wrap(bytes, 0);
        RecordCursor cursor = batch.records();
        assertTrue(cursor.next());
        assertEquals(9, cursor.eventTimeMs());
        assertEquals(9, batch.eventTimes(new EventTimes()).minMs);
    }

    @Test
    void mistakesOfTheCallerAreSaidPlainly() {
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        ByteBuffer little = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        assertThrows(IllegalArgumentException.class, () -> builder.reset(little));
        assertThrows(IllegalArgumentException.class, () -> new RecordBatch().wrap(little, 0));
        builder.reset(ByteBuffer.allocate(100));
        assertThrows(IllegalStateException.class, () -> builder.finish(NONE, (short) NONE, NONE));
        assertFalse(new RecordBatchBuilder(Compression.NONE).append(NOW, null, null, List.of()));
    }

    private static ByteBuffer anyBuffer(SplittableRandom random, int capacity) {
        return random.nextBoolean() ? ByteBuffer.allocate(capacity) : ByteBuffer.allocateDirect(capacity);
    }
}
