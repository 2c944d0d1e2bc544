package io.headwater.client;

import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a producer asks of the queue groups for one record. Travels in reserved headers.
 *
 * @param delayMs from the send on; -1: at once
 * @param deliverAtMs epoch milliseconds; -1: at once
 * @param priority 0 to 9; -1: none
 */
record DeliveryWish(
        long delayMs,
        long deliverAtMs,
        int priority,
        @Nullable String messageId) {
    static final String RESERVED = "hw-";
    private static final int HIGHEST_PRIORITY = 9;

    static final DeliveryWish NONE = new DeliveryWish(-1, -1, -1, null);

    boolean isNone() {
        return delayMs < 0 && deliverAtMs < 0 && priority < 0 && messageId == null;
    }

    DeliveryWish delayedBy(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("delay: " + delay + " (expected: 0 or more)");
        }
        return new DeliveryWish(delay.toMillis(), -1, priority, messageId);
    }

    DeliveryWish notBefore(Instant time) {
        if (time.toEpochMilli() < 0) {
            throw new IllegalArgumentException("deliverAt: " + time + " (expected: 1970 or later)");
        }
        return new DeliveryWish(-1, time.toEpochMilli(), priority, messageId);
    }

    DeliveryWish first(int level) {
        if (level < 0 || level > HIGHEST_PRIORITY) {
            throw new IllegalArgumentException("priority: " + level + " (expected: 0 to " + HIGHEST_PRIORITY + ")");
        }
        return new DeliveryWish(delayMs, deliverAtMs, level, messageId);
    }

    DeliveryWish named(String id) {
        return new DeliveryWish(delayMs, deliverAtMs, priority, id);
    }

    /** The record's headers, and those that say this. */
    List<RecordHeader> addTo(List<RecordHeader> headers, long nowMs) {
        List<RecordHeader> all = new ArrayList<>(headers.size() + 3);
        all.addAll(headers);
        long atMs = delayMs >= 0 ? nowMs + delayMs : deliverAtMs;
        if (atMs >= 0) {
            all.add(header("hw-deliver-at", Long.toString(atMs)));
        }
        if (priority >= 0) {
            all.add(header("hw-priority", Integer.toString(priority)));
        }
        if (messageId != null) {
            all.add(header("hw-message-id", messageId));
        }
        return all;
    }

    private static RecordHeader header(String name, String text) {
        return new RecordHeader(name, text.getBytes(StandardCharsets.UTF_8));
    }
}
