package io.headwater.storage;

import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The last offset of each key, for at most so many keys, each of which takes 32 to 64 bytes from the start. Keys are
 * compared by 128 bits of their SHA-256, so that nobody can choose two that are taken for one.
 */
final class KeyOffsets {
    private static final int WORDS = 3;
    private static final long NONE = -1;

    private final MessageDigest digest;
    private final byte[] digested = new byte[32];
    private final ByteBuffer hash = ByteBuffer.wrap(digested);
    private final int mostKeys;
    private final int mask;
    private final long[] table;
    private int size;

    KeyOffsets(int mostKeys) {
        if (mostKeys < 1 || mostKeys > 1 << 26) {
            throw new IllegalArgumentException("mostKeys: " + mostKeys + " (expected: 1 to " + (1 << 26) + ")");
        }
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        this.mostKeys = mostKeys;
        int places = Integer.highestOneBit((int) (mostKeys * 4L / 3)) << 1;
        this.mask = places - 1;
        this.table = new long[places * WORDS];
        for (int i = 2; i < table.length; i += WORDS) {
            table[i] = NONE;
        }
    }

    /** Notes the record, which has a key; offsets only rise. False: there is no room for another key. */
    boolean put(RecordCursor record) {
        int at = find(record);
        if (table[at + 2] == NONE) {
            if (size == mostKeys) {
                return false;
            }
            size++;
            table[at] = hash.getLong(0);
            table[at + 1] = hash.getLong(8);
        }
        table[at + 2] = record.offset();
        return true;
    }

    /** Of the record's key; -1 if it is not known. */
    long get(RecordCursor record) {
        return table[find(record) + 2];
    }

    /** The key's place, or the free one for it. */
    private int find(RecordCursor record) {
        digest.update(record.buffer().slice(record.keyPosition(), record.keyLength()));
        try {
            digest.digest(digested, 0, digested.length);
        } catch (DigestException e) {
            throw new IllegalStateException("a digest of 32 bytes", e);
        }
        long high = hash.getLong(0);
        long low = hash.getLong(8);
        int place = (int) low & mask;
        while (true) {
            int at = place * WORDS;
            if (table[at + 2] == NONE || (table[at] == high && table[at + 1] == low)) {
                return at;
            }
            place = (place + 1) & mask;
        }
    }
}
