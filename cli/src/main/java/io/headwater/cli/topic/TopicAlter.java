package io.headwater.cli.topic;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.Topic;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Changes a topic while it is used. */
@Command(
        name = "alter",
        description = "Change a topic while it is used. What is not named stays as it is.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater topic alter orders --retention 30d",
            "  headwater topic alter orders --partitions 6",
            "  headwater topic alter orders --delete-on-ack --acked-grace 1h",
            "  headwater topic alter orders --no-delete-on-ack --max-records unlimited",
            "  headwater topic alter orders --dead-letter orders-dead",
            "More partitions send new records of a key elsewhere: order per key starts anew."
        })
final class TopicAlter implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "NAME", description = "The topic.")
    private String name = "";

    @Mixin
    private TopicOptions options = new TopicOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    TopicAlter(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        @Nullable
        String complaint = options.areEmpty()
                ? "nothing to change (expected: a setting, for example --retention 30d)"
                : options.complaint();
        if (complaint != null) {
            throw CommandFailure.usage(complaint);
        }
        try (HeadwaterClient client = server.connect()) {
            Topic topic = UnknownTopic.explained(name, () -> client.admin().alterTopic(name, options.settings()));
            if (format.isJson()) {
                new JsonLines(terminal.out()).object(json -> TopicText.fields(topic, json));
            } else {
                terminal.say("altered topic " + topic.getName() + ": " + TopicText.summary(topic));
            }
        }
        return ExitCode.OK;
    }
}
