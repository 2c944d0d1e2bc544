package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.QueueSweep;
import io.headwater.client.RecordState;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Gives dead records another life. */
@Command(
        name = "redrive",
        description =
                "Make dead records ready again, without failures; or move them to another topic, where they are new.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue redrive orders billing",
            "  headwater queue redrive orders billing --record 0:1200",
            "  headwater queue redrive orders billing --partition 0 --from 1000 --to 2000 --rate 100/s",
            "  headwater queue redrive orders billing --from ingested:2026-01-15 --cause lease_expired --dry-run",
            "  headwater queue redrive orders billing --to-topic orders-by-hand"
        })
final class QueueRedrive implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SweepOptions sweep = new SweepOptions();

    @Mixin
    private SweepOptions.Rate rate = new SweepOptions.Rate();

    @ArgGroup(exclusive = true)
    private @Nullable MoveTarget target;

    QueueRedrive(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        MoveTarget elsewhere = target;
        if (elsewhere != null) {
            SweepOptions.Result moved =
                    sweep.run(terminal, rate, which -> elsewhere.sweep(which).of(Set.of(RecordState.DEAD)));
            elsewhere.tell(terminal, sweep, "dead record", moved);
            return ExitCode.OK;
        }
        SweepOptions.Result result = sweep.run(terminal, rate, QueueSweep::redrive);
        if (sweep.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeNumberField("redriven", result.records()));
        } else {
            terminal.say(Human.count(result.records(), "dead record")
                    + (result.isDryRun() ? " would be ready again in " : " ready again in ")
                    + sweep.queue());
        }
        return ExitCode.OK;
    }
}
