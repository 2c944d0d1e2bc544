package io.headwater.cli.queue;

import io.headwater.cli.print.BytesText;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.LocalEndOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.RecordPlace;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueAdmin;
import io.headwater.client.QueueAdmin.Explanation;
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueAdmin.Page;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueAdmin.Place;
import io.headwater.client.RecordState;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says why a record, a key or a group is not being delivered now. */
@Command(
        name = "explain",
        description = {
            "Say why a record is not being delivered now, with the numbers: of one record, of the first that waits with "
                    + "a key, or, without either, of each partition: its first ready record, else its first waiting, "
                    + "leased or dead one.",
            "The codes are in docs/queues.md."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue explain orders billing",
            "  headwater queue explain orders billing --record 0:1200",
            "  headwater queue explain orders billing --key customer-7 --format json | jq -r .code"
        })
final class QueueExplain implements Callable<Integer> {
    /** What is looked at in a partition, the first first. */
    private static final List<RecordState> TELLING =
            List.of(RecordState.READY, RecordState.WAITING, RecordState.LEASED, RecordState.DEAD);

    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Option(names = "--key", paramLabel = "K", description = "The first record that waits with this key; keyed groups.")
    private @Nullable String key;

    @Option(
            names = "--record",
            paramLabel = "P:OFFSET",
            converter = RecordPlace.Converter.class,
            description = "This record.")
    private @Nullable RecordPlace record;

    @Mixin
    private LocalEndOption localEnd = new LocalEndOption();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueExplain(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (key != null && record != null) {
            throw CommandFailure.usage("--key and --record cannot both be given");
        }
        try (HeadwaterClient client = server.connect()) {
            QueueAdmin admin = localEnd.of(client);
            if (key == null && record == null) {
                queue.explained(() -> admin.describe(queue.topic(), queue.group()))
                        .partitions()
                        .forEach(partition -> explain(admin, partition));
            } else {
                print(queue.explained(() -> explain(admin)));
            }
        }
        return ExitCode.OK;
    }

    private Explanation explain(QueueAdmin admin) {
        return record == null
                ? admin.explain(
                        queue.topic(), queue.group(), String.valueOf(key).getBytes(StandardCharsets.UTF_8))
                : admin.explain(queue.topic(), queue.group(), record.partition(), record.offset());
    }

    /** By the record that tells most. */
    private void explain(QueueAdmin admin, PartitionStatus partition) {
        for (RecordState state : TELLING) {
            Page page = queue.explained(
                    () -> admin.browse(queue.topic(), queue.group(), state, new Place(partition.partition(), 0), 1));
            if (!page.records().isEmpty() && page.records().get(0).partition() == partition.partition()) {
                long offset = page.records().get(0).offset();
                print(queue.explained(
                        () -> admin.explain(queue.topic(), queue.group(), partition.partition(), offset)));
                return;
            }
        }
        boolean isOnline = partition.state().equals("online");
        print(new Explanation(
                isOnline ? "DONE" : "OPENING",
                isOnline ? "nothing is left to do: all records are done" : "the partition is " + partition.state(),
                null,
                -1,
                partition));
    }

    private void print(Explanation explanation) {
        KnownRecord known = explanation.record();
        PartitionStatus partition = explanation.partition();
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                json.writeStringField("code", explanation.code());
                json.writeStringField("text", explanation.text());
                if (known != null) {
                    json.writeNumberField("offset", known.offset());
                    QueueText.fields(known, json);
                }
                if (explanation.behindOffset() >= 0) {
                    json.writeNumberField("behindOffset", explanation.behindOffset());
                }
                json.writeObjectFieldStart("partition");
                WorkText.fields(partition, json);
                json.writeEndObject();
            });
            return;
        }
        String what = known == null
                ? "partition " + partition.partition()
                : "record " + known.partition() + ":" + known.offset();
        terminal.out().line(what + ": " + explanation.code());
        terminal.out().line("  " + explanation.text());
        if (known != null && !known.reason().isEmpty()) {
            terminal.out().line("  its last failure: " + BytesText.escaped(known.reason()));
        }
        terminal.out().line("  " + WorkText.inWords(partition));
    }
}
