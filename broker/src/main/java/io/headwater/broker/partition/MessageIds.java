package io.headwater.broker.partition;

import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The hashes of the message ids of a batch: the last {@code hw-message-id} header of each record. An empty one is none.
 *
 * <p>128 bits of SHA-256: a record that met the hash of another id would be taken for its duplicate and not be stored, so
 * that nobody must be able to make ids that meet. By chance, one of 10^12 records meets one of ten million ids in the
 * window with a probability of 10^19 / 2^128, which is less than 10^-19.
 *
 * <p>Reusable; not thread-safe.
 */
final class MessageIds {
    static final String HEADER = "hw-message-id";

    private static final int FIRST_ROOM = 64;
    /** Room for more is for one batch only. */
    private static final int MOST_KEPT = 4_096;

    private final MessageDigest digest;
    private final byte[] hash = new byte[32];
    private final ByteBuffer hashed = ByteBuffer.wrap(hash);
    private int[] deltas = new int[FIRST_ROOM];
    private long[] highs = new long[FIRST_ROOM];
    private long[] lows = new long[FIRST_ROOM];
    private int count;

    MessageIds() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256: every Java platform has it", e);
        }
    }

    /** Borrows the batch. */
    MessageIds read(RecordBatch batch, RecordCursor cursor) throws InvalidBatchException {
        count = 0;
        if (deltas.length > MOST_KEPT) {
            deltas = new int[FIRST_ROOM];
            highs = new long[FIRST_ROOM];
            lows = new long[FIRST_ROOM];
        }
        batch.records(cursor);
        while (cursor.next()) {
            if (cursor.headerCount() > 0) {
                byte[] id = null;
                for (RecordHeader header : cursor.headers()) {
                    id = header.name().equals(HEADER) ? header.value() : id;
                }
                if (id != null && id.length > 0) {
                    add((int) (cursor.offset() - batch.baseOffset()), id);
                }
            }
        }
        return this;
    }

    private void add(int delta, byte[] id) {
        if (count == deltas.length) {
            deltas = Arrays.copyOf(deltas, 2 * count);
            highs = Arrays.copyOf(highs, 2 * count);
            lows = Arrays.copyOf(lows, 2 * count);
        }
        try {
            digest.update(id);
            digest.digest(hash, 0, hash.length);
        } catch (DigestException e) {
            throw new IllegalStateException("SHA-256: 32 bytes are too few", e);
        }
        deltas[count] = delta;
        highs[count] = hashed.getLong(0);
        // Zero twice would be no hash.
        lows[count] = hashed.getLong(Long.BYTES) | (highs[count] == 0 ? 1 : 0);
        count++;
    }

    int count() {
        return count;
    }

    int delta(int index) {
        return deltas[index];
    }

    long high(int index) {
        return highs[index];
    }

    long low(int index) {
        return lows[index];
    }
}
