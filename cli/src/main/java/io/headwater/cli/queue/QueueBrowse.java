package io.headwater.cli.queue;

import io.headwater.cli.print.BytesText;
import io.headwater.cli.print.JsonFormat;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.LocalEndOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueAdmin.Page;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.QueueFilter;
import io.headwater.client.RecordState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the records of a group and changes nothing. */
@Command(
        name = "browse",
        description = "List records of a group by their state, with what the group knows of each, and change nothing.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue browse orders billing --state dead",
            "  headwater queue browse orders billing --key customer-7 --max 10",
            "  headwater queue browse orders billing --state acked --from ingested:2026-01-15T08:00:00Z",
            "  headwater queue browse orders billing --state leased --format json | jq -r .holder"
        })
final class QueueBrowse implements Callable<Integer> {
    private static final int PAGE = 500;
    private static final int SHOWN_CHARACTERS = 60;

    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "ready, waiting (for its time), leased, dead, or moving (to another topic); default: all of "
                    + "these, one after the other. Or scheduled (those that wait and were never delivered), or acked "
                    + "(and still in the topic).")
    private @Nullable State state;

    @Mixin
    private FilterOptions filter = new FilterOptions();

    @Option(
            names = "--max",
            paramLabel = "N",
            defaultValue = "100",
            description = "Stop after this many (default: 100).")
    private long max;

    @Mixin
    private LocalEndOption localEnd = new LocalEndOption();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    private long shown;

    QueueBrowse(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (max < 1) {
            throw CommandFailure.usage("--max: " + max + " (expected: 1 or more)");
        }
        QueueFilter which =
                filter.filter(Instant.ofEpochMilli(terminal.wallClock().millis()));
        try (HeadwaterClient client = server.connect()) {
            for (State each : state == null ? State.USUAL : List.of(state)) {
                browse(client, each, which);
            }
        }
        if (!format.isJson()) {
            terminal.say(Human.count(shown, "record") + (shown < max ? "" : "; --max shows more, if there are any"));
        }
        return ExitCode.OK;
    }

    private void browse(HeadwaterClient client, State wanted, QueueFilter which) {
        Place place = Place.FIRST;
        while (place != null && shown < max) {
            Place from = place;
            int most = (int) Math.min(PAGE, max - shown);
            Page page = queue.explained(() ->
                    localEnd.of(client).browse(queue.topic(), queue.group(), Set.of(wanted.state), which, from, most));
            print(read(client, page.records().stream().filter(wanted::shows).toList()));
            place = page.next();
        }
    }

    /** With their contents, as far as those are wanted. */
    private List<Found> read(HeadwaterClient client, List<KnownRecord> known) {
        List<Found> found = new ArrayList<>();
        int at = 0;
        while (at < known.size()) {
            int partition = known.get(at).partition();
            int end = at;
            while (end < known.size() && known.get(end).partition() == partition) {
                end++;
            }
            List<KnownRecord> run = known.subList(at, end);
            try (RecordLookup lookup = new RecordLookup(
                    client,
                    queue.topic(),
                    partition,
                    run.get(0).offset(),
                    run.get(run.size() - 1).offset())) {
                for (KnownRecord record : run) {
                    ConsumedRecord content = lookup.at(record.offset());
                    found.add(new Found(record, content));
                }
            }
            at = end;
        }
        return found;
    }

    private void print(List<Found> records) {
        shown += records.size();
        if (format.isJson()) {
            JsonLines lines = new JsonLines(terminal.out());
            records.forEach(record -> lines.object(json -> {
                ConsumedRecord content = record.content;
                if (content == null) {
                    json.writeStringField("topic", queue.topic());
                    json.writeNumberField("partition", record.known.partition());
                    json.writeNumberField("offset", record.known.offset());
                } else {
                    JsonFormat.fields(content, json);
                }
                QueueText.fields(record.known, json);
            }));
        } else if (!records.isEmpty()) {
            Table table = new Table(
                    "RECORD", "STATE", "DELIVERIES", "FAILURES", "PRIORITY", "UNTIL", "BY", "WHY", "KEY", "VALUE");
            records.forEach(record -> table.row(row(record)));
            table.lines().forEach(terminal.out()::line);
        }
    }

    private static String[] row(Found found) {
        KnownRecord known = found.known;
        ConsumedRecord content = found.content;
        return new String[] {
            known.partition() + ":" + known.offset(),
            QueueText.state(known.state()),
            Human.count(known.deliveries()),
            Human.count(known.failures()),
            Integer.toString(known.priority()),
            known.untilMs() > 0 ? Human.time(known.untilMs()) : "-",
            known.holder().isEmpty() ? "-" : BytesText.escaped(known.holder()),
            brief(QueueText.why(known)),
            content == null || content.key() == null ? "-" : brief(BytesText.shown(content.key())),
            content == null ? "(not in the topic any more)" : brief(BytesText.shown(content.value()))
        };
    }

    private static String brief(String text) {
        return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS - 3) + "...";
    }

    /** What the group knows of a record, and what stands in it; null: it is not in the topic any more. */
    private record Found(KnownRecord known, @Nullable ConsumedRecord content) {}

    /** As people write it. */
    enum State {
        ready(RecordState.READY),
        waiting(RecordState.WAITING),
        scheduled(RecordState.WAITING),
        leased(RecordState.LEASED),
        dead(RecordState.DEAD),
        /** To the dead-letter topic. */
        moving(RecordState.MOVING),
        acked(RecordState.DONE);

        /** All of what is to be done. */
        private static final List<State> USUAL = List.of(ready, waiting, leased, dead, moving);

        private final RecordState state;

        State(RecordState state) {
            this.state = state;
        }

        private boolean shows(KnownRecord record) {
            return this != scheduled || record.deliveries() == 0;
        }
    }
}
