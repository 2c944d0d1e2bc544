package io.headwater.cli.queue;

import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.QueueAdmin.Left;
import io.headwater.client.QueueFilter;
import io.headwater.client.QueueSweep;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where records are moved. One of the two. */
final class MoveTarget {
    @Option(
            names = "--to-topic",
            paramLabel = "TOPIC",
            description = "Move them to this topic: key, value, headers and event time as they are.")
    private @Nullable String topic;

    @Option(
            names = "--to-origin",
            description =
                    "Of a dead-letter topic's group: move each back to the topic where it died, without its hw-dead- headers. "
                            + "Those that name no topic that there is stay.")
    private boolean origin;

    QueueSweep sweep(QueueFilter which) {
        return origin || topic == null ? QueueSweep.moveToOrigin(which) : QueueSweep.move(which, topic);
    }

    void tell(Terminal terminal, SweepOptions sweep, String what, SweepOptions.Result result) {
        Left left = result.left();
        if (sweep.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                json.writeNumberField("moved", result.records());
                json.writeNumberField("withoutOrigin", left.withoutOrigin());
                json.writeNumberField("originGone", left.originGone());
                json.writeNumberField("unfit", left.unfit());
            });
            return;
        }
        terminal.say(Human.count(result.records(), what)
                + (result.isDryRun() ? " would be moved from " : " moved from ")
                + sweep.queue()
                + " to "
                + (topic == null ? "where they died" : "topic " + topic));
        lines(left).forEach(terminal::say);
    }

    private static List<String> lines(Left left) {
        List<String> lines = new ArrayList<>();
        if (left.withoutOrigin() > 0) {
            lines.add(
                    Human.count(left.withoutOrigin(), "record") + " left: without hw-dead-topic, which says where to");
        }
        if (left.originGone() > 0) {
            lines.add(Human.count(left.originGone(), "record")
                    + " left: there is no other topic of the name in hw-dead-topic");
        }
        if (left.unfit() > 0) {
            lines.add(Human.count(left.unfit(), "record")
                    + " left: larger than a record may be, or they or their reserved headers cannot be read");
        }
        return lines;
    }
}
