package io.headwater.cli.cluster;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.client.Admin;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.RecoveryPlan;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Partitions whose voters are lost go on with what one node has. */
@Command(
        name = "unsafe-recover",
        description = {
            "Have partitions go on that have lost so many voters that nothing can be committed any more: one node's copy is"
                    + " kept and becomes the only one. Records that were acknowledged and are not in it ARE LOST, and their"
                    + " offsets are given to other records. Only for nodes that are gone for good: if they can come back,"
                    + " wait for them, and nothing is lost.",
            "It is refused for partitions that can go on, and where another live copy holds more. What other nodes bring back"
                    + " later is removed. Each recovery is kept for the record: headwater cluster status shows it."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater cluster unsafe-recover --all --node 1 --dry-run",
            "  headwater cluster unsafe-recover orders:3 --node 1 --reason 'fire in rack b' --accept-loss"
        })
final class ClusterUnsafeRecover implements Callable<Integer> {
    private static final int ALL = -1;
    private static final Pattern PARTITION = Pattern.compile("(.+):(\\d{1,9})");

    private final Terminal terminal;

    @Parameters(
            arity = "0..1",
            paramLabel = "TOPIC[:PARTITION]",
            description = "The partition, or all of a topic that cannot go on.")
    private @Nullable String what;

    @Option(names = "--all", description = "All partitions of the cluster that cannot go on.")
    private boolean all;

    @Option(names = "--node", required = true, description = "Whose copies are kept.")
    private int node;

    @Mixin
    private LossOptions loss = new LossOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterUnsafeRecover(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        requireSense();
        List<RecoveryPlan> plans;
        try (HeadwaterClient client = server.connect()) {
            plans = client.admin().recoverUnsafely(recovery(), loss.isDryRun());
        }
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            plans.forEach(plan -> lines.object(json -> fields(plan, json)));
        } else if (!plans.isEmpty()) {
            Table table = new Table(
                    "PARTITION", "VOTERS", "LIVE", loss.isDryRun() ? "WOULD BE RECOVERED" : "RECOVERED", "WHAT");
            plans.forEach(plan -> table.row(
                    plan.getTopic() + ":" + plan.getIndex(),
                    ClusterText.ids(plan.getVotersList()),
                    ClusterText.ids(plan.getLiveVotersList()),
                    plan.getRefused() ? "no" : "from node " + node,
                    plan.getWhat()));
            table.lines().forEach(terminal.out()::line);
        }
        return conclude(plans);
    }

    private void requireSense() {
        if (all == (what != null)) {
            throw CommandFailure.usage("TOPIC[:PARTITION] or --all (expected: one of them)");
        }
        if (node < 1) {
            throw CommandFailure.usage(
                    "--node: " + node + " (expected: 1 or more; headwater cluster status names them)");
        }
        loss.requireSense();
    }

    private Admin.Recovery recovery() {
        Matcher one = PARTITION.matcher(what == null ? "" : what);
        return one.matches()
                ? new Admin.Recovery(one.group(1), Integer.parseInt(one.group(2)), node, loss.operator(), loss.reason())
                : new Admin.Recovery(what, ALL, node, loss.operator(), loss.reason());
    }

    private int conclude(List<RecoveryPlan> plans) {
        long refused = plans.stream().filter(RecoveryPlan::getRefused).count();
        String recovered = Human.count(plans.size() - refused, "partition");
        if (plans.isEmpty()) {
            terminal.say("nothing to do: no partition has lost so many voters");
        } else {
            terminal.say((loss.isDryRun() ? "would recover " : "recovered ")
                    + recovered
                    + (refused == 0 ? "" : ", and not " + Human.count(refused, "other")));
        }
        return refused == 0 ? ExitCode.OK : ExitCode.FAILURE;
    }

    private static void fields(RecoveryPlan plan, JsonGenerator json) throws IOException {
        json.writeStringField("topic", plan.getTopic());
        json.writeNumberField("partition", plan.getIndex());
        json.writeNumberField("id", plan.getPartitionId());
        json.writeBooleanField("refused", plan.getRefused());
        json.writeStringField("what", plan.getWhat());
        ClusterText.ids("voters", plan.getVotersList(), json);
        ClusterText.ids("liveVoters", plan.getLiveVotersList(), json);
    }
}
