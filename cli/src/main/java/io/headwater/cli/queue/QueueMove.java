package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Terminal;
import io.headwater.client.RecordState;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Has records worked on elsewhere. */
@Command(
        name = "move",
        description =
                "Move records to another topic: copied there, then done here, and never deliverable in both. What is leased "
                        + "stays with its consumer, and other groups keep their records.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue move orders billing --to-topic orders-by-hand --key customer-7",
            "  headwater queue move orders billing --to-topic parked --state dead --cause rejected --dry-run",
            "  headwater queue move orders-dead look --to-origin --rate 100/s"
        })
final class QueueMove implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SweepOptions sweep = new SweepOptions();

    @Mixin
    private SweepOptions.Rate rate = new SweepOptions.Rate();

    @ArgGroup(exclusive = true, multiplicity = "1")
    private MoveTarget target = new MoveTarget();

    @Option(
            names = "--state",
            paramLabel = "ready,waiting,dead",
            split = ",",
            description = "Only what stands so: ready, waiting (for its time), dead (default: all of these).")
    private Set<QueuePurge.State> states = EnumSet.allOf(QueuePurge.State.class);

    QueueMove(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Set<RecordState> wanted = states.stream().map(QueuePurge.State::state).collect(Collectors.toSet());
        SweepOptions.Result result =
                sweep.run(terminal, rate, which -> target.sweep(which).of(wanted));
        target.tell(terminal, sweep, "record", result);
        return ExitCode.OK;
    }
}
