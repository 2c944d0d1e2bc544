package io.headwater.record;

import java.nio.ByteBuffer;

/**
 * Finds the bounds of the event times in the records of an uncompressed batch, and whether each record is well formed.
 * The broker does this for every record it takes in, so there is a short way for the common record: numbers of one or
 * two bytes, no headers, everything in local variables. The short way refuses nothing; what it does not know goes to
 * {@link RecordParser}, which reads any record and says what is wrong with a bad one.
 */
final class EventTimeScan {
    private static final long UNCOMMON = -1;
    /** More than the fields of a common record take beside key and value. */
    private static final int ROOM_FOR_FIELDS = 16;

    private final RecordParser parser = new RecordParser();

    /** Reads all records of the batch; returns {@code reuse}, filled in. */
    EventTimes scan(RecordBatch batch, EventTimes reuse) throws InvalidBatchException {
        ByteBuffer bytes = batch.buffer();
        int end = batch.position() + batch.sizeInBytes();
        int count = batch.recordCount();
        if (count <= 0) {
            throw new InvalidBatchException("record count: " + count + " (expected: at least 1)");
        }
        long base = batch.baseTimestamp();
        int at = batch.position() + BatchLayout.HEADER_SIZE;
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            long time = base;
            long common = common(bytes, at, end, i);
            if (common != UNCOMMON) {
                int zigzag = (int) common;
                time += (zigzag >>> 1) ^ -(zigzag & 1);
                at = (int) (common >>> 32);
            } else {
                time += parsed(bytes, at, end, i);
                at = parser.at;
            }
            min = Math.min(min, time);
            max = Math.max(max, time);
        }
        if (at != end) {
            throw RecordBatch.trailing(end - at, count);
        }
        return reuse.set(min, max);
    }

    private long parsed(ByteBuffer bytes, int at, int end, int index) throws InvalidBatchException {
        parser.buffer = bytes;
        parser.at = at;
        parser.parse(end);
        if (parser.offsetDelta != index) {
            throw new InvalidBatchException("offset delta: " + parser.offsetDelta + " (expected: " + index + ")");
        }
        return parser.timestampDelta;
    }

    /** The common record's end and, in the low half, its timestamp delta, still zigzag; else {@link #UNCOMMON}. */
    private static long common(ByteBuffer bytes, int start, int end, int index) {
        if (end - start < ROOM_FOR_FIELDS) {
            return UNCOMMON;
        }
        int at = start;
        int length = bytes.get(at++);
        if (length < 0) {
            length = (length & 0x7f) | (bytes.get(at++) << 7);
        }
        int limit = at + (length >> 1);
        at++; // Attributes.
        int time = bytes.get(at++);
        if (time < 0) {
            time = (time & 0x7f) | (bytes.get(at++) << 7);
        }
        int offset = bytes.get(at++);
        if (offset < 0) {
            offset = (offset & 0x7f) | (bytes.get(at++) << 7);
        }
        int key = bytes.get(at++);
        // A second byte that has a third behind it makes its number negative; odd numbers are negative by zigzag, and
        // of
        // these only -1, for no bytes at all, is a length.
        if (length < 0 || (length & 1) != 0 || limit > end || time < 0 || offset != index << 1) {
            return UNCOMMON;
        }
        if (key < 0 || ((key & 1) != 0 && key != 1)) {
            return UNCOMMON;
        }
        at += key >> 1;
        if (at > end - 3) {
            return UNCOMMON;
        }
        int value = bytes.get(at++);
        if (value < 0) {
            value = (value & 0x7f) | (bytes.get(at++) << 7);
        }
        if (value < 0 || ((value & 1) != 0 && value != 1)) {
            return UNCOMMON;
        }
        at += value >> 1;
        // Only the header count is left, and it is 0.
        return at == limit - 1 && bytes.get(at) == 0 ? ((long) limit << 32) | time : UNCOMMON;
    }
}
