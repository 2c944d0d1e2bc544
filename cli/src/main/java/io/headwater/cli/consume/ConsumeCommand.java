package io.headwater.cli.consume;

import io.headwater.cli.print.RecordFormat;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.Human;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.TopicDescription;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the records of a topic. */
@Command(
        name = "consume",
        description = {
            "Print records: from the beginning to the end as seen at start, unless told otherwise.",
            "TIME is ISO-8601 with a zone, a date (midnight UTC), or epoch milliseconds. Ranges leave out their end. A "
                    + "range of event times is a filter in log order: late records are in it."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater consume orders --format pretty",
            "  headwater consume orders --follow",
            "  headwater consume earthquakes --from event:2018-02-03 --to event:2018-02-04",
            "  headwater consume orders --from ingested:2026-01-01T08:00:00+01:00 --format json",
            "  headwater consume orders --partition 0 --from offset:100 --to offset:200",
            "  headwater consume orders --group billing --max 10"
        })
public final class ConsumeCommand implements Callable<Integer> {
    /** How long Ctrl-C waits for the last commit. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final Terminal terminal;

    @Parameters(paramLabel = "TOPIC", description = "The topic.")
    private String topic = "";

    @Mixin
    private ConsumeOptions options = new ConsumeOptions();

    @Option(
            names = "--format",
            paramLabel = "value|json|pretty",
            description =
                    "value: the bytes and a newline; json: one object a line; pretty: for people (default: value).")
    private RecordFormat.Name format = RecordFormat.Name.value;

    @Mixin
    private ServerOptions server = new ServerOptions();

    ConsumeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        options.check();
        long startNs = terminal.nanoClock().getAsLong();
        try (HeadwaterClient client = server.connect()) {
            TopicDescription description =
                    UnknownTopic.explained(topic, () -> client.admin().describeTopic(topic, options.localEnd()));
            options.check(description.getPartitionsList());
            ConsumeLoop loop = new ConsumeLoop(terminal, format.over(terminal.out()), options);
            terminal.interrupts().during(LAST_WORDS, loop::stop, () -> loop.run(client, description));
            long tookMs = (terminal.nanoClock().getAsLong() - startNs) / 1_000_000;
            terminal.say(Human.count(loop.records(), "record") + " in " + Human.duration(tookMs));
        }
        return ExitCode.OK;
    }
}
