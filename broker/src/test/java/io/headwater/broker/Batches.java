package io.headwater.broker;

import io.headwater.record.BatchLayout;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;
import java.util.zip.GZIPOutputStream;

/** Record batches as bytes, and back. */
final class Batches {
    static final long NOBODY = -1;

    private Batches() {}

    /** Of text values, by nobody. */
    static byte[] of(String... values) {
        return of(NOBODY, 0, values);
    }

    static byte[] of(long producerId, int sequence, String... values) {
        return at(producerId, 0, sequence, 1000, values);
    }

    /** All with one event time. */
    static byte[] at(long producerId, int producerEpoch, int sequence, long eventTimeMs, String... values) {
        List<byte[]> bytes = new ArrayList<>();
        for (String value : values) {
            bytes.add(value.getBytes(StandardCharsets.UTF_8));
        }
        return at(producerId, producerEpoch, sequence, eventTimeMs, bytes);
    }

    static byte[] ofOne(int valueBytes) {
        return at(NOBODY, 0, 0, 1000, List.of(new byte[valueBytes]));
    }

    private static byte[] at(long producerId, int producerEpoch, int sequence, long eventTimeMs, List<byte[]> values) {
        int room = 200;
        for (byte[] value : values) {
            room += value.length + 40;
        }
        ByteBuffer target = ByteBuffer.allocate(room);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (byte[] value : values) {
            if (!builder.append(eventTimeMs, null, value, List.of())) {
                throw new IllegalStateException("no room");
            }
        }
        boolean nobody = producerId == NOBODY;
        int size = builder.finish(producerId, (short) (nobody ? -1 : producerEpoch), nobody ? -1 : sequence);
        return Arrays.copyOf(target.array(), size);
    }

    /** One record for each key and value, by nobody. */
    static byte[] keyed(String... keysAndValues) {
        ByteBuffer target = ByteBuffer.allocate(100_000);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            byte[] key = keysAndValues[i].getBytes(StandardCharsets.UTF_8);
            builder.append(1000, key, keysAndValues[i + 1].getBytes(StandardCharsets.UTF_8), List.of());
        }
        return Arrays.copyOf(target.array(), builder.finish(NOBODY, (short) -1, -1));
    }

    /** Of one record with a header, by nobody. */
    static byte[] with(String name, String text, String value) {
        ByteBuffer target = ByteBuffer.allocate(1_000);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        RecordHeader header = new RecordHeader(name, text.getBytes(StandardCharsets.UTF_8));
        builder.append(1000, null, value.getBytes(StandardCharsets.UTF_8), List.of(header));
        return Arrays.copyOf(target.array(), builder.finish(NOBODY, (short) -1, -1));
    }

    /** A batch with the same header and its records in gzip, changed before, so that they may be none. */
    static byte[] gzipped(byte[] batch, UnaryOperator<byte[]> change) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        packed.write(batch, 0, BatchLayout.HEADER_SIZE);
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(change.apply(Arrays.copyOfRange(batch, BatchLayout.HEADER_SIZE, batch.length)));
        }
        ByteBuffer made = ByteBuffer.wrap(packed.toByteArray());
        made.putInt(BatchLayout.LENGTH, made.capacity() - BatchLayout.LENGTH_OVERHEAD);
        made.putShort(BatchLayout.ATTRIBUTES, (short) Compression.GZIP.id());
        CRC32C crc = new CRC32C();
        crc.update(made.array(), BatchLayout.ATTRIBUTES, made.capacity() - BatchLayout.ATTRIBUTES);
        made.putInt(BatchLayout.CRC, (int) crc.getValue());
        return made.array();
    }

    /** One record out of a delivery. */
    record Read(long offset, long ingestionTimeMs, String value) {}

    /** All records of a delivery's entries, each checked. */
    static List<Read> read(ByteBuf attachment) throws InvalidBatchException {
        List<Read> records = new ArrayList<>();
        ByteBuffer bytes = attachment.nioBuffer();
        int position = 0;
        while (position < bytes.limit()) {
            Envelope envelope = new Envelope().wrap(bytes, position);
            if (!envelope.crcMatches()) {
                throw new IllegalStateException("envelope: damaged");
            }
            RecordBatch batch = new RecordBatch().wrap(bytes, position + Envelope.SIZE);
            if (!batch.crcMatches()) {
                throw new IllegalStateException("batch: damaged");
            }
            RecordCursor cursor = batch.records();
            while (cursor.next()) {
                byte[] value = cursor.value();
                records.add(new Read(
                        cursor.offset(),
                        envelope.ingestionTimeMs(),
                        value == null ? "" : new String(value, StandardCharsets.UTF_8)));
            }
            position += envelope.length();
        }
        return records;
    }
}
