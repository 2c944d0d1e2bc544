package io.headwater.cli.topic;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.protocol.wire.Topic;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a topic. */
@Command(
        name = "create",
        description =
                "Make a topic. Unless said otherwise: 1 partition, kept 7d, without a limit of size, acknowledged "
                        + "when persisted; a broker's configuration may have other defaults.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater topic create orders",
            "  headwater topic create payments --replicas 5",
            "  headwater topic create clicks --partitions 8 --retention 2d --retention-bytes 10GiB",
            "  headwater topic create ticks --ack memory --if-not-exists",
            "  headwater topic create jobs --delete-on-ack --acked-grace 1h --max-records 1000000 --overflow reject",
            "  headwater topic create mails --delete-on-ack --max-age 2d"
        })
final class TopicCreate implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "NAME", description = "Letters, digits, '.', '_' and '-'; at most 128.")
    private String name = "";

    @Mixin
    private TopicOptions options = new TopicOptions();

    @Option(
            names = "--replicas",
            paramLabel = "N",
            description = "Brokers that hold each partition (default: 3, or 1 where there are fewer brokers).")
    private @Nullable Integer replicas;

    @Option(names = "--if-not-exists", description = "An existing topic of this name is fine, and is left as it is.")
    private boolean ifNotExists;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    TopicCreate(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        @Nullable
        String complaint = replicas != null && replicas < 1
                ? "--replicas: " + replicas + " (expected: 1 or more)"
                : options.complaint();
        if (complaint != null) {
            throw CommandFailure.usage(complaint);
        }
        try (HeadwaterClient client = server.connect()) {
            report(
                    "created",
                    client.admin().createTopic(name, options.settings().withReplicas(replicas == null ? 0 : replicas)));
        } catch (HeadwaterException e) {
            if (!e.code().equals("TOPIC_EXISTS")) {
                throw e;
            }
            if (!ifNotExists) {
                throw CommandFailure.failed("topic " + name + " exists already; --if-not-exists accepts that");
            }
            reportExisting();
        }
        return ExitCode.OK;
    }

    private void reportExisting() {
        try (HeadwaterClient client = server.connect()) {
            client.admin().topics().stream()
                    .filter(topic -> topic.getName().equals(name))
                    .findFirst()
                    .ifPresent(topic -> report("kept", topic));
        }
    }

    private void report(String verb, Topic topic) {
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> TopicText.fields(topic, json));
        } else {
            terminal.say(verb + " topic " + topic.getName() + ": " + TopicText.summary(topic));
        }
    }
}
