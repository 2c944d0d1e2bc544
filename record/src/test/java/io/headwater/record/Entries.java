package io.headwater.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Whole entries, the same ones always. */
final class Entries {
    static final long ENTRY_INDEX = 123;
    static final long BASE_OFFSET = 4_567;
    static final int LEADER_EPOCH = 9;
    static final long INGESTED = 1_700_000_001_000L;

    private Entries() {}

    /** Two records, the later one earlier by event time; key, value, headers; compressible. */
    static List<TestRecord> records() {
        return List.of(
                new TestRecord(
                        1_700_000_000_250L,
                        utf8("nc"),
                        utf8("magnitude 1.2, 5 km NNW of The Geysers, CA; ".repeat(3)),
                        List.of(new RecordHeader("source", utf8("usgs")), new RecordHeader("\u00b0", null))),
                new TestRecord(1_700_000_000_000L, null, new byte[0], List.of()));
    }

    /** An envelope and its batch, stamped. */
    static ByteBuffer data(Compression compression) throws InvalidBatchException {
        ByteBuffer bytes = Batches.of(compression, records());
        RecordBatch batch = new RecordBatch().wrap(bytes, 0);
        batch.stamp(BASE_OFFSET, LEADER_EPOCH);
        EventTimes times = batch.eventTimes(new EventTimes());
        ByteBuffer entry = ByteBuffer.allocate(Envelope.SIZE + batch.sizeInBytes());
        new Envelope().wrap(entry, 0).encodeData(batch, times, ENTRY_INDEX, INGESTED);
        entry.put(Envelope.SIZE, bytes, 0, batch.sizeInBytes());
        return entry;
    }

    static ByteBuffer control() {
        ByteBuffer payload = ByteBuffer.wrap(utf8("positions of groups"));
        ByteBuffer entry = ByteBuffer.allocate(Envelope.SIZE + payload.remaining());
        new Envelope()
                .wrap(entry, 0)
                .encodeControl(EntryKind.GROUP_OPS, payload, ENTRY_INDEX, BASE_OFFSET, LEADER_EPOCH, INGESTED);
        entry.put(Envelope.SIZE, payload, 0, payload.remaining());
        return entry;
    }

    static ByteBuffer hole() {
        ByteBuffer entry = ByteBuffer.allocate(Hole.SIZE);
        Hole.encode(entry, ENTRY_INDEX, 300, BASE_OFFSET, 1_000, LEADER_EPOCH, INGESTED);
        return entry.flip();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
