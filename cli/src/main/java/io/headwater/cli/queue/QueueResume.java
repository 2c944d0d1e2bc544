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

/** Lets the deliveries of a group go on. */
@Command(
        name = "resume",
        description = "Deliver again to the consumers of a group that was paused, by a person or by --on-dead stop.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater queue resume orders billing")
final class QueueResume implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueResume(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            queue.explained(() -> {
                client.queueAdmin().resume(queue.topic(), queue.group());
                return ExitCode.OK;
            });
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeStringField("resumed", queue.group()));
        } else {
            terminal.say("resumed " + queue);
        }
        return ExitCode.OK;
    }
}
