package io.headwater.broker.work;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.queue.Cause;
import io.headwater.broker.queue.Death;
import io.headwater.record.DeadLetterHeaders;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The headers of a dead record's copy: its own, and what became of it. */
final class LetterHeaders {
    /** A record that dies again and again keeps so many of its places. */
    private static final int MOST_ORIGINS = 16;

    private LetterHeaders() {}

    /** @param ingestedMs when the record came in */
    static List<RecordHeader> of(RecordCursor record, PartitionInfo from, String group, long ingestedMs, Death death) {
        List<RecordHeader> headers = new ArrayList<>();
        List<RecordHeader> origins = new ArrayList<>();
        for (RecordHeader header : record.headers()) {
            String kept = DeadLetterHeaders.nameInCopy(header.name());
            if (header.name().equals(DeadLetterHeaders.ORIGIN)) {
                origins.add(header);
            } else if (kept != null) {
                headers.add(new RecordHeader(kept, header.value()));
            }
        }
        headers.addAll(origins.subList(Math.max(0, origins.size() - (MOST_ORIGINS - 1)), origins.size()));
        add(
                headers,
                DeadLetterHeaders.ORIGIN,
                DeadLetterHeaders.origin(from.topicName(), from.index(), record.offset()));
        add(headers, DeadLetterHeaders.TOPIC, from.topicName());
        add(headers, DeadLetterHeaders.PARTITION, Integer.toString(from.index()));
        add(headers, DeadLetterHeaders.OFFSET, Long.toString(record.offset()));
        add(headers, DeadLetterHeaders.GROUP, group);
        add(headers, DeadLetterHeaders.DELIVERIES, Integer.toString(death.deliveries()));
        add(headers, DeadLetterHeaders.FAILURES, Integer.toString(death.failures()));
        add(headers, DeadLetterHeaders.CAUSE, cause(death.cause()));
        if (!death.reason().isEmpty()) {
            add(headers, DeadLetterHeaders.REASON, death.reason());
        }
        add(headers, DeadLetterHeaders.INGESTED_AT, Long.toString(ingestedMs));
        add(headers, DeadLetterHeaders.DIED_AT, Long.toString(death.atMs()));
        return headers;
    }

    /** Those of the record that a copy was made of: where it had died before, it tells still. */
    static List<RecordHeader> before(List<RecordHeader> ofCopy) {
        List<RecordHeader> headers = new ArrayList<>();
        int last = -1;
        for (RecordHeader header : ofCopy) {
            if (header.name().equals(DeadLetterHeaders.ORIGIN)) {
                last = headers.size();
                headers.add(header);
                continue;
            }
            String name = DeadLetterHeaders.nameInRecord(header.name());
            if (name != null) {
                headers.add(name.equals(header.name()) ? header : new RecordHeader(name, header.value()));
            }
        }
        if (last >= 0) {
            headers.remove(last);
        }
        return headers;
    }

    /** Of the topic in which the record died last, by the headers of its copy; empty: it is no copy. */
    static String topicOf(List<RecordHeader> ofCopy) {
        String topic = "";
        for (RecordHeader header : ofCopy) {
            byte[] value = header.value();
            if (header.name().equals(DeadLetterHeaders.ORIGIN) && value != null) {
                topic = DeadLetterHeaders.topicOf(new String(value, StandardCharsets.UTF_8));
            }
        }
        return topic;
    }

    private static void add(List<RecordHeader> to, String name, String value) {
        to.add(new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8)));
    }

    /** As people and programs read it. */
    static String cause(@Nullable Cause cause) {
        if (cause == null) {
            return "unknown";
        }
        return cause == Cause.LOST_ALONE || cause == Cause.LOST_AMONG_OTHERS
                ? "lost"
                : cause.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
