package io.headwater.cli.cluster;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.Admin;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.Partition;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Another leader for a partition. */
@Command(
        name = "transfer",
        description = {
            "Have another broker lead a partition. The present leader stops taking records, waits until the other has"
                    + " everything, and hands over: usually within milliseconds.",
            "If the wanted node is not up to it within a second, another voter leads. The partition goes back to its"
                    + " preferred leader, the first of its voters, when that one comes back from a restart or another"
                    + " controller takes over."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater cluster transfer orders:3", "  headwater cluster transfer orders:3 2"})
final class ClusterTransfer implements Callable<Integer> {
    private static final Duration EVERY = Duration.ofMillis(100);
    private static final Duration AT_MOST = Duration.ofSeconds(20);
    private static final int ANY = 0;

    private final Terminal terminal;

    @Parameters(
            index = "0",
            paramLabel = "TOPIC:PARTITION",
            converter = PartitionName.Converter.class,
            description = "The partition.")
    private PartitionName partition = new PartitionName("", 0);

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "NODE",
            description = "Who is to lead: one of its voters (default: any).")
    private @Nullable Integer node;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterTransfer(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (node != null && node < 1) {
            throw CommandFailure.usage("NODE: " + node + " (expected: 1 or more; headwater cluster status names them)");
        }
        int leader;
        try (HeadwaterClient client = server.connect()) {
            leader = transfer(client.admin(), node == null ? ANY : node);
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                json.writeStringField("topic", partition.topic());
                json.writeNumberField("partition", partition.index());
                json.writeNumberField("leader", leader);
            });
        } else {
            terminal.say("node " + leader + " leads partition " + partition);
        }
        return ExitCode.OK;
    }

    private int transfer(Admin admin, int to) {
        int epoch = Partitions.find(admin, partition).getEpoch();
        admin.transferLeader(partition.topic(), partition.index(), to);
        Partition[] seen = new Partition[1];
        new Waiting(terminal)
                .until(
                        () -> {
                            Partition now = Partitions.find(admin, partition);
                            seen[0] = now;
                            boolean isLed = now.getLeader() != 0;
                            return isLed && (now.getEpoch() > epoch || now.getLeader() == to);
                        },
                        EVERY,
                        AT_MOST,
                        "partition " + partition + ": no other leader has shown within " + AT_MOST.toSeconds()
                                + " s; see: headwater cluster status");
        int leader = seen[0].getLeader();
        if (to != ANY && leader != to) {
            throw CommandFailure.failed("partition " + partition + ": node " + leader + " leads, because node " + to
                    + " did not have everything in time; try again when headwater cluster status shows it live");
        }
        return leader;
    }
}
