package io.headwater.cli.produce;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a record gets besides its line. */
final class RecordOptions {
    private static final String RESERVED = "hw-";

    @Option(names = "--key", paramLabel = "K", description = "One key for all records.")
    private @Nullable String key;

    @Option(
            names = "--key-field",
            paramLabel = "JSONFIELD",
            description = "The key is this field of the line, for example net or user.id.")
    private @Nullable String keyField;

    @Option(
            names = "--event-time-field",
            paramLabel = "JSONFIELD",
            description = "The event time is this field: epoch milliseconds, a date, or ISO-8601 with a zone "
                    + "(default: now).")
    private @Nullable String eventTimeField;

    @Option(
            names = "--event-time-format",
            paramLabel = "PATTERN",
            description = "The pattern of the event time field, for example 'yyyy/MM/dd HH:mm' (UTC unless it has a "
                    + "zone).")
    private @Nullable String eventTimePattern;

    @Option(names = "--header", paramLabel = "N=V", description = "A header for every record. Repeatable.")
    private List<String> headerTexts = new ArrayList<>();

    @Option(
            names = "--partition",
            paramLabel = "P",
            description = "Send to this partition (default: by key; without one, spread).")
    private @Nullable Integer partition;

    @Mixin
    private WishOptions wishes = new WishOptions();

    /** Refuses what does not fit together. */
    void check() {
        if (key != null && keyField != null) {
            throw CommandFailure.usage("--key and --key-field cannot both be given");
        }
        if (eventTimePattern != null && eventTimeField == null) {
            throw CommandFailure.usage("--event-time-format needs --event-time-field");
        }
        if (partition != null && partition < 0) {
            throw CommandFailure.usage("--partition: " + partition + " (expected: 0 or more)");
        }
        wishes.check();
        eventTimeFormat();
        headers();
    }

    WishOptions wishes() {
        return wishes;
    }

    int partition() {
        return partition == null ? -1 : partition;
    }

    byte @Nullable [] key() {
        return key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    }

    @Nullable
    String keyField() {
        return keyField;
    }

    @Nullable
    String eventTimeField() {
        return eventTimeField;
    }

    EventTimeFormat eventTimeFormat() {
        if (eventTimePattern == null) {
            return EventTimeFormat.standard();
        }
        try {
            return EventTimeFormat.ofPattern(eventTimePattern);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage("--event-time-format: " + eventTimePattern
                    + " (expected: a date and time pattern, for example 'yyyy/MM/dd HH:mm'): " + e.getMessage());
        }
    }

    List<RecordHeader> headers() {
        List<RecordHeader> headers = new ArrayList<>();
        for (String text : headerTexts) {
            int equals = text.indexOf('=');
            if (equals <= 0) {
                throw CommandFailure.usage("--header: " + text + " (expected: NAME=VALUE)");
            }
            if (text.startsWith(RESERVED)) {
                throw CommandFailure.usage("--header: " + text + " (expected: a name that does not start with "
                        + RESERVED + ", which is reserved; --delay, --deliver-at, --priority and --message-id-field "
                        + "set such headers)");
            }
            headers.add(new RecordHeader(
                    text.substring(0, equals), text.substring(equals + 1).getBytes(StandardCharsets.UTF_8)));
        }
        return List.copyOf(headers);
    }
}
