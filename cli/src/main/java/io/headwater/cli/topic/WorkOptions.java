package io.headwater.cli.topic;

import io.headwater.cli.text.DurationText;
import io.headwater.client.Admin.DedupSettings;
import io.headwater.client.Admin.WorkSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the queue groups of a topic mean for its records, as options of create and alter. */
final class WorkOptions {
    private static final int FEWEST_IDS = 1_000;

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

    @Option(
            names = "--dedup-window",
            paramLabel = "DURATION",
            converter = Window.class,
            description =
                    "A record whose message id came to its partition within this time is confirmed and not stored "
                            + "again: 1s to 7d, or off (default). The id is --message-id-field of produce.")
    private @Nullable Duration dedupWindow;

    @Option(
            names = "--dedup-max-ids",
            paramLabel = "N",
            description = "With --dedup-window: so many ids per partition in the broker's memory, some 40 to 90 bytes "
                    + "each; beyond, producers wait (default: 2000000).")
    private @Nullable Integer dedupMaxIds;

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
        return deleteOnAck == null
                && ackedGrace == null
                && limits.areEmpty()
                && deadLetter == null
                && !noDeadLetter
                && dedupWindow == null
                && dedupMaxIds == null;
    }

    WorkSettings settings() {
        return new WorkSettings(
                deleteOnAck,
                ackedGrace,
                limits.settings(),
                noDeadLetter ? "" : deadLetter,
                new DedupSettings(dedupWindow, dedupMaxIds));
    }

    /** Null: fine. Else what is wrong. */
    @Nullable
    String complaint() {
        if (deadLetter != null && (noDeadLetter || deadLetter.isEmpty())) {
            return noDeadLetter
                    ? "--dead-letter and --no-dead-letter (expected: one of them)"
                    : "--dead-letter: nothing (expected: a topic, or --no-dead-letter)";
        }
        if (dedupWindow != null && !dedupWindow.isNegative() && isOutOfRange(dedupWindow)) {
            return "--dedup-window: " + DurationText.exact(dedupWindow.toMillis()) + " (expected: 1s to 7d, or off)";
        }
        if (dedupMaxIds != null && dedupMaxIds < FEWEST_IDS) {
            return "--dedup-max-ids: " + dedupMaxIds + " (expected: " + FEWEST_IDS + " or more)";
        }
        return limits.complaint();
    }

    private static boolean isOutOfRange(Duration window) {
        return window.compareTo(Duration.ofSeconds(1)) < 0 || window.compareTo(Duration.ofDays(7)) > 0;
    }

    /** A duration, or off. */
    static final class Window implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return text.equals("off") ? Duration.ofMillis(-1) : new DurationText.Converter().convert(text);
        }
    }
}
