package io.headwater.cli.queue;

import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.NumberText;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueGroupConfig.OnDead;
import java.time.Duration;
import java.util.Iterator;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The settings of a group, as options of create and alter. */
final class QueueOptions {
    private static final Duration MIN_LEASE = Duration.ofSeconds(1);
    private static final Duration MAX_LEASE = Duration.ofHours(12);

    @Option(
            names = "--lease",
            paramLabel = "DURATION",
            converter = Lease.class,
            description = "How long a consumer may work on a record unless it asks for more: 1s to 12h (default: 30s).")
    private @Nullable Duration lease;

    @Option(
            names = "--max-failures",
            paramLabel = "N",
            converter = MaxFailures.class,
            description = "A record that failed so often is dead: 1 to 1000, or off (default: 16).")
    private @Nullable Integer maxFailures;

    @Option(
            names = "--backoff",
            paramLabel = "KIND:FIRST:MAX",
            converter = BackoffText.Converter.class,
            description = "How long a record waits after a failure: none, fixed:5s, linear:1s:5m or exponential:1s:5m "
                    + "(the default).")
    private @Nullable Backoff backoff;

    @Option(
            names = "--on-dead",
            paramLabel = "CHOICE",
            converter = AfterDeath.class,
            completionCandidates = AfterDeath.class,
            description =
                    "What the death of a record means. skip: the others go on; hold-key: those with its key wait; "
                            + "stop: the partition pauses for the group (default: skip). With hold-key and stop it stays in "
                            + "place though the topic has a dead-letter topic.")
    private @Nullable OnDead onDead;

    @Option(
            names = "--session-grace",
            paramLabel = "DURATION",
            converter = DurationText.Converter.class,
            description = "How long the leases of a lost connection wait for it to come back (default: 5s).")
    private @Nullable Duration sessionGrace;

    boolean areEmpty() {
        return lease == null && maxFailures == null && backoff == null && onDead == null && sessionGrace == null;
    }

    QueueGroupConfig config(boolean keyed) {
        return new QueueGroupConfig(keyed, lease, maxFailures, backoff, onDead, sessionGrace);
    }

    /** Within the bounds that every broker has. */
    static final class Lease implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            Duration duration = new DurationText.Converter().convert(text);
            if (duration.compareTo(MIN_LEASE) < 0 || duration.compareTo(MAX_LEASE) > 0) {
                throw new TypeConversionException(text + " (expected: 1s to 12h)");
            }
            return duration;
        }
    }

    /** A number above nothing, or never. */
    static final class MaxFailures implements ITypeConverter<Integer> {
        private static final int MOST = 1000;

        @Override
        public Integer convert(String text) {
            if (text.equals("off")) {
                return -1;
            }
            long number = NumberText.whole(text, Integer.MAX_VALUE);
            if (number < 1 || number > MOST) {
                throw new TypeConversionException(text + " (expected: 1 to " + MOST + ", or off)");
            }
            return (int) number;
        }
    }

    /** The choices as people write them: {@code hold-key}. */
    static final class AfterDeath implements ITypeConverter<OnDead>, Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.of(OnDead.values()).map(AfterDeath::text).iterator();
        }

        static String text(OnDead choice) {
            return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        @Override
        public OnDead convert(String text) {
            for (OnDead choice : OnDead.values()) {
                if (text(choice).equals(text)) {
                    return choice;
                }
            }
            throw new TypeConversionException(text + " (expected: " + String.join(", ", this) + ")");
        }
    }
}
