package io.headwater.cli.cluster;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.Feature;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The last step of an upgrade. */
@Command(
        name = "upgrade",
        description = {
            "Let the cluster use what all its brokers can do by now: the last step after each of them has been restarted with"
                    + " a newer version. Until then they do only what the version before understands, and it can be gone back"
                    + " to.",
            "This cannot be taken back: a broker of an older version is refused from then on. Decommission nodes that will"
                    + " not come back; they count."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater cluster upgrade --dry-run", "  headwater cluster upgrade"})
final class ClusterUpgrade implements Callable<Integer> {
    private final Terminal terminal;

    @Option(names = "--dry-run", description = "Show what would rise, and do nothing.")
    private boolean dryRun;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterUpgrade(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<Feature> rising;
        try (HeadwaterClient client = server.connect()) {
            rising = client.admin().raiseFeatures(dryRun);
        }
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            rising.forEach(each -> lines.object(json -> fields(each, json)));
        } else if (!rising.isEmpty()) {
            Table table = new Table("FEATURE", "LEVEL", "RISES TO");
            rising.forEach(each ->
                    table.row(each.getName(), Integer.toString(each.getLevel()), Integer.toString(each.getPossible())));
            table.lines().forEach(terminal.out()::line);
        }
        if (rising.isEmpty()) {
            terminal.say("nothing can rise: the cluster uses all that every one of its brokers can do");
        } else {
            terminal.say(dryRun ? "would rise; nothing was changed" : "the cluster uses these levels from now on");
        }
        return ExitCode.OK;
    }

    static void fields(Feature feature, JsonGenerator json) throws IOException {
        json.writeStringField("feature", feature.getName());
        json.writeNumberField("level", feature.getLevel());
        json.writeNumberField("possible", feature.getPossible());
    }
}
