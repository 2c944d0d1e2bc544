package io.headwater.cli.topic;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.Topic;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists all topics. */
@Command(
        name = "list",
        description = "List the topics and their settings.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater topic list", "  headwater topic list --format json | jq -r .name"})
final class TopicList implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    TopicList(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<Topic> topics;
        try (HeadwaterClient client = server.connect()) {
            topics = client.admin().topics().stream()
                    .sorted(Comparator.comparing(Topic::getName))
                    .toList();
        }
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            topics.forEach(topic -> lines.object(json -> TopicText.fields(topic, json)));
        } else if (topics.isEmpty()) {
            terminal.say("no topics yet; make one with: headwater topic create NAME");
        } else {
            Table table = new Table("TOPIC", "PARTITIONS", "RETENTION", "ACKNOWLEDGED", "CREATED");
            for (Topic topic : topics) {
                table.row(
                        topic.getName(),
                        Human.count(topic.getPartitionsCount()),
                        TopicText.retention(topic.getConfig()),
                        TopicText.ack(topic.getConfig()),
                        Human.time(topic.getCreatedMs()));
            }
            table.lines().forEach(terminal.out()::line);
        }
        return ExitCode.OK;
    }
}
