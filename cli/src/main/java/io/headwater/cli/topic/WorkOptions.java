package io.headwater.cli.topic;

import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.NumberText;
import io.headwater.client.Admin.Overflow;
import io.headwater.client.Admin.WorkSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** What the queue groups of a topic mean for its records, as options of create and alter. */
final class WorkOptions {
    private static final String UNLIMITED = "unlimited";

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
            names = "--max-records",
            paramLabel = "N",
            converter = MaxRecords.class,
            description = "At most so many records per partition that some queue group is not done with, or unlimited.")
    private @Nullable Long maxRecords;

    @Option(
            names = "--overflow",
            paramLabel = "block|reject",
            description = "At --max-records, block: producers wait and try again; reject: the send fails (default: "
                    + "block).")
    private @Nullable Choice overflow;

    boolean areEmpty() {
        return deleteOnAck == null && ackedGrace == null && maxRecords == null && overflow == null;
    }

    WorkSettings settings() {
        return new WorkSettings(deleteOnAck, ackedGrace, maxRecords, overflow == null ? null : overflow.overflow);
    }

    /** Null: fine. Else what is wrong. */
    @Nullable
    String complaint() {
        return maxRecords != null && maxRecords == 0
                ? "--max-records: 0 (expected: 1 or more, or " + UNLIMITED + ")"
                : null;
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
