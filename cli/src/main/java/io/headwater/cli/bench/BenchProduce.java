package io.headwater.cli.bench;

import io.headwater.benchmarks.load.ProduceLoad;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.SizeText;
import io.headwater.record.Compression;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Produces as fast as the broker takes it, or at a rate. */
@Command(
        name = "produce",
        description = "Send records as fast as they are taken, or at a rate, and wait for every acknowledgement.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater bench produce",
            "  headwater bench produce --record-bytes 100 --records 5000000",
            "  headwater bench produce --rate 50000 --compression lz4 --linger 5ms"
        })
final class BenchProduce implements Callable<Integer> {
    private final Terminal terminal;

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "How many (default: 1000000).")
    private long records;

    @Option(
            names = "--record-bytes",
            paramLabel = "SIZE",
            defaultValue = "1KiB",
            converter = SizeText.Converter.class,
            description = "Of each value (default: 1KiB).")
    private long recordBytes;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "0",
            description = "Records due per second (default: as fast as they are taken).")
    private double rate;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Of a topic that has to be made (default: 1).")
    private int partitions;

    @Option(
            names = "--batch-bytes",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = SizeText.Converter.class,
            description = "The most of one batch (default: the client's).")
    private long batchBytes;

    @Option(
            names = "--linger",
            paramLabel = "DURATION",
            converter = DurationText.Converter.class,
            description = "How long a batch waits for more records (default: the client's).")
    private Duration linger = Duration.ofNanos(-1);

    @Option(
            names = "--compression",
            paramLabel = "TYPE",
            description = "none, gzip, snappy, lz4 or zstd (default: none).")
    private Compression compression = Compression.NONE;

    @Option(
            names = "--duration",
            paramLabel = "DURATION",
            defaultValue = "1m",
            converter = DurationText.Converter.class,
            description = "End after this time even if records are left (default: 1m).")
    private Duration duration = Duration.ofMinutes(1);

    @Mixin
    private LoadOptions options = new LoadOptions();

    BenchProduce(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        String server = options.reachableServer();
        return options.run(
                terminal,
                progress -> ProduceLoad.of(server, options.topic())
                        .withRecords(records)
                        .withRecordBytes(Math.toIntExact(recordBytes))
                        .withRatePerSecond(rate)
                        .withPartitions(partitions)
                        .withBatching(Math.toIntExact(batchBytes), linger)
                        .withCompression(compression)
                        .withTimeLimit(duration)
                        .run(progress));
    }
}
