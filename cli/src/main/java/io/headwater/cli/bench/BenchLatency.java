package io.headwater.cli.bench;

import io.headwater.benchmarks.load.LatencyLoad;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.DurationText;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures from the time a record was due until it is acknowledged and delivered. */
@Command(
        name = "latency",
        description = "Send at a steady rate and read the same records: how long until acknowledged, how long until "
                + "delivered.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater bench latency", "  headwater bench latency --rate 20000 --record-bytes 100 --duration 1m"
        })
final class BenchLatency implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SendOptions send = new SendOptions();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "5000",
            description = "Records due per second (default: 5000).")
    private double rate;

    @Option(
            names = "--warmup",
            paramLabel = "DURATION",
            defaultValue = "2s",
            converter = DurationText.Converter.class,
            description = "Runs first and does not count (default: 2s).")
    private Duration warmup = Duration.ofSeconds(2);

    @Option(
            names = "--duration",
            paramLabel = "DURATION",
            defaultValue = "10s",
            converter = DurationText.Converter.class,
            description = "What counts (default: 10s).")
    private Duration duration = Duration.ofSeconds(10);

    @Mixin
    private LoadOptions options = new LoadOptions();

    BenchLatency(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        String server = options.reachableServer();
        return options.run(
                terminal,
                progress -> LatencyLoad.of(server, options.topic())
                        .withRatePerSecond(rate)
                        .withRecordBytes(send.recordBytes())
                        .withPartitions(send.partitions())
                        .withLinger(send.linger())
                        .withDuration(warmup, duration)
                        .run(progress));
    }
}
