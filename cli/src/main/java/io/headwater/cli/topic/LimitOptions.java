package io.headwater.cli.topic;

import io.headwater.cli.text.NumberText;
import io.headwater.client.Admin.LimitSettings;
import io.headwater.client.Admin.Overflow;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** How much may be left that queue groups are not done with, as options of create and alter. */
final class LimitOptions {
    private static final String UNLIMITED = "unlimited";
    private static final Duration SHORTEST_AGE = Duration.ofSeconds(1);

    @Option(
            names = "--max-records",
            paramLabel = "N",
            converter = MaxRecords.class,
            description = "At most so many records per partition that some queue group is not done with, or unlimited.")
    private @Nullable Long maxRecords;

    @Option(
            names = "--max-bytes",
            paramLabel = "SIZE",
            converter = TopicOptions.RetentionBytes.class,
            description = "At most so many bytes per partition that some queue group is not done with, or unlimited. A "
                    + "batch counts as it is stored, until all its records are done.")
    private @Nullable Long maxBytes;

    @Option(
            names = "--max-age",
            paramLabel = "DURATION",
            converter = TopicOptions.Retention.class,
            description =
                    "A record that waits for longer in a queue group is dead for it, or unlimited. Counts from when "
                            + "the broker got it; of a scheduled one, from when it is due.")
    private @Nullable Duration maxAge;

    @Option(
            names = "--overflow",
            paramLabel = "block|reject",
            description =
                    "At --max-records or --max-bytes, block: producers wait and try again; reject: the send fails (default: "
                            + "block).")
    private @Nullable Choice overflow;

    boolean areEmpty() {
        return maxRecords == null && maxBytes == null && maxAge == null && overflow == null;
    }

    LimitSettings settings() {
        return new LimitSettings(maxRecords, maxBytes, maxAge, overflow == null ? null : overflow.overflow);
    }

    /** Null: fine. Else what is wrong. */
    @Nullable
    String complaint() {
        if (maxRecords != null && maxRecords == 0) {
            return "--max-records: 0 (expected: 1 or more, or " + UNLIMITED + ")";
        }
        if (maxAge != null && !maxAge.isNegative() && maxAge.compareTo(SHORTEST_AGE) < 0) {
            return "--max-age: " + maxAge.toMillis() + "ms (expected: 1s or more, or " + UNLIMITED + ")";
        }
        return null;
    }

    /** As people write it. */
    enum Choice {
        block(Overflow.BLOCK),
        reject(Overflow.REJECT);

        final Overflow overflow;

        Choice(Overflow overflow) {
            this.overflow = overflow;
        }
    }

    /** A number, or no limit. */
    static final class MaxRecords implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            if (text.equals(UNLIMITED)) {
                return -1L;
            }
            return Math.max(0, NumberText.whole(text, Long.MAX_VALUE));
        }
    }
}
