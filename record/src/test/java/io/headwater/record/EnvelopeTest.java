package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class EnvelopeTest {
    @Test
    void tellsWhatADataEntryIs() throws Exception {
        Envelope envelope = new Envelope().wrap(Entries.data(Compression.NONE), 0);
        RecordBatch batch = new RecordBatch().wrap(envelope.buffer(), Envelope.SIZE);
        assertTrue(envelope.crcMatches());
        assertTrue(envelope.payloadCrcMatches());
        assertEquals(Envelope.SIZE + batch.sizeInBytes(), envelope.length());
        assertEquals(Envelope.FORMAT, envelope.format());
        assertEquals(EntryKind.DATA, envelope.kind());
        assertEquals(Entries.ENTRY_INDEX, envelope.entryIndex());
        assertEquals(Entries.BASE_OFFSET, envelope.baseOffset());
        assertEquals(Entries.BASE_OFFSET, batch.baseOffset());
        assertEquals(2, envelope.recordCount());
        assertEquals(Entries.LEADER_EPOCH, envelope.leaderEpoch());
        assertEquals(Entries.LEADER_EPOCH, batch.leaderEpoch());
        assertEquals(Entries.INGESTED, envelope.ingestionTimeMs());
        assertEquals(1_700_000_000_000L, envelope.minEventTimeMs());
        assertEquals(1_700_000_000_250L, envelope.maxEventTimeMs());
        assertEquals(batch.crc(), envelope.payloadCrc());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DATA")
    void tellsWhatAControlEntryIs(EntryKind kind) {
        for (int payloadBytes : new int[] {0, 1, 300}) {
            ByteBuffer payload =
                    ByteBuffer.allocate(payloadBytes + 3).position(2).limit(2 + payloadBytes);
            ByteBuffer entry = ByteBuffer.allocate(Envelope.SIZE + payloadBytes);
            Envelope envelope = new Envelope().wrap(entry, 0);
            assertEquals(entry.capacity(), envelope.encodeControl(kind, payload, 8, 1_000, 4, 5_000));
            entry.put(Envelope.SIZE, payload, 2, payloadBytes);
            assertEquals(2, payload.position());
            assertEquals(payloadBytes, payload.remaining());
            assertTrue(envelope.crcMatches());
            assertTrue(envelope.payloadCrcMatches());
            assertEquals(kind, envelope.kind());
            assertEquals(8, envelope.entryIndex());
            assertEquals(1_000, envelope.baseOffset());
            assertEquals(0, envelope.recordCount());
            assertEquals(4, envelope.leaderEpoch());
            assertEquals(5_000, envelope.ingestionTimeMs());
        }
    }

    @Test
    void aControlEnvelopeTakesNoBatch() {
        Envelope envelope = new Envelope().wrap(ByteBuffer.allocate(Envelope.SIZE), 0);
        ByteBuffer payload = ByteBuffer.allocate(0);
        assertThrows(IllegalArgumentException.class, () -> envelope.encodeControl(EntryKind.DATA, payload, 0, 0, 0, 0));
    }

    @Test
    void spaceThatWasNeverWrittenIsNoEntry() {
        Envelope envelope = new Envelope().wrap(ByteBuffer.allocateDirect(1_000), 0);
        assertEquals(0, envelope.length());
        assertFalse(envelope.crcMatches());
        assertFalse(envelope.payloadCrcMatches());
    }

    @Test
    void saysFalseToAnyOtherBytesAndNeverThrows() {
        Envelope envelope = new Envelope();
        Seeds.run(20_000, random -> {
            byte[] bytes = new byte[Envelope.SIZE + random.nextInt(200)];
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                ByteBuffer.wrap(bytes).putInt(random.nextInt(400) - 100);
                bytes[Envelope.FORMAT_AT] = Envelope.FORMAT;
                bytes[Envelope.KIND_AT] = (byte) random.nextInt(8);
            }
            envelope.wrap(ByteBuffer.wrap(bytes), 0);
            assertFalse(envelope.crcMatches());
            assertFalse(envelope.payloadCrcMatches());
        });
    }

    @Test
    void needsSixtyFourBytes() {
        assertThrows(IllegalArgumentException.class, () -> new Envelope().wrap(ByteBuffer.allocate(63), 0));
        assertThrows(IllegalArgumentException.class, () -> new Envelope().wrap(ByteBuffer.allocate(64), 1));
        assertThrows(IllegalArgumentException.class, () -> new Envelope().wrap(ByteBuffer.allocate(64), -1));
    }

    @Test
    void kindIdsNeverChange() {
        assertEquals(1, EntryKind.DATA.id());
        assertEquals(2, EntryKind.EPOCH_START.id());
        assertEquals(3, EntryKind.ROLL.id());
        assertEquals(4, EntryKind.GROUP_OPS.id());
        assertEquals(5, EntryKind.CHECKPOINT.id());
        assertEquals(6, EntryKind.QUEUE_OPS.id());
        assertEquals(7, EntryKind.CONFIG_MARK.id());
        assertEquals(8, EntryKind.LOSS_MARKER.id());
        for (EntryKind kind : EntryKind.values()) {
            assertEquals(kind, EntryKind.of(kind.id()));
        }
        assertEquals(null, EntryKind.of(0));
        assertEquals(null, EntryKind.of(9));
        assertEquals(null, EntryKind.of(-1));
    }
}
