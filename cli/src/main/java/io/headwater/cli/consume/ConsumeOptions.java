package io.headwater.cli.consume;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.LocalEndOption;
import io.headwater.cli.text.PositionText;
import io.headwater.client.Position;
import io.headwater.client.Position.Kind;
import io.headwater.protocol.wire.PartitionDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where reading starts, where it ends, and who reads. */
final class ConsumeOptions {
    @Option(
            names = "--from",
            paramLabel = "POSITION",
            converter = PositionText.Converter.class,
            description = "beginning, end, offset:N, ingested:TIME or event:TIME (default: beginning; with --group the "
                    + "group's position, and this only where it has none).")
    private @Nullable Position from;

    @Option(
            names = "--to",
            paramLabel = "POSITION",
            converter = PositionText.Converter.class,
            description = "Stop before this: end, offset:N, ingested:TIME or event:TIME (default: the end as seen at "
                    + "start).")
    private @Nullable Position to;

    @Option(names = "--partition", paramLabel = "P", description = "Only this partition.")
    private @Nullable Integer partition;

    @Option(
            names = "--group",
            paramLabel = "G",
            description = "Share the partitions with the other members of this group, from its position, and commit.")
    private @Nullable String group;

    @Option(names = "--max", paramLabel = "N", description = "Stop after this many records.")
    private @Nullable Long max;

    @Option(names = "--follow", description = "Go on with what comes in; Ctrl-C ends it.")
    private boolean follow;

    @Mixin
    private LocalEndOption localEnd = new LocalEndOption();

    @Nullable
    Position from() {
        return from;
    }

    @Nullable
    Position to() {
        return to;
    }

    @Nullable
    Integer partition() {
        return partition;
    }

    @Nullable
    String group() {
        return group;
    }

    long max() {
        return max == null ? Long.MAX_VALUE : max;
    }

    boolean follow() {
        return follow;
    }

    boolean localEnd() {
        return localEnd.isWanted();
    }

    /** Refuses what cannot be meant, as far as that can be seen without the broker. */
    void check() {
        if (max != null && max < 1) {
            throw CommandFailure.usage("--max: " + max + " (expected: 1 or more)");
        }
        if (partition != null && partition < 0) {
            throw CommandFailure.usage("--partition: " + partition + " (expected: 0 or more)");
        }
        if (partition != null && group != null) {
            throw CommandFailure.usage("--partition and --group cannot both be given: a group shares the partitions");
        }
        if (to != null && to.kind() == Kind.BEGINNING) {
            throw CommandFailure.usage("--to: beginning (expected: end, offset:N, ingested:TIME or event:TIME)");
        }
        if (from != null && to != null && from.kind() == to.kind() && to.value() < from.value()) {
            throw CommandFailure.usage("--to lies before --from: nothing can be between them");
        }
        if (follow && to != null && to.kind() == Kind.EVENT_TIME) {
            throw CommandFailure.usage("--to event: cannot follow: an event of that time can always still come in "
                    + "(expected: without --follow, or --to ingested:TIME)");
        }
        if (follow && to != null && to.kind() == Kind.END) {
            throw CommandFailure.usage("--to end and --follow contradict each other (expected: one of them)");
        }
    }

    /** Refuses what this topic cannot answer. */
    void check(List<PartitionDescription> partitions) {
        int count = partitions.size();
        boolean byOffset = (from != null && from.kind() == Kind.OFFSET) || (to != null && to.kind() == Kind.OFFSET);
        if (byOffset && count > 1 && partition == null) {
            throw CommandFailure.usage(
                    "offset: needs --partition: the topic has " + count + " partitions, each with its own offsets");
        }
        if (partition != null && partition >= count) {
            throw CommandFailure.failed("--partition: " + partition + " (the topic has " + count
                    + (count == 1 ? " partition: 0)" : " partitions: 0 to " + (count - 1) + ")"));
        }
        if (byOffset) {
            checkEnd(partitions.get(partition == null ? 0 : partition));
        }
        if (from != null && from.kind() == Kind.OFFSET && group == null) {
            checkRange(from.value(), partitions.get(partition == null ? 0 : partition));
        }
    }

    /** Offsets are held against the end. */
    private void checkEnd(PartitionDescription partition) {
        boolean isKnown = partition.getState().equals("online");
        if (!isKnown) {
            throw CommandFailure.failed("offset: partition " + partition.getIndex() + " is " + partition.getState());
        }
    }

    /** Out of range is an error, never a jump. The end itself is in range: it is where the next record will be. */
    private static void checkRange(long offset, PartitionDescription partition) {
        if (offset < partition.getStartOffset() || offset > partition.getEndOffset()) {
            throw CommandFailure.failed(
                    "--from offset:" + offset + " is out of range: partition " + partition.getIndex()
                            + " has the offsets from " + partition.getStartOffset() + " up to "
                            + partition.getEndOffset());
        }
    }
}
