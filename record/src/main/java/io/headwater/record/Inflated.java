package io.headwater.record;

import java.util.Arrays;

/**
 * Where a codec puts what it decompressed: grows from what the input makes likely, never from what it claims, and never
 * beyond the bound it was made with. Reused from batch to batch.
 */
final class Inflated {
    private static final int SMALLEST = 4096;

    private final int maxBytes;
    private byte[] bytes = new byte[0];
    private int length;

    Inflated(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    int maxBytes() {
        return maxBytes;
    }

    int free() {
        return bytes.length - length;
    }

    /** Forgets the last batch's bytes and makes room for a first guess at this one's. */
    void clear(long likelyBytes) {
        length = 0;
        long wanted = Math.min(maxBytes, Math.max(SMALLEST, likelyBytes));
        if (bytes.length < wanted) {
            bytes = new byte[(int) wanted];
        }
    }

    void advance(int count) {
        length += count;
    }

    /** Makes room for {@code count} more bytes. */
    void reserve(int count) throws InvalidBatchException {
        if (count > maxBytes - length) {
            throw tooLarge();
        }
        if (count > free()) {
            long doubled = Math.min(maxBytes, 2L * bytes.length);
            bytes = Arrays.copyOf(bytes, (int) Math.max(doubled, length + count));
        }
    }

    /** Makes more room, however much is sensible. */
    void grow() throws InvalidBatchException {
        if (bytes.length >= maxBytes) {
            throw tooLarge();
        }
        bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, Math.max(SMALLEST, 4L * bytes.length)));
    }

    InvalidBatchException tooLarge() {
        return new InvalidBatchException(
                "records: inflate to more than " + maxBytes + " bytes (expected: at most that)");
    }
}
