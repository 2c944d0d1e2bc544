package io.headwater.cli.cluster;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.ClusterDescription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The cluster on one screen. */
@Command(
        name = "status",
        description = {
            "Show the nodes of the cluster, who decides, the partitions that are not as they should be, and how far followers"
                    + " are behind.",
            "Any broker answers from what it knows, also when the others are gone. How far followers are behind it asks the"
                    + " leaders; what one of them does not say within a second is shown as unknown."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater cluster status", "  headwater cluster status --watch"})
final class ClusterStatus implements Callable<Integer> {
    private static final Duration EVERY = Duration.ofSeconds(2);
    private static final String CLEAR = "\033[H\033[2J";

    private final Terminal terminal;

    @Option(names = "--watch", description = "Show it again every 2 seconds, until Ctrl-C.")
    private boolean watch;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterStatus(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            new Waiting(terminal)
                    .until(
                            () -> {
                                show(client.admin().cluster());
                                return !watch;
                            },
                            EVERY);
        }
        return ExitCode.OK;
    }

    private void show(ClusterDescription cluster) {
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> ClusterText.fields(cluster, json));
        } else {
            boolean isScreen = watch && terminal.watched().contains(Terminal.OUT);
            if (isScreen) {
                terminal.out().write(CLEAR.getBytes(StandardCharsets.US_ASCII));
            }
            ClusterText.lines(cluster).forEach(terminal.out()::line);
            if (watch && !isScreen) {
                terminal.out().line("");
            }
        }
        terminal.out().flush();
    }
}
