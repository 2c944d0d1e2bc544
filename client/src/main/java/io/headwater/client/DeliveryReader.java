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
 * checked before a record of it is handed out, and that it goes on where the one before ended; records that were not
 * asked for are dropped here.
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
     * @throws HeadwaterException the bytes are damaged, or not those that come next; nothing of that entry was added
     */
    boolean read(PartitionReader reader, List<ConsumedRecord> out, int max) {
        try {
            while (out.size() < max) {
                if (cursor == null && !nextEntry(reader)) {
                    checkEnd(reader);
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
        long position = reader.expected(epoch);
        if (position < 0) {
            leaveOutTheRest();
            return;
        }
        long until = reader.untilOffset;
        while (out.size() < max) {
            if (!records.next()) {
                cursor = null;
                // Also past what is gone at its end.
                position = Math.max(position, Math.min(until, batch.baseOffset() + batch.lastOffsetDelta() + 1));
                break;
            }
            long offset = records.offset();
            if (offset < position) {
                continue;
            }
            if (offset >= until) {
                leaveOutTheRest();
                break;
            }
            position = offset + 1;
            if (!filters || isWanted(records.eventTimeMs())) {
                out.add(new StoredRecord(from, records));
            }
        }
        reader.handedOut(from.epoch(), position);
    }

    private void leaveOutTheRest() {
        cursor = null;
        entryEnd = data.limit();
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
        long expected = reader.expected(epoch);
        if (expected < 0 || batch.baseOffset() >= reader.untilOffset) {
            leaveOutTheRest();
            return false;
        }
        checkContinues(reader, expected);
        if (envelope.ingestionTimeMs() >= reader.untilIngestionMs) {
            reader.untilOffset = Math.min(reader.untilOffset, batch.baseOffset());
            leaveOutTheRest();
            return false;
        }
        // A compressed batch inflates into its cursor's own memory, which the records keep: it cannot be used again.
        RecordCursor records = batch.compression() == Compression.NONE ? batch.records(reusedCursor) : batch.records();
        cursor = records;
        source = new StoredRecord.Source(reader, epoch, envelope.ingestionTimeMs(), records.buffer());
        return true;
    }

    /**
     * The first batch may begin before what was asked for, and a filter may leave
     * some out.
     */
    private void checkContinues(PartitionReader reader, long expected) {
        long from = batch.baseOffset();
        // Also of records that are gone: what is left spans the offsets that it had.
        long until = from + batch.lastOffsetDelta() + 1;
        if (expected >= until || (!filters && expected < from)) {
            throw outOfOrder(reader, expected, "a batch of the offsets " + from + " to " + (until - 1) + " came");
        }
    }

    /** What a delivery says to have brought is what it brought, or was skipped by the filter. */
    private void checkEnd(PartitionReader reader) {
        long expected = reader.expected(epoch);
        if (delivery == null || expected < 0) {
            return;
        }
        long next = delivery.nextOffset();
        if (next < expected || (!filters && Math.min(next, reader.untilOffset) > expected)) {
            throw outOfOrder(reader, expected, "a delivery ended that says to go on from offset " + next);
        }
    }

    private static HeadwaterException outOfOrder(PartitionReader reader, long expected, String what) {
        return new HeadwaterException.Rejected(
                WireErrors.OUT_OF_ORDER_DELIVERY,
                "partition " + reader + ": " + what + " where offset " + expected + " was expected");
    }

    private static HeadwaterException damaged(PartitionReader reader, @Nullable String why) {
        return new HeadwaterException.Rejected(
                WireErrors.CORRUPT_BATCH,
                "partition " + reader + ": damaged bytes arrived where offset " + reader.position + " was expected: "
                        + why);
    }
}
