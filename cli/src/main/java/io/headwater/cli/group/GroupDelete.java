package io.headwater.cli.group;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Forgets a group's positions. */
@Command(
        name = "delete",
        description = "Delete a group without members: its positions are forgotten, records stay.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater group delete billing")
final class GroupDelete implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "GROUP", description = "The group.")
    private String group = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    GroupDelete(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            client.admin().deleteGroup(group);
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeStringField("deleted", group));
        } else {
            terminal.say("deleted group " + group);
        }
        return ExitCode.OK;
    }
}
