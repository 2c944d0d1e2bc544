package io.headwater.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The bytes as they were when the format was set. A change that makes these tests fail makes existing data unreadable:
 * it needs a new format version, not a new golden file.
 */
final class GoldenFilesTest {
    @Test
    void aDataEntryIsWrittenAsEver() throws Exception {
        assertEquals(hex(golden("entry-data")), hex(Entries.data(Compression.NONE)));
    }

    @Test
    void aControlEntryIsWrittenAsEver() throws Exception {
        assertEquals(hex(golden("entry-control")), hex(Entries.control()));
    }

    @Test
    void aHoleIsWrittenAsEver() throws Exception {
        assertEquals(hex(golden("entry-hole")), hex(Entries.hole()));
    }

    @Test
    void aBatchIsWrittenAsEver() throws Exception {
        assertEquals(hex(golden("batch-none")), hex(Batches.of(Compression.NONE, Entries.records())));
    }

    /** Codecs may come to compress in another way; what they once wrote they must read for ever. */
    @ParameterizedTest
    @EnumSource
    void aBatchOfEveryCompressionIsReadAsEver(Compression compression) throws Exception {
        ByteBuffer bytes = golden("batch-" + compression.name().toLowerCase(java.util.Locale.ROOT));
        RecordBatch batch = new RecordBatch().wrap(bytes, 0);
        batch.validate();
        assertEquals(compression, batch.compression());
        assertEquals(Entries.records(), Batches.read(batch, new RecordCursor()));
    }

    @Test
    void entriesAreReadAsEver() throws Exception {
        for (String name : new String[] {"entry-data", "entry-control", "entry-hole"}) {
            Envelope envelope = new Envelope().wrap(golden(name), 0);
            assertTrue(envelope.crcMatches());
            assertTrue(envelope.payloadCrcMatches());
            assertEquals(Entries.ENTRY_INDEX, envelope.entryIndex());
            assertEquals(Entries.BASE_OFFSET, envelope.baseOffset());
            assertEquals(Entries.LEADER_EPOCH, envelope.leaderEpoch());
            assertEquals(Entries.INGESTED, envelope.ingestionTimeMs());
        }
    }

    /** Hexadecimal, 16 bytes a line, so that a difference can be seen in a review. */
    private static ByteBuffer golden(String name) throws IOException {
        try (InputStream in = GoldenFilesTest.class.getResourceAsStream("/golden/" + name + ".hex")) {
            String text = new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.US_ASCII);
            return ByteBuffer.wrap(HexFormat.of().parseHex(text.replaceAll("\\s", "")));
        }
    }

    private static String hex(ByteBuffer bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.limit(); at++) {
            text.append(HexFormat.of().toHexDigits(bytes.get(at))).append(at % 16 == 15 ? "\n" : " ");
        }
        return text.toString().strip();
    }
}
