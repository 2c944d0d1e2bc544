package io.headwater.cli.cluster;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.Admin;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.protocol.wire.ReplicaMove;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Other voters for a partition. */
@Command(
        name = "move",
        description = {
            "Give a partition other voters, as many as are named; the first is its preferred leader. Each new one copies the"
                    + " whole log first; the partition is served all the time, and nothing acknowledged is given up.",
            "The command waits until it is done. After Ctrl-C it goes on; if the controller ends meanwhile it stops, and"
                    + " the same command goes on with it. Naming the present voters takes back what is not begun."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater cluster move orders:3 2,4,5", "  headwater cluster move orders:3 4"})
final class ClusterMove implements Callable<Integer> {
    private static final Duration EVERY = Duration.ofMillis(500);
    /** A new controller does not know what the last one was asked for. */
    private static final int ASK_AGAIN_AFTER = 10;

    private final Terminal terminal;

    @Parameters(
            index = "0",
            paramLabel = "TOPIC:PARTITION",
            converter = PartitionName.Converter.class,
            description = "The partition.")
    private PartitionName partition = new PartitionName("", 0);

    @Parameters(index = "1", split = ",", paramLabel = "NODE", description = "The nodes of its voters.")
    private List<Integer> nodes = new ArrayList<>();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterMove(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (nodes.stream().anyMatch(node -> node < 1)
                || nodes.stream().distinct().count() < nodes.size()) {
            throw CommandFailure.usage("NODE: " + ClusterText.ids(nodes)
                    + " (expected: nodes that headwater cluster status names, each once)");
        }
        ReplicaMove move;
        boolean isDone;
        try (HeadwaterClient client = server.connect()) {
            Admin admin = client.admin();
            move = ask(admin);
            int[] looks = {0};
            isDone = new Waiting(terminal)
                    .until(
                            () -> {
                                if (++looks[0] % ASK_AGAIN_AFTER == 0) {
                                    askAgain(admin);
                                }
                                return Partitions.find(admin, partition)
                                        .getVotersList()
                                        .equals(nodes);
                            },
                            EVERY);
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> MoveText.fields(move, json));
        } else if (isDone) {
            terminal.say("partition " + partition + ": voters " + ClusterText.ids(move.getFromList()) + " are now "
                    + ClusterText.ids(nodes));
        }
        return ExitCode.OK;
    }

    /** It was taken once; a partition that has no leader at this moment, say, will have one at the next. */
    private void askAgain(Admin admin) {
        try {
            ask(admin);
        } catch (HeadwaterException.Rejected e) {
            terminal.say("partition " + partition + ": not at this moment: " + e.getMessage());
        }
    }

    private ReplicaMove ask(Admin admin) {
        return admin.moveReplicas(partition.topic(), partition.index(), nodes);
    }
}
