package io.headwater.record;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Builds and reads batches the short way, for tests. */
final class Batches {
    private Batches() {}

    /** A heap buffer with exactly the batch. */
    static ByteBuffer of(Compression compression, List<TestRecord> records) {
        long room = 0;
        for (TestRecord r : records) {
            // More than enough: each bound has room for a batch header of its own.
            room += RecordBatchBuilder.sizeUpperBound(r.key(), r.value(), r.headers());
        }
        ByteBuffer target = ByteBuffer.allocate((int) room);
        RecordBatchBuilder builder = new RecordBatchBuilder(compression).reset(target);
        for (TestRecord r : records) {
            if (!builder.append(r.eventTimeMs(), r.key(), r.value(), r.headers())) {
                throw new AssertionError("no room for " + r);
            }
        }
        int size = builder.finish(7, (short) 3, 42);
        byte[] bytes = new byte[size];
        target.get(0, bytes);
        return ByteBuffer.wrap(bytes);
    }

    static List<TestRecord> read(ByteBuffer batch) throws InvalidBatchException {
        return read(new RecordBatch().wrap(batch, batch.position()), new RecordCursor());
    }

    static List<TestRecord> read(RecordBatch batch, RecordCursor cursor) throws InvalidBatchException {
        List<TestRecord> records = new ArrayList<>();
        batch.records(cursor);
        while (cursor.next()) {
            records.add(TestRecord.copyOf(cursor));
        }
        return records;
    }

    static ByteBuffer direct(ByteBuffer from) {
        return ByteBuffer.allocateDirect(from.remaining()).put(from.duplicate()).flip();
    }
}
