package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.QueueSweep;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Gives dead records another life. */
@Command(
        name = "redrive",
        description = "Make dead records ready again, without failures.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue redrive orders billing",
            "  headwater queue redrive orders billing --record 0:1200",
            "  headwater queue redrive orders billing --partition 0 --from 1000 --to 2000 --rate 100/s",
            "  headwater queue redrive orders billing --from ingested:2026-01-15 --cause lease_expired --dry-run"
        })
final class QueueRedrive implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SweepOptions sweep = new SweepOptions();

    @Mixin
    private SweepOptions.Rate rate = new SweepOptions.Rate();

    QueueRedrive(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
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
