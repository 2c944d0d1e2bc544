package io.headwater.cli.log;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.broker.cluster.ClusterNode;
import io.headwater.broker.metadata.LocalMetadata;
import io.headwater.broker.partition.StateAudit;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogVerifier;
import io.headwater.storage.LogVerifier.Finding;
import io.headwater.storage.LogVerifier.OtherJournal;
import io.headwater.storage.LogVerifier.Totals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Says all that is wrong with a data directory. */
@Command(
        name = "verify",
        description = {
            "Read every log of a data directory and its metadata: every checksum, every index, and whether the logs reach as far as is "
                    + "known to be durable; and whether what leaders wrote as derived at the start of each segment (queue state, "
                    + "positions, producers) is what the entries lead to. Changes nothing; the broker must be stopped. Ends with 1 if there is damage.",
            "damage: durable bytes are bad or missing. divergence: a CHECKPOINT is not what the entries before it lead to. rebuildable: something derived; the broker makes it anew. tail: "
                    + "what a crash leaves behind, never acknowledged; the next start cuts it off."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater log verify ./data", "  headwater log verify ./data --format json | jq ."})
final class LogVerify implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "DIR", description = "The data directory.")
    private Path directory = Path.of("");

    @Mixin
    private FormatOption format = new FormatOption();

    LogVerify(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Consumer<Finding> findings;
        JsonLines lines = new JsonLines(terminal.out());
        if (format.isJson()) {
            findings = finding -> lines.object(json -> fields(finding, json));
        } else {
            findings = finding -> terminal.out().line(text(finding));
        }
        Totals totals;
        try {
            totals = LogVerifier.verify(new FileSystemDisk(), directory, List.of(metadata()), audit(), findings);
        } catch (NoSuchFileException e) {
            throw CommandFailure.failed(directory + " is not a data directory (expected: what serve got as --data)");
        } catch (IOException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()));
        }
        if (format.isJson()) {
            lines.object(json -> fields(totals, json));
        }
        terminal.out().flush();
        terminal.say((totals.intact() ? "intact: " : "DAMAGED: ") + Human.count(totals.partitions(), "partition") + ", "
                + Human.count(totals.segments(), "segment") + ", "
                + Human.count(totals.records(), "record") + ", " + Human.bytes(totals.bytes()) + " read"
                + (totals.intact() ? "" : ", " + Human.count(totals.damages()) + " bad places"));
        return totals.intact() ? ExitCode.OK : ExitCode.FAILURE;
    }

    /** Of a broker that stands alone, or of a member of a cluster. */
    private OtherJournal metadata() {
        boolean isMember = Files.exists(directory.resolve(ClusterNode.FILE_NAME))
                && !Files.exists(directory.resolve(LocalMetadata.FILE_NAME));
        return isMember ? ClusterNode.verifiable() : LocalMetadata.verifiable();
    }

    /** One state is as large as the heap allows; what is larger is not compared. */
    private static StateAudit audit() {
        return new StateAudit(Runtime.getRuntime().maxMemory() / 4);
    }

    private static String text(Finding finding) {
        return severity(finding) + "  " + finding.file() + " @" + finding.position() + ": " + finding.what();
    }

    private static String severity(Finding finding) {
        return finding.severity().name().toLowerCase(Locale.ROOT);
    }

    private static void fields(Finding finding, JsonGenerator json) throws IOException {
        json.writeStringField("severity", severity(finding));
        json.writeStringField("file", finding.file().toString());
        json.writeNumberField("position", finding.position());
        json.writeStringField("what", finding.what());
    }

    private static void fields(Totals totals, JsonGenerator json) throws IOException {
        json.writeBooleanField("intact", totals.intact());
        json.writeNumberField("partitions", totals.partitions());
        json.writeNumberField("segments", totals.segments());
        json.writeNumberField("entries", totals.entries());
        json.writeNumberField("records", totals.records());
        json.writeNumberField("bytes", totals.bytes());
        json.writeNumberField("damages", totals.damages());
    }
}
