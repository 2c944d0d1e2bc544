package io.headwater.broker;

import io.headwater.client.QueueRecord;
import io.headwater.record.RecordHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A record that no broker has delivered, for the tests of the checkers.
 *
 * @param keyText what {@link #key} is in UTF-8; the value likewise
 */
public record StubRecord(
        int partition,
        long offset,
        String keyText,
        String valueText,
        int deliveries,
        int failures,
        long leaseUntilMs,
        List<RecordHeader> headers)
        implements QueueRecord {

    /** As a stream has it. */
    public StubRecord(int partition, long offset, String keyText, String valueText) {
        this(partition, offset, keyText, valueText, 1, 0, 0, List.of());
    }

    @Override
    public String topic() {
        return "t";
    }

    @Override
    public byte[] key() {
        return keyText.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] value() {
        return valueText.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public ByteBuffer keyView() {
        return ByteBuffer.wrap(key());
    }

    @Override
    public ByteBuffer valueView() {
        return ByteBuffer.wrap(value());
    }

    @Override
    public long eventTimeMs() {
        return 0;
    }

    @Override
    public long ingestionTimeMs() {
        return 0;
    }

    @Override
    public String lastFailure() {
        return "";
    }

    @Override
    public String token() {
        return "";
    }
}
