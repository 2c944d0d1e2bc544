package io.headwater.cli.bench;

import io.headwater.benchmarks.load.ProduceLoad;
import io.headwater.cli.shell.CompressionOption;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.SizeText;
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

    @Mixin
    private EndOptions end = new EndOptions();

    @Mixin
    private SendOptions send = new SendOptions();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "0",
            description = "Records due per second (default: as fast as they are taken).")
    private double rate;

    @Option(
            names = "--batch-bytes",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = SizeText.Converter.class,
            description = "The most of one batch (default: the client's).")
    private long batchBytes;

    @Mixin
    private CompressionOption compression = new CompressionOption();

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
                        .withRecords(end.records())
                        .withRecordBytes(send.recordBytes())
                        .withRatePerSecond(rate)
                        .withPartitions(send.partitions())
                        .withBatching((int) Math.min(batchBytes, Integer.MAX_VALUE), send.linger())
                        .withCompression(compression.compression())
                        .withTimeLimit(end.duration())
                        .run(progress));
    }
}
