package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.text.RecordPlace;
import io.headwater.client.QueueAdmin.Range;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which records an operation is about: all, those of a partition, a range of offsets, or just one. */
final class RangeOptions {
    @Option(names = "--partition", paramLabel = "P", description = "Only records of this partition (default: all).")
    private @Nullable Integer partition;

    @Option(names = "--from", paramLabel = "OFFSET", description = "Of the partition, only from this offset on.")
    private @Nullable Long from;

    @Option(names = "--to", paramLabel = "OFFSET", description = "Of the partition, only before this offset.")
    private @Nullable Long to;

    @Option(
            names = "--record",
            paramLabel = "P:OFFSET",
            converter = RecordPlace.Converter.class,
            description = "Only this record.")
    private @Nullable RecordPlace record;

    /** Refuses what cannot be meant. */
    Range range() {
        if (record != null) {
            if (partition != null || from != null || to != null) {
                throw CommandFailure.usage("--record is one record: --partition, --from and --to do not go with it");
            }
            return Range.record(record.partition(), record.offset());
        }
        if (partition == null) {
            if (from != null || to != null) {
                throw CommandFailure.usage("--from and --to need --partition: each partition has its own offsets");
            }
            return Range.all();
        }
        long first = from == null ? 0 : from;
        long end = to == null ? -1 : to;
        if (partition < 0 || first < 0 || (to != null && to < first)) {
            throw CommandFailure.usage(
                    "--partition " + partition + " --from " + first + (to == null ? "" : " --to " + to)
                            + " (expected: a partition and offsets from 0 on, --to not before --from)");
        }
        return new Range(partition, first, end);
    }
}
