package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.QueueAdmin.Group;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes a group. */
@Command(
        name = "create",
        description = {
            "Make a queue group of a topic: each record goes to one consumer at a time, until it is acknowledged.",
            "It begins with the topic's earliest record. A topic may have many groups; each gets every record."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue create orders billing",
            "  headwater queue create orders shipping --keyed --on-dead hold-key",
            "  headwater queue create mails send --lease 2m --max-failures 5 --backoff fixed:30s --if-not-exists"
        })
final class QueueCreate implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Option(
            names = "--keyed",
            description = "First in, first out per key, and never two records of a key at work at once. For good.")
    private boolean keyed;

    @Mixin
    private QueueOptions options = new QueueOptions();

    @Option(names = "--if-not-exists", description = "An existing group of this name is fine, and is left as it is.")
    private boolean ifNotExists;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueCreate(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (HeadwaterClient client = server.connect()) {
            UnknownTopic.explained(queue.topic(), () -> {
                create(client);
                return ExitCode.OK;
            });
        }
        return ExitCode.OK;
    }

    private void create(HeadwaterClient client) {
        try {
            report("created ", client.queueAdmin().create(queue.topic(), queue.group(), options.config(keyed)));
        } catch (HeadwaterException e) {
            if (!e.code().equals("GROUP_EXISTS")) {
                throw e;
            }
            if (!ifNotExists) {
                throw CommandFailure.failed(queue + " exists already; --if-not-exists accepts that");
            }
            report(
                    "kept ",
                    client.queueAdmin().describe(queue.topic(), queue.group()).group());
        }
    }

    private void report(String verb, Group group) {
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> QueueText.fields(group, json));
        } else {
            terminal.say(verb + QueueText.summary(group));
        }
    }
}
