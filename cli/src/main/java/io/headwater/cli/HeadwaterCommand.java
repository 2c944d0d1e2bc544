package io.headwater.cli;

import io.headwater.cli.bench.BenchCommand;
import io.headwater.cli.consume.ConsumeCommand;
import io.headwater.cli.group.GroupCommand;
import io.headwater.cli.produce.ProduceCommand;
import io.headwater.cli.topic.TopicCommand;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The root: what there is. */
@Command(
        name = "headwater",
        description = "A durable, replayable event stream.",
        mixinStandardHelpOptions = true,
        versionProvider = HeadwaterCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TopicCommand.class,
            ProduceCommand.class,
            ConsumeCommand.class,
            GroupCommand.class,
            BenchCommand.class,
            StatusCommand.class,
            CompletionCommand.class
        },
        footerHeading = "%nTry:%n",
        footer = {
            "  headwater serve",
            "  headwater topic create orders --partitions 3",
            "  echo '{\"id\":1}' | headwater produce orders",
            "  headwater consume orders --format pretty",
            "",
            "Data goes to standard output; summaries, progress and errors to standard error.",
            "Exit codes: 0 done, 1 failed, 2 asked wrongly, 130 interrupted."
        })
final class HeadwaterCommand {
    HeadwaterCommand() {}

    /** The version in the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            @Nullable String version = HeadwaterCommand.class.getPackage().getImplementationVersion();
            return new String[] {"headwater " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
