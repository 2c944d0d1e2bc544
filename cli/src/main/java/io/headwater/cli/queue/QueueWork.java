package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.Human;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.QueueConsumer;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a command for each record of a group. */
@Command(
        name = "work",
        description = {
            "Run a command for each record of a group, through sh -c. The value is its standard input, without a newline "
                    + "added; the rest is in its environment: HEADWATER_KEY, HEADWATER_HEADER_name, HEADWATER_TOPIC, "
                    + "HEADWATER_GROUP, HEADWATER_PARTITION, HEADWATER_OFFSET, HEADWATER_EVENT_TIME, "
                    + "HEADWATER_INGESTION_TIME (ms), HEADWATER_DELIVERIES, HEADWATER_FAILURES, HEADWATER_TOKEN. A "
                    + "character of a header's name that is no letter or digit becomes _; bytes that are not text come as "
                    + "base64 in a variable whose name ends in _BASE64.",
            "When it ends with 0, the record is acknowledged; else it has failed, with its exit code and the last line of "
                    + "its standard error as the reason. The lease is extended while it runs. What it prints is printed.",
            "Ctrl-C ends it: a command that dies of that has not failed; its record goes to somebody else."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue work orders billing --exec './bill.sh'",
            "  headwater queue work mails send --exec 'sendmail \"$HEADWATER_KEY\"' --concurrency 4",
            "  headwater queue work orders billing --exec 'jq -e .amount' --until-empty > amounts"
        })
final class QueueWork implements Callable<Integer> {
    /** How long Ctrl-C waits for the commands that run. */
    private static final Duration DRAIN = Duration.ofSeconds(10);

    private static final Duration LAST_WORDS = DRAIN.plusSeconds(5);

    private final Terminal terminal;

    @Mixin
    private QueueName queue = new QueueName();

    @Option(names = "--exec", paramLabel = "CMD", required = true, description = "The command, for sh -c.")
    private String command = "";

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many records are worked on at once (default: 1).")
    private int concurrency;

    @Option(
            names = "--until-empty",
            description = "End when no record is ready, leased or waiting for its time; dead ones do not count.")
    private boolean untilEmpty;

    @Mixin
    private ServerOptions server = new ServerOptions();

    QueueWork(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (concurrency < 1) {
            throw CommandFailure.usage("--concurrency: " + concurrency + " (expected: 1 or more)");
        }
        try (HeadwaterClient client = server.connect();
                QueueConsumer consumer = consumer(client);
                RecordCommand exec = new RecordCommand(command, queue.group(), server.server(), terminal);
                EmptyWatch watch = new EmptyWatch(
                        () -> client.queueAdmin().describe(queue.topic(), queue.group()), consumer::close)) {
            if (untilEmpty) {
                watch.start();
            }
            terminal.interrupts()
                    .during(
                            LAST_WORDS,
                            () -> stop(exec, consumer),
                            () -> queue.explained(() -> {
                                consumer.run(record -> exec.run(record, consumer::close));
                                watch.stop();
                                watch.rethrow();
                                return ExitCode.OK;
                            }));
            terminal.out().flush();
            terminal.say(Human.count(exec.done() + exec.failed(), "record") + ": " + Human.count(exec.done())
                    + " done, " + Human.count(exec.failed()) + " failed");
            exec.rethrow();
        }
        return ExitCode.OK;
    }

    private static void stop(RecordCommand exec, QueueConsumer consumer) {
        exec.stop();
        consumer.close();
    }

    /** Holds no more records than it works on: the others are for other workers. */
    private QueueConsumer consumer(HeadwaterClient client) {
        return client.queueConsumer()
                .topic(queue.topic())
                .group(queue.group())
                .prefetch(concurrency)
                .concurrency(concurrency)
                .drain(DRAIN)
                .build();
    }
}
