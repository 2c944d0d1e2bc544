package io.headwater.cli.topic;

import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.SizeText;
import io.headwater.client.AckLevel;
import io.headwater.client.Admin.TopicSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The settings of a topic, as options of create and alter. */
final class TopicOptions {
    private static final String UNLIMITED = "unlimited";

    @Option(names = "--partitions", paramLabel = "N", description = "Partitions. They can only grow.")
    private @Nullable Integer partitions;

    @Option(
            names = "--retention",
            paramLabel = "DURATION",
            converter = Retention.class,
            description = "Keep records this long after they came in, for example 7d or 12h, or unlimited.")
    private @Nullable Duration retention;

    @Option(
            names = "--retention-bytes",
            paramLabel = "SIZE",
            converter = RetentionBytes.class,
            description = "Keep at most this much per partition, for example 10GiB, or unlimited.")
    private @Nullable Long retentionBytes;

    @Option(
            names = "--ack",
            paramLabel = "persisted|replicated|memory",
            description = "What an acknowledgement means. persisted: synced to disk by a majority of the replicas; "
                    + "replicated: written by a majority, and synced a little later; memory: written by the leader "
                    + "alone, and a crash may lose it.")
    private @Nullable Ack ack;

    @Option(
            names = "--compact",
            negatable = true,
            description = "Of the records with one key keep the last only (in sealed segments).")
    private @Nullable Boolean compact;

    @Mixin
    private WorkOptions work = new WorkOptions();

    boolean areEmpty() {
        return partitions == null
                && retention == null
                && retentionBytes == null
                && ack == null
                && compact == null
                && work.areEmpty();
    }

    TopicSettings settings() {
        return new TopicSettings(
                partitions == null ? 0 : partitions,
                0,
                retention,
                retentionBytes,
                ack == null ? null : ack.level,
                compact,
                work.settings());
    }

    /** Null: fine. Else what is wrong. */
    @Nullable
    String complaint() {
        return partitions != null && partitions < 1
                ? "--partitions: " + partitions + " (expected: 1 or more)"
                : work.complaint();
    }

    /** As people write it. */
    enum Ack {
        persisted(AckLevel.PERSISTED),
        replicated(AckLevel.REPLICATED),
        memory(AckLevel.MEMORY);

        final AckLevel level;

        Ack(AckLevel level) {
            this.level = level;
        }
    }

    /** A duration above nothing, or no limit. */
    static final class Retention implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            if (text.equals(UNLIMITED)) {
                return Duration.ofMillis(-1);
            }
            Duration duration = new DurationText.Converter().convert(text);
            if (duration.isZero()) {
                throw new TypeConversionException(text + " (expected: more than nothing, or unlimited)");
            }
            return duration;
        }
    }

    /** A size above nothing, or no limit. */
    static final class RetentionBytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            if (text.equals(UNLIMITED)) {
                return -1L;
            }
            Long bytes = new SizeText.Converter().convert(text);
            if (bytes == 0) {
                throw new TypeConversionException(text + " (expected: more than nothing, or unlimited)");
            }
            return bytes;
        }
    }
}
