package io.headwater.client;

import io.headwater.record.Compression;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Goes over the entries of one delivery after the other, on the user's thread. Every entry's envelope and batch are
 * checked before a record of it is handed out; records that were not asked for are dropped here.
 */
final class DeliveryReader {
    private final long eventFromMs;
    private final long eventUntilMs;
    private final boolean filters;
    private final Envelope envelope = new Envelope();
    private final RecordBatch batch = new RecordBatch();
    private final RecordCursor reusedCursor = new RecordCursor();
    private @Nullable Delivery delivery;
    private ByteBuffer data = ByteBuffer.allocate(0);
    private int epoch;
    private int entryEnd;
    private @Nullable RecordCursor cursor;
    private StoredRecord.@Nullable Source source;

    DeliveryReader(ConsumerSettings settings) {
        this.eventFromMs = settings.eventFromMs();
        this.eventUntilMs = settings.eventUntilMs();
        this.filters = settings.filtersEventTime();
    }

    void open(Delivery next) {
        delivery = next;
        epoch = next.epoch();
        data = ByteBuffer.wrap(next.data());
        entryEnd = 0;
        cursor = null;
    }

    @Nullable
    Delivery delivery() {
        return delivery;
    }

    void drop() {
        delivery = null;
        cursor = null;
        source = null;
    }

    /**
     * Adds records until there are {@code max} in all.
     *
     * @return true: the delivery is read to its end
     * @throws HeadwaterException the bytes are damaged; nothing of the damaged entry was added
     */
    boolean read(PartitionReader reader, List<ConsumedRecord> out, int max) {
        try {
            while (out.size() < max) {
                if (cursor == null && !nextEntry(reader)) {
                    return true;
                }
                readRecords(reader, out, max);
            }
            return false;
        } catch (InvalidBatchException e) {
            throw damaged(reader, e.getMessage());
        }
    }

    private void readRecords(PartitionReader reader, List<ConsumedRecord> out, int max) throws InvalidBatchException {
        RecordCursor records = cursor;
        StoredRecord.Source from = source;
        if (records == null || from == null) {
            return;
        }
        long position = reader.position;
        long until = reader.untilOffset;
        while (out.size() < max) {
            if (!records.next()) {
                cursor = null;
                break;
            }
            long offset = records.offset();
            if (offset < position) {
                continue;
            }
            if (offset >= until) {
                cursor = null;
                entryEnd = data.limit();
                break;
            }
            position = offset + 1;
            if (!filters || isWanted(records.eventTimeMs())) {
                out.add(new StoredRecord(from, records));
            }
        }
        reader.handedOut(from.epoch(), position);
    }

    private boolean isWanted(long eventTimeMs) {
        return eventTimeMs >= eventFromMs && eventTimeMs < eventUntilMs;
    }

    /** False: there is none. */
    private boolean nextEntry(PartitionReader reader) throws InvalidBatchException {
        int at = entryEnd;
        if (at >= data.limit()) {
            return false;
        }
        if (data.limit() - at < Envelope.SIZE) {
            throw new InvalidBatchException("entry of " + (data.limit() - at) + " bytes (expected: at least 64)");
        }
        envelope.wrap(data, at);
        if (!envelope.crcMatches()) {
            throw new InvalidBatchException("the checksum of an entry's envelope does not match");
        }
        if (envelope.kind() != EntryKind.DATA) {
            throw new InvalidBatchException("entry of kind " + envelope.kind() + " (expected: DATA)");
        }
        batch.wrap(data, at + Envelope.SIZE);
        if (!batch.crcMatches() || envelope.length() != Envelope.SIZE + batch.sizeInBytes()) {
            throw new InvalidBatchException("the checksum of a batch does not match");
        }
        entryEnd = at + envelope.length();
        if (envelope.ingestionTimeMs() >= reader.untilIngestionMs) {
            reader.untilOffset = Math.min(reader.untilOffset, batch.baseOffset());
            entryEnd = data.limit();
            return false;
        }
        // A compressed batch inflates into its cursor's own memory, which the records keep: it cannot be used again.
        RecordCursor records = batch.compression() == Compression.NONE ? batch.records(reusedCursor) : batch.records();
        cursor = records;
        source = new StoredRecord.Source(reader, epoch, envelope.ingestionTimeMs(), records.buffer());
        return true;
    }

    private static HeadwaterException damaged(PartitionReader reader, @Nullable String why) {
        return new HeadwaterException.Rejected(
                "CORRUPT_BATCH",
                "partition " + reader + ": damaged bytes arrived where offset " + reader.position + " was expected: "
                        + why);
    }
}
