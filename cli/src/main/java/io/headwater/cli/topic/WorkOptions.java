package io.headwater.cli.topic;

import io.headwater.cli.text.DurationText;
import io.headwater.client.Admin.WorkSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the queue groups of a topic mean for its records, as options of create and alter. */
final class WorkOptions {
    @Option(
            names = "--delete-on-ack",
            negatable = true,
            description =
                    "A record goes when all queue groups of the topic are done with it; as long as there is no such "
                            + "group, it stays.")
    private @Nullable Boolean deleteOnAck;

    @Option(
            names = "--acked-grace",
            paramLabel = "DURATION",
            converter = DurationText.Converter.class,
            description = "With --delete-on-ack: it goes so long after that (default: 0s).")
    private @Nullable Duration ackedGrace;

    @Mixin
    private LimitOptions limits = new LimitOptions();

    @Option(
            names = "--dead-letter",
            paramLabel = "TOPIC",
            description = "Records that die in a queue group of the topic are moved to this topic, which must exist.")
    private @Nullable String deadLetter;

    @Option(names = "--no-dead-letter", description = "They are kept in place, to be redriven or purged (default).")
    private boolean noDeadLetter;

    boolean areEmpty() {
        return deleteOnAck == null && ackedGrace == null && limits.areEmpty() && deadLetter == null && !noDeadLetter;
    }

    WorkSettings settings() {
        return new WorkSettings(deleteOnAck, ackedGrace, limits.settings(), noDeadLetter ? "" : deadLetter);
    }

    /** Null: fine. Else what is wrong. */
    @Nullable
    String complaint() {
        if (deadLetter != null && (noDeadLetter || deadLetter.isEmpty())) {
            return noDeadLetter
                    ? "--dead-letter and --no-dead-letter (expected: one of them)"
                    : "--dead-letter: nothing (expected: a topic, or --no-dead-letter)";
        }
        return limits.complaint();
    }
}
