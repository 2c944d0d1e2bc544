package io.headwater.cli.cluster;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.ReplicaMove;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Equal shares for all nodes. */
@Command(
        name = "rebalance",
        description = {
            "Spread replicas and leaders evenly over the live nodes, for example when a new one has joined. The first of"
                    + " the voters is the preferred leader.",
            "It goes on after the command, a few partitions at a time; if the controller ends meanwhile it stops, and the"
                    + " same command goes on with it. Moved replicas are copied whole, which takes network and disk."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater cluster rebalance --dry-run", "  headwater cluster rebalance"})
final class ClusterRebalance implements Callable<Integer> {
    private final Terminal terminal;

    @Option(names = "--dry-run", description = "Show what would be moved and why, and do nothing.")
    private boolean dryRun;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterRebalance(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<ReplicaMove> moves;
        try (HeadwaterClient client = server.connect()) {
            moves = client.admin().rebalance(dryRun);
        }
        MoveText.print(moves, format.isJson(), terminal.out());
        if (moves.isEmpty()) {
            terminal.say("nothing to do: replicas and leaders are spread evenly");
        } else {
            terminal.say((dryRun ? "would change " : "changing ")
                    + Human.count(moves.size(), "partition")
                    + (dryRun ? "" : "; watch: headwater cluster status --watch"));
        }
        return ExitCode.OK;
    }
}
