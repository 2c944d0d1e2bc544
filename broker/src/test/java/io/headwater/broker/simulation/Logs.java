package io.headwater.broker.simulation;

import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.LogSlice;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What stands in a log. */
final class Logs {
    private Logs() {}

    /** The values of its records, at the offsets 0, 1, and so on. */
    static List<String> values(PartitionLog log) {
        try {
            return read(log);
        } catch (CorruptLogException e) {
            throw new AssertionError(e);
        }
    }

    /** @throws CorruptLogException where a bit has rotted that nobody had come by yet; now somebody has, or did a moment ago */
    static List<String> read(PartitionLog log) throws CorruptLogException {
        List<String> values = new ArrayList<>();
        RecordBatch batch = new RecordBatch();
        try {
            for (long at = 0; at < log.endOffset(); ) {
                try (LogSlice slice = log.read(at, log.endOffset(), 1 << 20, null)) {
                    ByteBuffer bytes = ByteBuffer.allocate(slice.sizeInBytes());
                    slice.copyTo(bytes);
                    bytes.flip();
                    for (int entry = 0; entry < bytes.limit(); entry += bytes.getInt(entry)) {
                        RecordCursor record =
                                batch.wrap(bytes, entry + Envelope.SIZE).records();
                        while (record.next()) {
                            if (record.offset() != values.size()) {
                                throw new History.Violation(
                                        "offset " + record.offset() + " (expected: " + values.size() + ")");
                            }
                            values.add(new String(record.value(), StandardCharsets.UTF_8));
                        }
                    }
                    at = slice.nextOffset();
                }
            }
        } catch (CorruptLogException e) {
            throw e;
        } catch (StorageException | InvalidBatchException e) {
            if (e.getCause() instanceof CorruptLogException found) {
                throw found;
            }
            throw new AssertionError(e);
        }
        return values;
    }
}
