package io.headwater.cli.produce;

import io.headwater.client.ProducerRecord;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes a record of a line: its value is the line; key and event time come from options or from its fields. */
final class LineToRecord {
    private static final long NOW = -1;

    private final String topic;
    private final int partition;
    private final byte @Nullable [] key;
    private final @Nullable FieldPath keyField;
    private final @Nullable FieldPath timeField;
    private final EventTimeFormat timeFormat;
    private final List<RecordHeader> headers;
    private final @Nullable FieldPath idField;
    private final WishOptions wishes;
    private final @Nullable JsonFields fields;

    LineToRecord(String topic, RecordOptions options) {
        this.topic = topic;
        this.partition = options.partition();
        this.key = options.key();
        this.keyField = path(options.keyField());
        this.timeField = path(options.eventTimeField());
        this.timeFormat = options.eventTimeFormat();
        this.headers = options.headers();
        this.wishes = options.wishes();
        this.idField = path(wishes.messageIdField());
        List<FieldPath> wanted =
                Stream.of(keyField, timeField, idField).filter(Objects::nonNull).toList();
        this.fields = wanted.isEmpty() ? null : new JsonFields(wanted);
    }

    /** Shares the line. */
    ProducerRecord record(byte[] line) throws BadLineException {
        if (fields != null) {
            fields.read(line);
        }
        byte[] recordKey = keyField == null ? key : keyField.value().getBytes(StandardCharsets.UTF_8);
        long eventTimeMs = timeField == null ? NOW : timeFormat.parseMs(timeField.value(), timeField.toString());
        if (timeField != null && eventTimeMs < 0) {
            throw new BadLineException(
                    "has an event time before 1970 in field " + timeField + ": " + timeField.value());
        }
        ProducerRecord record =
                wishes.addTo(new ProducerRecord(topic, partition, recordKey, line, headers, eventTimeMs));
        return idField == null ? record : record.withMessageId(idField.value());
    }

    private static @Nullable FieldPath path(@Nullable String text) {
        return text == null ? null : new FieldPath(text);
    }
}
