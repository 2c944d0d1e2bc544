package io.headwater.cli.bench;

import io.headwater.benchmarks.load.LoadProgress;
import io.headwater.benchmarks.load.LoadResult;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Progress;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every load takes, and how its result is shown. */
final class LoadOptions {
    @Option(names = "--topic", paramLabel = "T", defaultValue = "bench", description = "The topic (default: bench).")
    private String topic = "bench";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    String topic() {
        return topic;
    }

    /** The driver makes its own connections: this one only makes sure early that somebody answers. */
    String reachableServer() {
        try (var client = server.connect()) {
            client.admin().status();
        }
        return server.server();
    }

    int run(Terminal terminal, Function<Consumer<LoadProgress>, LoadResult> load) {
        Progress progress = Progress.alone(terminal);
        LoadResult result;
        try {
            result = load.apply(now -> progress.tick(() -> Human.count(now.done()) + " of " + Human.count(now.planned())
                    + " records, " + Human.perSecond(now.recordsPerSecond())));
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        } finally {
            progress.clear();
        }
        String shown = format.isJson() ? result.json() + "\n" : result.text();
        terminal.out().write(shown.getBytes(StandardCharsets.UTF_8));
        terminal.out().flush();
        List<String> problems = new ArrayList<>();
        if (result.undelivered() > 0) {
            problems.add("acknowledged but not delivered: " + Human.count(result.undelivered()));
        }
        if (result.failed() > 0) {
            problems.add(Human.count(result.failed(), "record") + " failed: " + result.firstFailure());
        }
        if (!problems.isEmpty()) {
            throw CommandFailure.failed(String.join("\n  ", problems));
        }
        return ExitCode.OK;
    }
}
