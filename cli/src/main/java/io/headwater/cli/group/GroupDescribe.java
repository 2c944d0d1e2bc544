package io.headwater.cli.group;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.GroupDescription;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows who reads what, and how far behind. */
@Command(
        name = "describe",
        description = {
            "Show a group's members and, per partition, its position and its lag in records and in time.",
            "PROCESSING is what members reported with their commits."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater group describe billing",
            "  headwater group describe billing --format json | jq .lagRecords"
        })
final class GroupDescribe implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "GROUP", description = "The group.")
    private String name = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    GroupDescribe(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        GroupDescription group;
        try (HeadwaterClient client = server.connect()) {
            group = client.admin().describeGroup(name);
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> GroupText.fields(group, json));
        } else {
            GroupText.lines(group, terminal.wallClock().millis()).forEach(terminal.out()::line);
        }
        return ExitCode.OK;
    }
}
