package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No damaged byte goes unnoticed. */
final class DamageTest {
    @ParameterizedTest
    @EnumSource
    void noticesEveryFlippedBitOfADataEntry(Compression compression) throws Exception {
        assertEveryFlipIsNoticed(Entries.data(compression));
    }

    @Test
    void noticesEveryFlippedBitOfAControlEntry() {
        assertEveryFlipIsNoticed(Entries.control());
    }

    private static void assertEveryFlipIsNoticed(ByteBuffer entry) {
        assertTrue(isIntact(entry));
        for (int bit = 0; bit < 8 * entry.limit(); bit++) {
            flip(entry, bit);
            assertFalse(isIntact(entry), "bit " + bit % 8 + " of byte " + bit / 8);
            flip(entry, bit);
        }
        assertTrue(isIntact(entry));
    }

    private static boolean isIntact(ByteBuffer entry) {
        Envelope envelope = new Envelope().wrap(entry, 0);
        return envelope.crcMatches() && envelope.payloadCrcMatches();
    }

    /** What a producer sent has no envelope yet; base offset and leader epoch are the broker's to fill in. */
    @ParameterizedTest
    @EnumSource
    void noticesEveryFlippedBitOfABatch(Compression compression) throws Exception {
        ByteBuffer batch = Batches.of(compression, Entries.records());
        for (int bit = 0; bit < 8 * batch.limit(); bit++) {
            int at = bit / 8;
            boolean isTheBrokers =
                    at < BatchLayout.LENGTH || (at >= BatchLayout.LEADER_EPOCH && at < BatchLayout.MAGIC);
            if (!isTheBrokers) {
                flip(batch, bit);
                assertThrows(
                        InvalidBatchException.class,
                        () -> new RecordBatch().wrap(batch, 0).validate(),
                        "bit " + bit % 8 + " of byte " + at);
                flip(batch, bit);
            }
        }
        new RecordBatch().wrap(batch, 0).validate();
    }

    @ParameterizedTest
    @EnumSource
    void noticesATruncationAtEveryByte(Compression compression) throws Exception {
        ByteBuffer entry = Entries.data(compression);
        int whole = entry.limit();
        for (int length = Envelope.SIZE; length < whole; length++) {
            entry.limit(length);
            assertFalse(isIntact(entry), length + " bytes");
            assertThrows(InvalidBatchException.class, () -> new RecordBatch().wrap(entry, Envelope.SIZE));
        }
        entry.limit(whole);
        assertTrue(isIntact(entry));
    }

    /** With length and checksum that fit what is left, so that only the records can give the cut away. */
    @ParameterizedTest
    @EnumSource
    void noticesRecordsThatEndEarly(Compression compression) throws Exception {
        ByteBuffer whole = Batches.of(compression, Entries.records());
        for (int size = BatchLayout.HEADER_SIZE; size < whole.limit(); size++) {
            ByteBuffer cut = whole.duplicate().limit(size);
            cut.putInt(BatchLayout.LENGTH, size - BatchLayout.LENGTH_OVERHEAD);
            assertThrows(InvalidBatchException.class, () -> Batches.read(cut), size + " bytes");
            if (compression == Compression.NONE) {
                RecordBatch batch = new RecordBatch().wrap(cut, 0);
                assertThrows(InvalidBatchException.class, () -> batch.eventTimes(new EventTimes()));
            }
        }
    }

    private static void flip(ByteBuffer bytes, int bit) {
        bytes.put(bit / 8, (byte) (bytes.get(bit / 8) ^ (1 << (bit % 8))));
    }
}
