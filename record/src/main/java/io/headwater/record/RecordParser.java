package io.headwater.record;

import java.nio.ByteBuffer;

/**
 * Reads one record after the other out of uncompressed bytes that may be hostile: every length is checked against the
 * record, every record against the end. What it found stands in its fields until the next one; nothing is allocated.
 */
final class RecordParser {
    /** The smallest record: length, attributes, two deltas, key length, value length, header count; a byte each. */
    static final int MIN_RECORD_SIZE = 7;

    ByteBuffer buffer = ByteBuffer.allocate(0);
    /** Where the next record starts, after a {@link #parse}. */
    int at;

    int recordStart;
    long timestampDelta;
    int offsetDelta;
    int keyPosition;
    int keyLength;
    int valuePosition;
    int valueLength;
    int headerCount;
    int headersPosition;

    private int limit;

    /** Reads the record at {@link #at}, which must end at or before {@code end}. */
    void parse(int end) throws InvalidBatchException {
        recordStart = at;
        limit = end;
        int length = varint();
        if (length < MIN_RECORD_SIZE - 1 || length > end - at) {
            throw new InvalidBatchException("record length: " + length + " (expected: " + (MIN_RECORD_SIZE - 1) + " to "
                    + (end - at) + ", what is left)");
        }
        limit = at + length;
        at++; // Attributes: unused in magic 2.
        timestampDelta = varlong();
        offsetDelta = varint();
        keyLength = length("key length");
        keyPosition = at;
        at += Math.max(0, keyLength);
        valueLength = length("value length");
        valuePosition = at;
        at += Math.max(0, valueLength);
        headerCount = varint();
        headersPosition = at;
        if (headerCount != 0) {
            skipHeaders();
        }
        if (at != limit) {
            throw new InvalidBatchException(
                    "record: " + (limit - at) + " bytes behind its last field (expected: none)");
        }
    }

    private void skipHeaders() throws InvalidBatchException {
        // The least that a header takes is two bytes; a greater claim is refused before anything is sized by it.
        if (headerCount < 0 || headerCount > (limit - at) >> 1) {
            throw new InvalidBatchException(
                    "header count: " + headerCount + " (expected: 0 to " + ((limit - at) >> 1) + ", what fits)");
        }
        for (int i = 0; i < headerCount; i++) {
            int nameLength = length("header name length");
            if (nameLength < 0) {
                throw new InvalidBatchException("header name length: " + nameLength + " (expected: 0 or more)");
            }
            at += nameLength;
            int headerValueLength = length("header value length");
            at += Math.max(0, headerValueLength);
        }
    }

    /** A length in front of bytes, -1 for none at all; what it counts is inside the record. */
    private int length(String what) throws InvalidBatchException {
        int length = varint();
        if (length < -1 || length > limit - at) {
            throw new InvalidBatchException(
                    what + ": " + length + " (expected: -1 to " + (limit - at) + ", what is left of the record)");
        }
        return length;
    }

    int varint() throws InvalidBatchException {
        if (at >= limit) {
            throw truncated();
        }
        byte first = buffer.get(at++);
        int zigzag = first >= 0 ? first : longerInt(first);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    private int longerInt(byte first) throws InvalidBatchException {
        int value = first & 0x7f;
        for (int shift = 7; shift < 35; shift += 7) {
            if (at >= limit) {
                throw truncated();
            }
            byte next = buffer.get(at++);
            value |= (next & 0x7f) << shift;
            if (next >= 0) {
                if (shift == 28 && next > 0x0f) {
                    break;
                }
                return value;
            }
        }
        throw new InvalidBatchException("varint: more than 32 bits (expected: an int)");
    }

    private long varlong() throws InvalidBatchException {
        if (at >= limit) {
            throw truncated();
        }
        byte first = buffer.get(at++);
        long zigzag = first >= 0 ? first : longerLong(first);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    private long longerLong(byte first) throws InvalidBatchException {
        long value = first & 0x7f;
        for (int shift = 7; shift < 70; shift += 7) {
            if (at >= limit) {
                throw truncated();
            }
            byte next = buffer.get(at++);
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                if (shift == 63 && next > 1) {
                    break;
                }
                return value;
            }
        }
        throw new InvalidBatchException("varint: more than 64 bits (expected: a long)");
    }

    private static InvalidBatchException truncated() {
        return new InvalidBatchException("record: ends within a field (expected: whole fields)");
    }
}
