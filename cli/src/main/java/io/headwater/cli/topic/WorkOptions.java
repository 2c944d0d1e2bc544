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

    boolean areEmpty() {
        return deleteOnAck == null && ackedGrace == null && limits.areEmpty();
    }

    WorkSettings settings() {
        return new WorkSettings(deleteOnAck, ackedGrace, limits.settings());
    }

    /** Null: fine. Else what is wrong. */
    @Nullable
    String complaint() {
        return limits.complaint();
    }
}
