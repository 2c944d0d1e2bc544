package io.headwater.cli.cluster;

import io.headwater.cli.shell.CommandFailure;
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
import picocli.CommandLine.Parameters;

/** A node that is to leave for good. */
@Command(
        name = "decommission",
        description = {
            "Have a node leave the cluster for good, whether it is alive or not. Its replicas are copied to other nodes, a"
                    + " few at a time; when it holds none and votes on nothing, it is no part of the cluster any more and"
                    + " its broker can be stopped and its data removed.",
            "This cannot be taken back. It goes on by itself, also when the controller ends; watch it with headwater cluster"
                    + " status. It is refused if there is no node that could take what this one holds."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater cluster decommission 3 --dry-run", "  headwater cluster decommission 3"})
final class ClusterDecommission implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "NODE", description = "The node.")
    private int node;

    @Option(names = "--dry-run", description = "Show where its replicas would go, and do nothing.")
    private boolean dryRun;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterDecommission(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (node < 1) {
            throw CommandFailure.usage("NODE: " + node + " (expected: 1 or more; headwater cluster status names them)");
        }
        List<ReplicaMove> moves;
        try (HeadwaterClient client = server.connect()) {
            moves = client.admin().decommission(node, dryRun);
        }
        MoveText.print(moves, format.isJson(), terminal.out());
        String what = Human.count(moves.size(), "replica");
        terminal.say(
                dryRun
                        ? "would move " + what + " of node " + node
                        : "node " + node + " is leaving; " + what
                                + " to move; watch: headwater cluster status --watch");
        return ExitCode.OK;
    }
}
