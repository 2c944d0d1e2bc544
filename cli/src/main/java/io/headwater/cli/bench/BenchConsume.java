package io.headwater.cli.bench;

import io.headwater.benchmarks.load.ConsumeLoad;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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

    @Mixin
    private EndOptions end = new EndOptions();

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
                                .withRecords(end.records())
                                .withTimeLimit(end.duration())
                                .run(progress)));
    }
}
