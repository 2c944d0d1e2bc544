package io.headwater.cli.bench;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.SizeText;
import java.time.Duration;
import picocli.CommandLine.Option;

/** What is sent, and where to: the options of the loads that produce. */
final class SendOptions {
    /** No broker takes larger records. */
    static final long MAX_RECORD_BYTES = 64L << 20;

    @Option(
            names = "--record-bytes",
            paramLabel = "SIZE",
            defaultValue = "1KiB",
            converter = SizeText.Converter.class,
            description = "Of each value (default: 1KiB).")
    private long recordBytes;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Of a topic that has to be made (default: 1).")
    private int partitions;

    @Option(
            names = "--linger",
            paramLabel = "DURATION",
            converter = DurationText.Converter.class,
            description = "How long a batch waits for more records (default: the client's).")
    private Duration linger = Duration.ofNanos(-1);

    int recordBytes() {
        if (recordBytes > MAX_RECORD_BYTES) {
            throw CommandFailure.usage("--record-bytes: " + recordBytes + " (expected: at most 64MiB)");
        }
        return (int) recordBytes;
    }

    int partitions() {
        return partitions;
    }

    Duration linger() {
        return linger;
    }
}
