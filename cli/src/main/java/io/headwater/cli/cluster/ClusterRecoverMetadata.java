package io.headwater.cli.cluster;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.broker.cluster.MetadataRecovery;
import io.headwater.broker.cluster.MetadataRecovery.Found;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.storage.FileSystemDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A cluster whose metadata have lost most of their voters goes on with one. */
@Command(
        name = "recover-metadata",
        description = {
            "Have the broker of this data directory decide alone about the cluster's metadata (topics, groups, nodes, who"
                    + " leads), because most of the brokers that voted on them are gone for good. Brokers cannot start and"
                    + " nothing can fail over until then. The broker must be stopped. What the others agreed on without this"
                    + " one IS LOST: topics or groups made in the last moments, for example. Records are not touched; see"
                    + " headwater cluster unsafe-recover.",
            "The others must never be started again on their old directories: together they would be a cluster of their own."
                    + " What there was stays in DIR/quorum.before-recovery."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater cluster recover-metadata /var/lib/headwater --dry-run",
            "  headwater cluster recover-metadata /var/lib/headwater --reason 'fire in rack b' --accept-loss"
        })
final class ClusterRecoverMetadata implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "DIR", description = "The data directory of a broker that votes on the metadata.")
    private Path directory = Path.of("");

    @Mixin
    private LossOptions loss = new LossOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ClusterRecoverMetadata(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        loss.requireSense();
        Found found;
        try {
            found = MetadataRecovery.recover(
                    new FileSystemDisk(),
                    directory,
                    new MetadataRecovery.Request(
                            loss.operator(), loss.reason(), terminal.wallClock().millis(), loss.isDryRun()));
        } catch (IOException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()));
        }
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> fields(found, json));
        }
        terminal.say("node " + found.nodeId() + " voted with nodes " + ClusterText.ids(found.votersBefore())
                + "; it knows of "
                + Human.count(found.image().nodes().size(), "node") + ", "
                + Human.count(found.image().topicCount(), "topic") + ", "
                + Human.count(found.image().partitionCount(), "partition") + ", "
                + Human.count(found.image().groupCount(), "group"));
        terminal.say(
                loss.isDryRun()
                        ? "it can decide alone; nothing was changed"
                        : "it decides alone from its next start on; then: headwater cluster status");
        return ExitCode.OK;
    }

    private static void fields(Found found, JsonGenerator json) throws IOException {
        json.writeNumberField("node", found.nodeId());
        ClusterText.ids("votersBefore", found.votersBefore(), json);
        json.writeNumberField("metadataIndex", found.image().appliedIndex());
        json.writeNumberField("nodes", found.image().nodes().size());
        json.writeNumberField("topics", found.image().topicCount());
        json.writeNumberField("partitions", found.image().partitionCount());
        json.writeNumberField("groups", found.image().groupCount());
    }
}
