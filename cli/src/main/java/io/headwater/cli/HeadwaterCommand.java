package io.headwater.cli;

import io.headwater.cli.bench.BenchCommand;
import io.headwater.cli.cluster.ClusterCommand;
import io.headwater.cli.consume.ConsumeCommand;
import io.headwater.cli.group.GroupCommand;
import io.headwater.cli.log.LogCommand;
import io.headwater.cli.produce.ProduceCommand;
import io.headwater.cli.queue.QueueCommand;
import io.headwater.cli.topic.TopicCommand;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.IVersionProvider;

/** The root: what there is. */
@Command(
        name = "headwater",
        description = "Durable, replayable event streams, and queues on the same log.",
        mixinStandardHelpOptions = true,
        versionProvider = HeadwaterCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nTry:%n",
        footer = {
            "  headwater serve",
            "  headwater topic create orders --partitions 3",
            "  echo '{\"id\":1}' | headwater produce orders",
            "  headwater consume orders --format pretty",
            "  headwater queue create orders billing",
            "  headwater queue work orders billing --exec 'cat' --until-empty",
            "",
            "Data goes to standard output; summaries, progress and errors to standard error.",
            "Exit codes: 0 done, 1 failed, 2 asked wrongly, 130 interrupted."
        })
final class HeadwaterCommand {
    private static final Map<String, Class<?>> SUBCOMMANDS = new LinkedHashMap<>();

    static {
        SUBCOMMANDS.put("serve", ServeCommand.class);
        SUBCOMMANDS.put("topic", TopicCommand.class);
        SUBCOMMANDS.put("produce", ProduceCommand.class);
        SUBCOMMANDS.put("consume", ConsumeCommand.class);
        SUBCOMMANDS.put("group", GroupCommand.class);
        SUBCOMMANDS.put("queue", QueueCommand.class);
        SUBCOMMANDS.put("log", LogCommand.class);
        SUBCOMMANDS.put("bench", BenchCommand.class);
        SUBCOMMANDS.put("status", StatusCommand.class);
        SUBCOMMANDS.put("cluster", ClusterCommand.class);
        SUBCOMMANDS.put("completion", CompletionCommand.class);
    }

    private HeadwaterCommand() {}

    /**
     * The command tree, or of it what these arguments can reach: picocli looks at every annotation of every command, and
     * that would be most of the time that a short command takes.
     */
    static CommandLine tree(IFactory factory, String... args) {
        CommandLine root = new CommandLine(new HeadwaterCommand(), factory);
        Class<?> only = args.length == 0 ? null : SUBCOMMANDS.get(args[0]);
        if (only != null && only != CompletionCommand.class) {
            root.addSubcommand(new CommandLine(only, factory));
        } else {
            SUBCOMMANDS.values().forEach(each -> root.addSubcommand(new CommandLine(each, factory)));
        }
        return root;
    }

    /** The version in the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            @Nullable String version = HeadwaterCommand.class.getPackage().getImplementationVersion();
            return new String[] {"headwater " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
