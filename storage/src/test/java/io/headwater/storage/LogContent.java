package io.headwater.storage;

import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads records back the way a consumer does: slice by slice, every checksum looked at. */
final class LogContent {
    private LogContent() {}

    static List<String> all(PartitionLog log) throws StorageException {
        return range(log, log.startOffset(), log.endOffset(), 4096, null);
    }

    static List<String> range(PartitionLog log, long from, long until, int maxBytes, @Nullable TimeRange times)
            throws StorageException {
        List<String> values = new ArrayList<>();
        long offset = from;
        while (offset < until) {
            try (LogSlice slice = log.read(offset, until, maxBytes, times)) {
                if (slice.nextOffset() <= offset) {
                    throw new AssertionError("no progress at " + offset);
                }
                values.addAll(values(slice, offset, times));
                offset = slice.nextOffset();
            }
        }
        return values;
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
    }

    /** {@code offset:value} of the records from an offset on, and in a range of event times if there is one. */
    static List<String> values(LogSlice slice, long from, @Nullable TimeRange times) throws StorageException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(slice.sizeInBytes());
        slice.copyTo(bytes);
        bytes.flip();
        List<String> values = new ArrayList<>();
        Envelope envelope = new Envelope();
        long offsets = 0;
        for (int at = 0; at < bytes.limit(); ) {
            envelope.wrap(bytes, at);
            if (!envelope.crcMatches() || !envelope.payloadCrcMatches() || envelope.kind() != EntryKind.DATA) {
                throw new AssertionError("damaged bytes were served at " + at);
            }
            try {
                RecordCursor cursor =
                        new RecordBatch().wrap(bytes, at + Envelope.SIZE).records();
                while (cursor.next()) {
                    long time = cursor.eventTimeMs();
                    if (cursor.offset() >= from && (times == null || times.overlaps(time, time))) {
                        values.add(cursor.offset() + ":" + text(cursor.value()));
                    }
                }
            } catch (InvalidBatchException e) {
                throw new AssertionError(e);
            }
            offsets += envelope.recordCount();
            at += envelope.length();
        }
        if (offsets != slice.recordCount()) {
            throw new AssertionError("slice says " + slice.recordCount() + " offsets, and holds " + offsets);
        }
        return values;
    }
}
