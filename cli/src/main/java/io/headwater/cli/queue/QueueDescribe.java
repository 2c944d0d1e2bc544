package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin.Description;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows how much work there is, who does it, and how it goes. */
@Command(
        name = "describe",
        description = {
            "Show a group per partition: how many records are ready, waiting for their time, leased or dead; how long "
                    + "records waited for their first delivery, how long consumers took, and why deliveries ended "
                    + "without an acknowledgement.",
            "PROCESSING is what consumers reported. Everything below OFFSETS is done; the first number is that offset, "
                    + "the second where the partition ends."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue describe orders billing",
            "  headwater queue describe orders billing --format json | jq .ready"
        })
final class QueueDescribe implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueDescribe(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Description description;
        try (HeadwaterClient client = server.connect()) {
            description = queue.explained(() -> client.queueAdmin().describe(queue.topic(), queue.group()));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> WorkText.fields(description, json));
        } else {
            WorkText.lines(description).forEach(terminal.out()::line);
        }
        return ExitCode.OK;
    }
}
