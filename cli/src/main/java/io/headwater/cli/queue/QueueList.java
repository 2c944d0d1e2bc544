package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.Description;
import io.headwater.client.QueueAdmin.Group;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Lists groups and how much work they have. */
@Command(
        name = "list",
        description = "List the queue groups of a topic, or of all topics, and how much work each has.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater queue list", "  headwater queue list orders --format json | jq '{group, ready}'"})
final class QueueList implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(index = "0", arity = "0..1", paramLabel = "TOPIC", description = "Only those of this topic.")
    private String topic = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueList(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<Description> groups;
        try (HeadwaterClient client = server.connect()) {
            groups = UnknownTopic.explained(topic, () -> describe(client.queueAdmin()));
        }
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            groups.forEach(group -> lines.object(json -> {
                QueueText.fields(group.group(), json);
                WorkText.totals(group, json);
            }));
        } else if (groups.isEmpty()) {
            terminal.say("no queue groups yet; make one with: headwater queue create "
                    + (topic.isEmpty() ? "TOPIC" : topic) + " GROUP");
        } else {
            Table table = new Table(
                    "TOPIC", "GROUP", "KIND", "READY", "WAITING", "LEASED", "DEAD", "OLDEST READY", "CONSUMERS");
            groups.forEach(group -> table.row(WorkText.totals(group)));
            table.lines().forEach(terminal.out()::line);
        }
        return ExitCode.OK;
    }

    private List<Description> describe(QueueAdmin admin) {
        List<Description> described = new ArrayList<>();
        List<Group> groups = new ArrayList<>(topic.isEmpty() ? admin.list() : admin.list(topic));
        groups.sort(Comparator.comparing(Group::topic).thenComparing(Group::name));
        for (Group group : groups) {
            try {
                described.add(admin.describe(group.topic(), group.name()));
            } catch (HeadwaterException e) {
                // Deleted meanwhile: then it does not belong on the list.
                if (!e.code().equals("UNKNOWN_GROUP") && !(topic.isEmpty() && UnknownTopic.is(e))) {
                    throw e;
                }
            }
        }
        return described;
    }
}
