package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What we write, Kafka's own classes read, and the other way round. */
final class KafkaCompatibilityTest {
    @ParameterizedTest
    @EnumSource
    void kafkaReadsWhatWeWrite(Compression compression) {
        Seeds.run(200, random -> {
            List<TestRecord> records = TestRecord.randomList(random, 40);
            ByteBuffer ours = Batches.of(compression, records);
            RecordBatch batch = new RecordBatch().wrap(ours, 0);
            batch.stamp(1_000, 5);

            MutableRecordBatch theirs = onlyBatch(ours);
            theirs.ensureValid();
            assertEquals(batch.sizeInBytes(), theirs.sizeInBytes());
            assertEquals(1_000, theirs.baseOffset());
            assertEquals(1_000 + records.size() - 1, theirs.lastOffset());
            assertEquals(5, theirs.partitionLeaderEpoch());
            assertEquals(7, theirs.producerId());
            assertEquals(3, theirs.producerEpoch());
            assertEquals(42, theirs.baseSequence());
            assertEquals(42 + records.size() - 1, theirs.lastSequence());
            assertEquals(records.size(), theirs.countOrNull());
            assertEquals(TimestampType.CREATE_TIME, theirs.timestampType());
            assertEquals(batch.compression().id(), theirs.compressionType().id);
            assertEquals(
                    records.stream().mapToLong(TestRecord::eventTimeMs).max().orElseThrow(), theirs.maxTimestamp());
            assertEquals(
                    records.stream().mapToLong(TestRecord::eventTimeMs).min().orElseThrow(), batch.baseTimestamp());

            Iterator<Record> read = theirs.iterator();
            for (int i = 0; i < records.size(); i++) {
                Record record = read.next();
                assertEquals(1_000 + i, record.offset());
                assertEquals(records.get(i), copyOf(record));
            }
            assertFalse(read.hasNext());
        });
    }

    @ParameterizedTest
    @EnumSource
    void weReadWhatKafkaWrites(Compression compression) {
        // Kafka's builder refuses negative timestamps, though the format has them.
        RecordBatch batch = new RecordBatch();
        RecordCursor cursor = new RecordCursor();
        Seeds.run(200, random -> {
            List<TestRecord> records = TestRecord.randomList(random, 40).stream()
                    .map(r -> new TestRecord(r.eventTimeMs() & Long.MAX_VALUE, r.key(), r.value(), r.headers()))
                    .toList();
            ByteBuffer theirs = writtenByKafka(compression, records);
            batch.wrap(random.nextBoolean() ? theirs : Batches.direct(theirs), 0);

            batch.validate();
            assertEquals(theirs.remaining(), batch.sizeInBytes());
            assertEquals(compression, batch.compression());
            assertEquals(0, batch.baseOffset());
            assertEquals(9, batch.producerId());
            assertEquals(2, batch.producerEpoch());
            assertEquals(77, batch.baseSequence());
            assertEquals(records.size(), batch.recordCount());
            assertEquals(records, Batches.read(batch, cursor));
            if (compression == Compression.NONE) {
                EventTimes times = batch.eventTimes(new EventTimes());
                assertEquals(
                        records.stream()
                                .mapToLong(TestRecord::eventTimeMs)
                                .min()
                                .orElseThrow(),
                        times.minMs);
                assertEquals(
                        records.stream()
                                .mapToLong(TestRecord::eventTimeMs)
                                .max()
                                .orElseThrow(),
                        times.maxMs);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void manyMegabytesGoBothWays(Compression compression) throws Exception {
        List<TestRecord> records = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            records.add(TestRecord.of(1_700_000_000_000L + i % 977, "key-" + i % 13, "value " + i * 31L + " of a log"));
        }
        assertEquals(records, Batches.read(writtenByKafka(compression, records)));
        List<TestRecord> read = new ArrayList<>();
        onlyBatch(Batches.of(compression, records)).forEach(record -> read.add(copyOf(record)));
        assertEquals(records, read);
    }

    private static MutableRecordBatch onlyBatch(ByteBuffer bytes) {
        Iterator<MutableRecordBatch> batches =
                MemoryRecords.readableRecords(bytes).batches().iterator();
        MutableRecordBatch batch = batches.next();
        assertFalse(batches.hasNext());
        return batch;
    }

    private static ByteBuffer writtenByKafka(Compression compression, List<TestRecord> records) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(1 << 16),
                (byte) 2,
                org.apache.kafka.common.compress.Compression.of(CompressionType.forId(compression.id()))
                        .build(),
                TimestampType.CREATE_TIME,
                0,
                -1,
                9,
                (short) 2,
                77);
        for (TestRecord r : records) {
            Header[] headers = r.headers().stream()
                    .map(h -> new org.apache.kafka.common.header.internals.RecordHeader(h.name(), h.value()))
                    .toArray(Header[]::new);
            builder.append(r.eventTimeMs(), r.key(), r.value(), headers);
        }
        return builder.build().buffer();
    }

    private static TestRecord copyOf(Record record) {
        List<RecordHeader> headers = new ArrayList<>();
        for (Header header : new RecordHeaders(record.headers())) {
            headers.add(new RecordHeader(header.key(), header.value()));
        }
        return new TestRecord(record.timestamp(), bytes(record.key()), bytes(record.value()), headers);
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        return buffer == null ? null : Utils.toArray(buffer);
    }
}
