package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin.Range;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Calls off what was scheduled. */
@Command(
        name = "cancel",
        description =
                "Call off records that their producers want delivered later and that were never delivered: they are done.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater queue cancel orders billing --record 0:1200", "  headwater queue cancel orders billing"})
final class QueueCancel implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private RangeOptions records = new RangeOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueCancel(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Range range = records.range();
        long count;
        try (HeadwaterClient client = server.connect()) {
            count = queue.explained(() -> client.queueAdmin().cancel(queue.topic(), queue.group(), range));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeNumberField("cancelled", count));
        } else {
            terminal.say(Human.count(count, "scheduled record") + " cancelled in " + queue);
        }
        return ExitCode.OK;
    }
}
