package io.headwater.cli.produce;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.TimeText;
import io.headwater.client.ProducerRecord;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is asked of the topic's queue groups for each record. Streams have it at once, and in the order of the log. */
final class WishOptions {
    private static final int HIGHEST_PRIORITY = 9;

    @Option(
            names = "--delay",
            paramLabel = "DURATION",
            converter = DurationText.Converter.class,
            description = "Queue groups deliver it no earlier than so long from now.")
    private @Nullable Duration delay;

    @Option(
            names = "--deliver-at",
            paramLabel = "TIME",
            converter = TimeText.Converter.class,
            description = "Queue groups deliver it no earlier: ISO-8601 with a zone, a date (midnight UTC), or epoch "
                    + "milliseconds.")
    private @Nullable Instant deliverAt;

    @Option(
            names = "--priority",
            paramLabel = "N",
            description = "Queue groups deliver it before those with a lower one: 0 to 9 (default: 4).")
    private @Nullable Integer priority;

    @Option(
            names = "--message-id-field",
            paramLabel = "JSONFIELD",
            description = "The message id is this field of the line; it travels with the record, and chooses the "
                    + "partition where there is no key.")
    private @Nullable String messageIdField;

    /** Refuses what cannot be meant. */
    void check() {
        if (delay != null && deliverAt != null) {
            throw CommandFailure.usage("--delay and --deliver-at cannot both be given");
        }
        if (deliverAt != null && deliverAt.toEpochMilli() < 0) {
            throw CommandFailure.usage("--deliver-at: " + deliverAt + " (expected: 1970 or later)");
        }
        if (priority != null && (priority < 0 || priority > HIGHEST_PRIORITY)) {
            throw CommandFailure.usage("--priority: " + priority + " (expected: 0 to " + HIGHEST_PRIORITY + ")");
        }
    }

    @Nullable
    String messageIdField() {
        return messageIdField;
    }

    /** The record with all that is asked for it but for its message id. */
    ProducerRecord addTo(ProducerRecord record) {
        ProducerRecord wished = record;
        if (delay != null) {
            wished = wished.withDelay(delay);
        }
        if (deliverAt != null) {
            wished = wished.withDeliverAt(deliverAt);
        }
        return priority == null ? wished : wished.withPriority(priority);
    }
}
