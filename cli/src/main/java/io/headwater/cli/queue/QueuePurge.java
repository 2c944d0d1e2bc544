package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.RecordState;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lets go of records that nobody shall work on. */
@Command(
        name = "purge",
        description =
                "Declare records done that nobody shall work on. What is leased stays with its consumer; the records stay in the topic for its other readers.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue purge orders billing --state dead",
            "  headwater queue purge orders billing --state ready,waiting --partition 0 --to 5000"
        })
final class QueuePurge implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Mixin
    private RangeOptions records = new RangeOptions();

    @Option(
            names = "--state",
            paramLabel = "ready,waiting,dead",
            required = true,
            split = ",",
            description = "Of what stands so: ready, waiting (for its time), dead.")
    private Set<State> states = EnumSet.noneOf(State.class);

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueuePurge(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Range range = records.range();
        long count;
        try (HeadwaterClient client = server.connect()) {
            count = queue.explained(() -> client.queueAdmin()
                    .purge(
                            queue.topic(),
                            queue.group(),
                            range,
                            states.stream().map(State::state).collect(Collectors.toSet())));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeNumberField("purged", count));
        } else {
            terminal.say(Human.count(count, "record") + " purged in " + queue);
        }
        return ExitCode.OK;
    }

    /** As people write it. */
    enum State {
        ready(RecordState.READY),
        waiting(RecordState.WAITING),
        dead(RecordState.DEAD);

        private final RecordState state;

        State(RecordState state) {
            this.state = state;
        }

        RecordState state() {
            return state;
        }
    }
}
