package io.headwater.cli;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.Status;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What the broker is, has and does. */
@Command(
        name = "status",
        description = "Show what this broker is, has and does. Fails if there is none.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater status", "  headwater status --server 10.0.0.7:9440 --format json"})
final class StatusCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    StatusCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Status status;
        try (HeadwaterClient client = server.connect()) {
            status = client.admin().status();
        }
        if (format.isJson()) {
            json(status);
        } else {
            text(status);
        }
        return ExitCode.OK;
    }

    private void text(Status status) {
        line("health", status.getHealth());
        line(
                "broker",
                "node " + status.getNodeId() + " of cluster " + status.getClusterId() + ", " + status.getSoftware()
                        + ", process " + status.getPid());
        line("up", Human.duration(status.getUptimeMs()) + ", since " + Human.time(status.getStartedMs()));
        line("listens", status.getListen() + ", admin " + status.getAdmin());
        line(
                "data",
                status.getDataDirectory() + ": " + Human.bytes(status.getLogBytes()) + " of logs, "
                        + Human.bytes(status.getDiskFreeBytes()) + " free");
        line(
                "has",
                Human.count(status.getTopics(), "topic") + ", " + Human.count(status.getPartitions(), "partition")
                        + (status.getOfflinePartitions() == 0 ? "" : " (" + status.getOfflinePartitions() + " OFFLINE)")
                        + ", "
                        + Human.count(status.getGroups(), "group") + ", "
                        + Human.count(status.getConnections(), "connection"));
        line(
                "in",
                Human.perSecond(status.getRecordsInPerSecond()) + ", " + Human.bytes(status.getBytesInPerSecond())
                        + "/s over the last minute");
        line(
                "out",
                Human.perSecond(status.getRecordsOutPerSecond()) + ", " + Human.bytes(status.getBytesOutPerSecond())
                        + "/s over the last minute");
        line("sync", "p50 " + Human.micros(status.getSyncP50Us()) + ", p99 " + Human.micros(status.getSyncP99Us()));
        line("heap", Human.bytes(status.getHeapUsedBytes()) + " used");
    }

    private void line(String name, String value) {
        terminal.out().line(name + " ".repeat(9 - name.length()) + value);
    }

    private void json(Status status) {
        new JsonLines(terminal.out()).object(json -> {
            json.writeStringField("health", status.getHealth());
            json.writeStringField("cluster", status.getClusterId());
            json.writeNumberField("node", status.getNodeId());
            json.writeStringField("software", status.getSoftware());
            json.writeNumberField("pid", status.getPid());
            json.writeNumberField("started", status.getStartedMs());
            json.writeNumberField("uptimeMs", status.getUptimeMs());
            json.writeStringField("listen", status.getListen());
            json.writeStringField("admin", status.getAdmin());
            json.writeStringField("data", status.getDataDirectory());
            json.writeNumberField("logBytes", status.getLogBytes());
            json.writeNumberField("diskFreeBytes", status.getDiskFreeBytes());
            json.writeNumberField("topics", status.getTopics());
            json.writeNumberField("partitions", status.getPartitions());
            json.writeNumberField("offlinePartitions", status.getOfflinePartitions());
            json.writeNumberField("groups", status.getGroups());
            json.writeNumberField("connections", status.getConnections());
            json.writeNumberField("recordsInPerSecond", status.getRecordsInPerSecond());
            json.writeNumberField("bytesInPerSecond", status.getBytesInPerSecond());
            json.writeNumberField("recordsOutPerSecond", status.getRecordsOutPerSecond());
            json.writeNumberField("bytesOutPerSecond", status.getBytesOutPerSecond());
            json.writeNumberField("syncP50Us", status.getSyncP50Us());
            json.writeNumberField("syncP99Us", status.getSyncP99Us());
            json.writeNumberField("heapUsedBytes", status.getHeapUsedBytes());
        });
    }
}
