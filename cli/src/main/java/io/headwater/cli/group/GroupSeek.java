package io.headwater.cli.group;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.PositionText;
import io.headwater.client.Admin;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Position;
import io.headwater.client.Position.Kind;
import io.headwater.protocol.wire.GroupPartition;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Moves a group's positions. */
@Command(
        name = "seek",
        description = "Move a group's positions in a topic, also while it runs: its members read on from there.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater group seek billing --topic orders --to beginning",
            "  headwater group seek billing --topic orders --to ingested:2026-01-01T08:00:00Z",
            "  headwater group seek billing --topic orders --partition 2 --to offset:1000"
        })
final class GroupSeek implements Callable<Integer> {
    private static final int ALL = -1;

    private final Terminal terminal;

    @Parameters(paramLabel = "GROUP", description = "The group.")
    private String group = "";

    @Option(names = "--topic", paramLabel = "T", required = true, description = "The topic.")
    private String topic = "";

    @Option(
            names = "--to",
            paramLabel = "POSITION",
            required = true,
            converter = PositionText.Converter.class,
            description = "beginning, end, offset:N, ingested:TIME or event:TIME.")
    private Position to = Position.beginning();

    @Option(names = "--partition", paramLabel = "P", description = "Only this partition (default: all).")
    private @Nullable Integer partition;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    GroupSeek(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (partition != null && partition < 0) {
            throw CommandFailure.usage("--partition: " + partition + " (expected: 0 or more)");
        }
        List<GroupPartition> moved;
        try (HeadwaterClient client = server.connect()) {
            moved = UnknownTopic.explained(topic, () -> seek(client.admin()));
        }
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            moved.forEach(each -> lines.object(json -> GroupText.fields(each, json)));
        } else {
            GroupText.partitions(moved, terminal.wallClock().millis()).forEach(terminal.out()::line);
            terminal.say("moved " + Human.count(moved.size(), "position") + " of group " + group);
        }
        return ExitCode.OK;
    }

    private List<GroupPartition> seek(Admin admin) {
        if (to.kind() == Kind.OFFSET && partition == null) {
            int partitions = admin.describeTopic(topic).getPartitionsCount();
            if (partitions > 1) {
                throw CommandFailure.usage("--to offset: needs --partition: the topic has " + partitions
                        + " partitions, each with its own offsets");
            }
        }
        return admin.seekGroup(group, topic, partition == null ? ALL : partition, to);
    }
}
