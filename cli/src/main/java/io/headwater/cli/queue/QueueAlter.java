package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin.Group;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Changes a group while it is worked on. */
@Command(
        name = "alter",
        description = "Change a group while it is worked on. What is not named stays as it is.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue alter orders billing --max-failures 3",
            "  headwater queue alter orders billing --backoff linear:10s:10m --lease 1m"
        })
final class QueueAlter implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private QueueOptions options = new QueueOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueAlter(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (options.areEmpty()) {
            throw CommandFailure.usage("nothing to change (expected: a setting, for example --lease 1m)");
        }
        try (HeadwaterClient client = server.connect()) {
            Group group = queue.explained(
                    () -> client.queueAdmin().alter(queue.topic(), queue.group(), options.config(false)));
            if (format.isJson()) {
                new JsonLines(terminal.out()).object(json -> QueueText.fields(group, json));
            } else {
                terminal.say("altered " + QueueText.summary(group));
            }
        }
        return ExitCode.OK;
    }
}
