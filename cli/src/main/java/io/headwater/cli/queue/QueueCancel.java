package io.headwater.cli.queue;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.QueueSweep;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Calls off what was scheduled. */
@Command(
        name = "cancel",
        description =
                "Call off records that their producers want delivered later and that were never delivered: they are done.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater queue cancel orders billing --record 0:1200", "  headwater queue cancel orders billing"})
final class QueueCancel implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private SweepOptions sweep = new SweepOptions();

    QueueCancel(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        SweepOptions.Result result = sweep.run(terminal, QueueSweep::cancel);
        if (sweep.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeNumberField("cancelled", result.records()));
        } else {
            terminal.say(Human.count(result.records(), "scheduled record")
                    + (result.isDryRun() ? " would be cancelled in " : " cancelled in ")
                    + sweep.queue());
        }
        return ExitCode.OK;
    }
}
