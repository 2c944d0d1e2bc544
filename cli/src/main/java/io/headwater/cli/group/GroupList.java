package io.headwater.cli.group;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.GroupSummary;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists all groups. */
@Command(
        name = "list",
        description = "List the groups, their members and topics.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater group list")
final class GroupList implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    GroupList(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<GroupSummary> groups;
        try (HeadwaterClient client = server.connect()) {
            groups = client.admin().groups().stream()
                    .sorted(Comparator.comparing(GroupSummary::getName))
                    .toList();
        }
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            groups.forEach(group -> lines.object(json -> GroupText.fields(group, json)));
        } else if (groups.isEmpty()) {
            terminal.say("no groups yet; one starts with: headwater consume TOPIC --group NAME");
        } else {
            Table table = new Table("GROUP", "KIND", "MEMBERS", "TOPICS");
            for (GroupSummary group : groups) {
                table.row(
                        group.getName(),
                        group.getKind(),
                        Human.count(group.getMembers()),
                        String.join(", ", group.getTopicsList()));
            }
            table.lines().forEach(terminal.out()::line);
        }
        return ExitCode.OK;
    }
}
