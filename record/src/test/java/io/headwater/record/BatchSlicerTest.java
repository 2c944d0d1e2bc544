package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches of some of a batch's records, and batches of none, read by us and by Kafka. */
final class BatchSlicerTest {
    @ParameterizedTest
    @EnumSource
    void aSliceKeepsItsRecordsAsTheyWere(Compression compression) {
        BatchSlicer slicer = new BatchSlicer();
        Seeds.run(200, random -> {
            List<TestRecord> records = TestRecord.randomList(random, 40);
            ByteBuffer bytes = Batches.of(compression, records);
            RecordBatch batch = new RecordBatch().wrap(bytes, 0);
            batch.stamp(1_000, 5);
            boolean[] kept = new boolean[records.size()];
            for (int i = 0; i < kept.length; i++) {
                kept[i] = random.nextInt(3) > 0;
            }
            kept[random.nextInt(kept.length)] = true;
            boolean compressed = random.nextBoolean();
            ByteBuffer slice = slice(slicer, batch, kept, compressed);
            RecordBatch sliced = new RecordBatch().wrap(slice, 0);
            assertTrue(sliced.crcMatches());
            assertTrue(compressed || sliced.compression() == Compression.NONE);
            assertEquals(5, sliced.leaderEpoch());
            assertEquals(7, sliced.producerId());
            assertEquals(42, sliced.baseSequence());
            assertEquals(records.size() - 1, sliced.lastOffsetDelta());
            assertEquals(batch.baseTimestamp(), sliced.baseTimestamp());

            MutableRecordBatch theirs =
                    MemoryRecords.readableRecords(slice).batches().iterator().next();
            theirs.ensureValid();
            assertEquals(1_000 + records.size() - 1, theirs.lastOffset());
            Iterator<Record> read = theirs.iterator();
            RecordCursor cursor = sliced.records();
            for (int i = 0; i < kept.length; i++) {
                if (kept[i]) {
                    assertTrue(cursor.next());
                    assertEquals(1_000 + i, cursor.offset());
                    assertEquals(records.get(i), TestRecord.copyOf(cursor));
                    assertEquals(1_000 + i, read.next().offset());
                }
            }
            assertTrue(!cursor.next() && !read.hasNext());
            // The same choice makes the same bytes, and all of a slice is the slice.
            assertEquals(slice, slice(slicer, batch, kept, compressed));
            boolean[] all = new boolean[sliced.recordCount()];
            Arrays.fill(all, true);
            assertEquals(slice, slice(slicer, sliced, all, compressed));
        });
    }

    private static ByteBuffer slice(BatchSlicer slicer, RecordBatch batch, boolean[] kept, boolean compressed)
            throws InvalidBatchException {
        slicer.open(batch);
        assertEquals(kept.length, slicer.recordCount());
        ByteBuffer target = ByteBuffer.allocate(BatchLayout.HEADER_SIZE + slicer.sizeInBytes(0, kept.length));
        slicer.begin(target);
        for (int i = 0; i < kept.length; i++) {
            if (kept[i]) {
                assertEquals(slicer.offset(i), slicer.record(i).offset());
                slicer.add(i, i + 1);
            }
        }
        int size = compressed ? slicer.finishCompressed() : slicer.finish();
        assertEquals(size, target.position());
        return target.flip();
    }

    @ParameterizedTest
    @EnumSource
    void aSliceIsCompressedWhereThatMakesItSmaller(Compression compression) throws InvalidBatchException {
        List<TestRecord> records = new ArrayList<>();
        byte[] value = new byte[500];
        for (int i = 0; i < 20; i++) {
            records.add(new TestRecord(i, null, value, List.of()));
        }
        RecordBatch batch = new RecordBatch().wrap(Batches.of(compression, records), 0);
        boolean[] kept = new boolean[20];
        Arrays.fill(kept, 3, 15, true);
        ByteBuffer slice = slice(new BatchSlicer(), batch, kept, true);
        assertEquals(compression, new RecordBatch().wrap(slice, 0).compression());
        assertTrue(compression == Compression.NONE ? slice.limit() > 6000 : slice.limit() < 1000);
    }

    @Test
    void aHoleIsAnEntryWithoutRecordsThatEveryReaderPasses() throws InvalidBatchException {
        ByteBuffer bytes = ByteBuffer.allocate(3 + Hole.SIZE).position(3);
        Hole.encode(bytes, 17, Hole.MOST_ENTRIES, 1_000, Integer.MAX_VALUE, 5, 123);
        Envelope envelope = new Envelope().wrap(bytes.flip(), 3);
        assertTrue(envelope.crcMatches() && envelope.payloadCrcMatches());
        assertEquals(EntryKind.DATA, envelope.kind());
        assertEquals(Hole.SIZE, envelope.length());
        assertEquals(17, envelope.entryIndex());
        assertEquals(Hole.MOST_ENTRIES, envelope.entryCount());
        assertEquals(1_000, envelope.baseOffset());
        assertEquals(Integer.MAX_VALUE, envelope.recordCount());
        assertEquals(5, envelope.leaderEpoch());
        assertEquals(123, envelope.ingestionTimeMs());
        assertTrue(envelope.minEventTimeMs() > envelope.maxEventTimeMs());
        RecordBatch batch = new RecordBatch().wrap(bytes, 3 + Envelope.SIZE);
        assertTrue(batch.crcMatches());
        assertEquals(List.of(), Batches.read(batch, new RecordCursor()));
        assertEquals(0, new BatchSlicer().open(batch).recordCount());
        // Only a rewriting makes them: no producer may.
        assertThrows(InvalidBatchException.class, batch::validate);

        MutableRecordBatch theirs = MemoryRecords.readableRecords(
                        bytes.position(3 + Envelope.SIZE).slice())
                .batches()
                .iterator()
                .next();
        theirs.ensureValid();
        assertEquals(1_000L + Integer.MAX_VALUE - 1, theirs.lastOffset());
        assertTrue(!theirs.iterator().hasNext());
    }

    @Test
    void aHoleTakesNoMoreThanItCanSay() {
        ByteBuffer bytes = ByteBuffer.allocate(Hole.SIZE);
        for (int[] bad : new int[][] {{0, 1}, {Hole.MOST_ENTRIES + 1, 1}, {1, 0}}) {
            assertThrows(IllegalArgumentException.class, () -> Hole.encode(bytes, 1, bad[0], 1, bad[1], 1, 1));
        }
    }
}
