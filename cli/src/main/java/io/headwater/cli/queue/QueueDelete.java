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

/** Deletes a group with all that it knows. */
@Command(
        name = "delete",
        description =
                "Delete a group with all that it knows of records: who has them, what is done. The records stay in "
                        + "the topic; its consumers are told.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater queue delete orders billing")
final class QueueDelete implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueDelete(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            queue.explained(() -> {
                client.queueAdmin().delete(queue.topic(), queue.group());
                return ExitCode.OK;
            });
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                json.writeStringField("topic", queue.topic());
                json.writeStringField("deleted", queue.group());
            });
        } else {
            terminal.say("deleted " + queue);
        }
        return ExitCode.OK;
    }
}
