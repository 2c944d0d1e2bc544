package io.headwater.cli.topic;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Deletes a topic and its records. */
@Command(
        name = "delete",
        description = "Delete a topic with all its records. There is no way back.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  headwater topic delete orders")
final class TopicDelete implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "NAME", description = "The topic.")
    private String name = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    TopicDelete(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            UnknownTopic.explainedWithList(name, () -> client.admin().deleteTopic(name));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeStringField("deleted", name));
        } else {
            terminal.say("deleted topic " + name);
        }
        return ExitCode.OK;
    }
}
