package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.QueueSweep;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Gives a group again what it has done. */
@Command(
        name = "replay",
        description = "Make records ready again that the group has acknowledged, as far as they are still in the topic "
                + "(topic create --acked-grace, or without --delete-on-ack); not what was purged, cancelled or moved. "
                + "For this group only. They come without failures; leases that were given before stay stale.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue replay orders billing --from ingested:2026-01-15T08:00:00Z --to ingested:2026-01-15T09:00:00Z",
            "  headwater queue replay orders billing --from beginning --key customer-7",
            "  headwater queue replay orders billing --partition 0 --from 1000 --to 2000 --rate 100/s",
            "  headwater queue replay orders billing --record 0:1200"
        })
final class QueueReplay implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SweepOptions sweep = new SweepOptions();

    @Mixin
    private SweepOptions.Rate rate = new SweepOptions.Rate();

    QueueReplay(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        sweep.requireBeginning();
        SweepOptions.Result result = sweep.run(terminal, rate, QueueSweep::replay);
        if (sweep.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                json.writeNumberField("replayed", result.records());
                json.writeNumberField("gone", result.gone());
            });
        } else {
            terminal.say(Human.count(result.records(), "record")
                    + (result.isDryRun() ? " would be ready again in " : " ready again in ")
                    + sweep.queue()
                    + (result.gone() == 0
                            ? ""
                            : "; " + Human.count(result.gone(), "record") + " not in the topic any more"));
        }
        return ExitCode.OK;
    }
}
