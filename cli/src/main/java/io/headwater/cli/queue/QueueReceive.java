package io.headwater.cli.queue;

import io.headwater.cli.print.RecordFormat;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Output;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.Human;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueRecord;
import io.headwater.client.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Takes records of a group, each with a lease that belongs to its token. */
@Command(
        name = "receive",
        description = {
            "Take records of a group and print them. Each comes with a lease, which goes on when this command has ended: "
                    + "settle it by its token before it runs out, or the record goes to somebody else, with a failure "
                    + "counted.",
            "The tokens stand in the json and pretty formats; with the value format they go to standard error."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue receive orders billing --format pretty",
            "  headwater queue receive orders billing --max 10 --ack > done.jsonl",
            "  token=$(headwater queue receive orders billing --format json | jq -r .token)"
        })
final class QueueReceive implements Callable<Integer> {
    /** How long Ctrl-C waits for what was not printed to go back. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    /** After the first records others may be on their way from other partitions. */
    private static final Duration STRAGGLERS = Duration.ofMillis(200);

    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Option(
            names = "--max",
            paramLabel = "N",
            defaultValue = "1",
            description = "The most records, over all partitions (default: 1).")
    private int max;

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            defaultValue = "5s",
            converter = DurationText.Converter.class,
            description = "How long to wait for the first; 0s: do not (default: 5s).")
    private Duration wait = Duration.ofSeconds(5);

    @Option(
            names = "--lease",
            paramLabel = "DURATION",
            converter = QueueOptions.Lease.class,
            description = "How long the leases run: 1s to 12h (default: as the group says).")
    private @Nullable Duration lease;

    @Option(names = "--ack", description = "Acknowledge each record once it is printed.")
    private boolean ack;

    @Option(
            names = "--format",
            paramLabel = "value|json|pretty",
            description =
                    "value: the bytes and a newline; json: one object a line; pretty: for people (default: value).")
    private RecordFormat.Name format = RecordFormat.Name.value;

    @Mixin
    private ServerOptions server = new ServerOptions();

    QueueReceive(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (max < 1) {
            throw CommandFailure.usage("--max: " + max + " (expected: 1 or more)");
        }
        List<QueueRecord> records = new ArrayList<>();
        try (HeadwaterClient client = server.connect();
                QueueConsumer consumer = consumer(client)) {
            terminal.interrupts()
                    .during(
                            LAST_WORDS,
                            consumer::close,
                            () -> queue.explained(() -> {
                                receive(consumer, records);
                                print(consumer, records);
                                return ExitCode.OK;
                            }));
        }
        terminal.say(
                records.isEmpty()
                        ? "nothing came within " + DurationText.exact(wait.toMillis()) + "\n  headwater queue explain "
                                + queue.topic() + " " + queue.group() + " says why"
                        : Human.count(records.size(), "record") + (ack ? " acknowledged" : ""));
        return ExitCode.OK;
    }

    private QueueConsumer consumer(HeadwaterClient client) {
        QueueConsumer.Builder builder = client.queueConsumer()
                .topic(queue.topic())
                .group(queue.group())
                .prefetch(max)
                .detachedLeases();
        return lease == null ? builder.build() : builder.lease(lease).build();
    }

    private void receive(QueueConsumer consumer, List<QueueRecord> records) {
        Duration patience = wait;
        List<QueueRecord> some;
        do {
            some = consumer.receive(max - records.size(), patience);
            records.addAll(some);
            patience = STRAGGLERS;
        } while (!some.isEmpty() && records.size() < max);
    }

    /** Whatever was not printed goes back. */
    private void print(QueueConsumer consumer, List<QueueRecord> records) {
        try {
            RecordFormat printed = format.over(terminal.out());
            records.forEach(printed::write);
            terminal.out().flush();
        } catch (Output.ClosedPipe | CommandFailure e) {
            settle(consumer, records, Settlement.release());
            throw e;
        }
        if (ack) {
            settle(consumer, records, Settlement.ack());
        } else if (format == RecordFormat.Name.value || format == RecordFormat.Name.text) {
            records.forEach(record -> terminal.say(record.token() + "  " + record.topic() + "/" + record.partition()
                    + " @" + record.offset() + "  delivery " + record.deliveries() + "  until "
                    + Human.time(record.leaseUntilMs())));
        }
    }

    private static void settle(QueueConsumer consumer, List<QueueRecord> records, Settlement settlement) {
        CompletableFuture.allOf(records.stream()
                        .map(record -> consumer.settle(record, settlement))
                        .toArray(CompletableFuture[]::new))
                .join();
    }
}
