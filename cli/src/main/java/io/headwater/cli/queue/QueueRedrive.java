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

/** Gives dead records another life. */
@Command(
        name = "redrive",
        description = "Make dead records ready again, without failures.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue redrive orders billing",
            "  headwater queue redrive orders billing --record 0:1200",
            "  headwater queue redrive orders billing --partition 0 --from 1000 --to 2000"
        })
final class QueueRedrive implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private RangeOptions records = new RangeOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueRedrive(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Range range = records.range();
        long count;
        try (HeadwaterClient client = server.connect()) {
            count = queue.explained(() -> client.queueAdmin().redrive(queue.topic(), queue.group(), range));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeNumberField("redriven", count));
        } else {
            terminal.say(Human.count(count, "dead record") + " ready again in " + queue);
        }
        return ExitCode.OK;
    }
}
