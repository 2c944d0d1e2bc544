package io.headwater.cli.bench;

import io.headwater.benchmarks.load.ConsumeLoad;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.DurationText;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reads a topic as fast as it comes. */
@Command(
        name = "consume",
        description = "Read a topic from its beginning as fast as it comes.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater bench produce && headwater bench consume", "  headwater bench consume --topic orders"})
final class BenchConsume implements Callable<Integer> {
    private final Terminal terminal;

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "The most to read (default: 1000000).")
    private long records;

    @Option(
            names = "--duration",
            paramLabel = "DURATION",
            defaultValue = "1m",
            converter = DurationText.Converter.class,
            description = "End after this time even if records are left (default: 1m).")
    private Duration duration = Duration.ofMinutes(1);

    @Mixin
    private LoadOptions options = new LoadOptions();

    BenchConsume(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        String server = options.reachableServer();
        return UnknownTopic.explained(
                options.topic(),
                () -> options.run(
                        terminal,
                        progress -> ConsumeLoad.of(server, options.topic())
                                .withRecords(records)
                                .withTimeLimit(duration)
                                .run(progress)));
    }
}
