package io.headwater.cli.log;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import io.headwater.record.BatchLayout;
import io.headwater.record.Compression;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;

/** An entry as a line, for people or as JSON. Copied out of the buffers that the dumper lends. */
record EntryText(
        long position,
        long bytes,
        EntryKind kind,
        long entryIndex,
        long baseOffset,
        int recordCount,
        int epoch,
        long ingestionTimeMs,
        long minEventTimeMs,
        long maxEventTimeMs,
        Producer producer,
        boolean intact) {
    static final String HEADER = "    POSITION      BYTES  KIND            ENTRY  OFFSETS               EPOCH  INGESTED"
            + "                  EVENTS FROM               PRODUCER";

    private static final String NO_TIME = "-" + " ".repeat(23);

    /** What the batch header says; {@link #NONE} for other entries. */
    record Producer(long id, int epoch, int sequence, String compression) {
        static final Producer NONE = new Producer(-1, -1, -1, "");
    }

    /** Borrows envelope and payload. */
    static EntryText of(long position, Envelope envelope, ByteBuffer payload, boolean intact) {
        return new EntryText(
                position,
                envelope.length(),
                envelope.kind(),
                envelope.entryIndex(),
                envelope.baseOffset(),
                envelope.recordCount(),
                envelope.leaderEpoch(),
                envelope.ingestionTimeMs(),
                envelope.minEventTimeMs(),
                envelope.maxEventTimeMs(),
                envelope.kind() == EntryKind.DATA ? producer(payload) : Producer.NONE,
                intact);
    }

    private static Producer producer(ByteBuffer batch) {
        int at = batch.position();
        int attributes = batch.getShort(at + BatchLayout.ATTRIBUTES);
        return new Producer(
                batch.getLong(at + BatchLayout.PRODUCER_ID),
                batch.getShort(at + BatchLayout.PRODUCER_EPOCH),
                batch.getInt(at + BatchLayout.BASE_SEQUENCE),
                compression(attributes & BatchLayout.COMPRESSION_MASK));
    }

    private static String compression(int id) {
        try {
            return Compression.of(id).name().toLowerCase(Locale.ROOT);
        } catch (InvalidBatchException e) {
            return "unknown-" + id;
        }
    }

    String line() {
        boolean isData = kind == EntryKind.DATA;
        return String.format(
                        Locale.ROOT,
                        "%12d %10d  %-12s %8d  %-20s %6d  %s  %s  %s%s",
                        position,
                        bytes,
                        kind,
                        entryIndex,
                        isData ? baseOffset + ".." + (baseOffset + recordCount) : "-",
                        epoch,
                        Human.timeMs(ingestionTimeMs),
                        isData ? Human.timeMs(minEventTimeMs) : NO_TIME,
                        isData && producer.id >= 0
                                ? producer.id + "/" + producer.epoch + " #" + producer.sequence + " "
                                        + producer.compression
                                : producer.compression,
                        intact ? "" : "  CHECKSUM DOES NOT MATCH")
                .stripTrailing();
    }

    void fields(JsonGenerator json) throws IOException {
        json.writeNumberField("position", position);
        json.writeNumberField("bytes", bytes);
        json.writeStringField("kind", kind.name());
        json.writeNumberField("entryIndex", entryIndex);
        json.writeNumberField("epoch", epoch);
        json.writeNumberField("ingestionTime", ingestionTimeMs);
        if (kind == EntryKind.DATA) {
            json.writeNumberField("baseOffset", baseOffset);
            json.writeNumberField("records", recordCount);
            json.writeNumberField("minEventTime", minEventTimeMs);
            json.writeNumberField("maxEventTime", maxEventTimeMs);
            json.writeStringField("compression", producer.compression);
            json.writeNumberField("producerId", producer.id);
            json.writeNumberField("producerEpoch", producer.epoch);
            json.writeNumberField("baseSequence", producer.sequence);
        }
        json.writeBooleanField("intact", intact);
    }
}
