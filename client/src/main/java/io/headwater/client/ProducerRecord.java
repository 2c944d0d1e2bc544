package io.headwater.client;

import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a producer sends. Arrays are shared, not copied: do not change them until the send has completed.
 *
 * @param topic where to
 * @param partition an explicit partition, or -1: by key, or spread where there is none
 * @param key may be null
 * @param value may be null (a tombstone in compacted topics)
 * @param headers in order
 * @param eventTimeMs epoch milliseconds, or -1: the producer's clock at send
 */
@SuppressWarnings("ArrayRecordComponent")
public record ProducerRecord(
        String topic,
        int partition,
        byte @Nullable [] key,
        byte @Nullable [] value,
        List<RecordHeader> headers,
        long eventTimeMs) {

    public static ProducerRecord of(String topic, byte @Nullable [] value) {
        return new ProducerRecord(topic, -1, null, value, List.of(), -1);
    }

    public static ProducerRecord of(String topic, byte @Nullable [] key, byte @Nullable [] value) {
        return new ProducerRecord(topic, -1, key, value, List.of(), -1);
    }

    /** Key and value as UTF-8. */
    public static ProducerRecord ofUtf8(String topic, @Nullable String key, String value) {
        byte[] keyBytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        return of(topic, keyBytes, value.getBytes(StandardCharsets.UTF_8));
    }

    public ProducerRecord withPartition(int index) {
        return new ProducerRecord(topic, index, key, value, headers, eventTimeMs);
    }

    /** Shares the list. */
    public ProducerRecord withHeaders(List<RecordHeader> all) {
        return new ProducerRecord(topic, partition, key, value, all, eventTimeMs);
    }

    public ProducerRecord withEventTimeMs(long ms) {
        return new ProducerRecord(topic, partition, key, value, headers, ms);
    }
}
