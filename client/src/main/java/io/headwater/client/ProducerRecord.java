package io.headwater.client;

import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a producer sends. Arrays are shared, not copied: do not change them until the send has completed.
 *
 * <p>A delay, a priority and a message id are for queue and keyed groups: streams have the record at once, in the order
 * of the log.
 */
public final class ProducerRecord {
    private final String topic;
    private final int partition;
    private final byte @Nullable [] key;
    private final byte @Nullable [] value;
    private final List<RecordHeader> headers;
    private final long eventTimeMs;
    private final DeliveryWish wish;

    /**
     * @param topic where to
     * @param partition an explicit partition, or -1: by key, or spread where there is none
     * @param key may be null
     * @param value may be null (a tombstone in compacted topics)
     * @param headers in order; shared; names that start with {@code hw-} are reserved
     * @param eventTimeMs epoch milliseconds, or -1: the producer's clock at send
     */
    public ProducerRecord(
            String topic,
            int partition,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers,
            long eventTimeMs) {
        this(topic, partition, key, value, checked(headers), eventTimeMs, DeliveryWish.NONE);
    }

    private ProducerRecord(
            String topic,
            int partition,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers,
            long eventTimeMs,
            DeliveryWish wish) {
        this.topic = topic;
        this.partition = partition;
        this.key = key;
        this.value = value;
        this.headers = headers;
        this.eventTimeMs = eventTimeMs;
        this.wish = wish;
    }

    private static List<RecordHeader> checked(List<RecordHeader> headers) {
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.get(i).name();
            if (name.startsWith(DeliveryWish.RESERVED)) {
                throw new IllegalArgumentException("header " + name + ": names that start with "
                        + DeliveryWish.RESERVED + " are reserved (expected: another name, or withDelay, withDeliverAt,"
                        + " withPriority or withMessageId)");
            }
        }
        return headers;
    }

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
        return new ProducerRecord(topic, index, key, value, headers, eventTimeMs, wish);
    }

    /** Shares the list. Names that start with {@code hw-} are reserved. */
    public ProducerRecord withHeaders(List<RecordHeader> all) {
        return new ProducerRecord(topic, partition, key, value, checked(all), eventTimeMs, wish);
    }

    public ProducerRecord withEventTimeMs(long ms) {
        return new ProducerRecord(topic, partition, key, value, headers, ms, wish);
    }

    /** Queue groups deliver it no earlier than so long after the send. Takes the place of a time. */
    public ProducerRecord withDelay(Duration delay) {
        return with(wish.delayedBy(delay));
    }

    /** Queue groups deliver it no earlier. Takes the place of a delay. */
    public ProducerRecord withDeliverAt(Instant time) {
        return with(wish.notBefore(time));
    }

    /** Queue groups deliver it before those with a lower one: 0, which is what a record has without, to 9. */
    public ProducerRecord withPriority(int priority) {
        return with(wish.first(priority));
    }

    /** Names the record, also where it is sent twice; without a key, the name also chooses the partition. */
    public ProducerRecord withMessageId(String id) {
        return with(wish.named(id));
    }

    private ProducerRecord with(DeliveryWish other) {
        return new ProducerRecord(topic, partition, key, value, headers, eventTimeMs, other);
    }

    /** With a header for each wish. */
    ProducerRecord sentAt(long nowMs) {
        return new ProducerRecord(topic, partition, key, value, wish.addTo(headers, nowMs), eventTimeMs, wish);
    }

    DeliveryWish wish() {
        return wish;
    }

    public String topic() {
        return topic;
    }

    /** -1: by key, or spread where there is none. */
    public int partition() {
        return partition;
    }

    /** Shared. */
    public byte @Nullable [] key() {
        return key;
    }

    /** Shared. */
    public byte @Nullable [] value() {
        return value;
    }

    /** Shared. */
    public List<RecordHeader> headers() {
        return headers;
    }

    /** -1: the producer's clock at send. */
    public long eventTimeMs() {
        return eventTimeMs;
    }
}
