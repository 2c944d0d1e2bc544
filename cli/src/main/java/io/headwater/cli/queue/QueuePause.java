package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Stops the deliveries of a group. */
@Command(
        name = "pause",
        description =
                "Deliver nothing more to the consumers of a group, until it is resumed. What they work on they may settle.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater queue pause orders billing")
final class QueuePause implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueuePause(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            queue.explained(() -> {
                client.queueAdmin().pause(queue.topic(), queue.group());
                return ExitCode.OK;
            });
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeStringField("paused", queue.group()));
        } else {
            terminal.say("paused " + queue);
        }
        return ExitCode.OK;
    }
}
