package io.headwater.cli.topic;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin;
import io.headwater.protocol.wire.TopicDescription;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows where a topic's records are, how fast they come in, and how late. */
@Command(
        name = "describe",
        description = {
            "Show each partition of a topic: its records, size, rate and share, the event times it holds, and the delay "
                    + "from event to ingestion; and the names of its queue groups. In a cluster also which broker leads "
                    + "it, which hold it, and how many log entries of the leader's each of them has not on disk yet (LAG).",
            "A partition that takes at least twice its fair share is marked as hot."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater topic describe orders", "  headwater topic describe orders --format json | jq .records"})
final class TopicDescribe implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "NAME", description = "The topic.")
    private String name = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    TopicDescribe(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        TopicDescription description;
        List<QueueAdmin.Group> queues;
        try (HeadwaterClient client = server.connect()) {
            description = UnknownTopic.explained(name, () -> client.admin().describeTopic(name));
            queues = UnknownTopic.explained(name, () -> client.queueAdmin().list(name));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> DescriptionText.fields(description, queues, json));
        } else {
            DescriptionText.lines(description, queues).forEach(terminal.out()::line);
        }
        return ExitCode.OK;
    }
}
