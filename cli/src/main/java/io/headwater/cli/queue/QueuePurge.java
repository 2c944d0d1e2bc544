package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.QueueSweep;
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
            "  headwater queue purge orders billing --state ready,waiting --partition 0 --to 5000",
            "  headwater queue purge orders billing --state ready --key customer-7 --dry-run"
        })
final class QueuePurge implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SweepOptions sweep = new SweepOptions();

    @Option(
            names = "--state",
            paramLabel = "ready,waiting,dead",
            required = true,
            split = ",",
            description = "Of what stands so: ready, waiting (for its time), dead.")
    private Set<State> states = EnumSet.noneOf(State.class);

    QueuePurge(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Set<RecordState> wanted = states.stream().map(State::state).collect(Collectors.toSet());
        SweepOptions.Result result = sweep.run(terminal, which -> QueueSweep.purge(wanted, which));
        if (sweep.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeNumberField("purged", result.records()));
        } else {
            terminal.say(Human.count(result.records(), "record")
                    + (result.isDryRun() ? " would be purged in " : " purged in ")
                    + sweep.queue());
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
