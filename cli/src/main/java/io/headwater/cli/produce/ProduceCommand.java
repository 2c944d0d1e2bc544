package io.headwater.cli.produce;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.CompressionOption;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Progress;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lines of a file or of standard input become records. */
@Command(
        name = "produce",
        description = {
            "Send lines as records: a line is a record, an empty line an empty record.",
            "Ends with 0 only when every record was acknowledged."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  echo hello | headwater produce greetings",
            "  headwater produce earthquakes --file samples/earthquakes.jsonl --key-field net \\",
            "      --event-time-field time",
            "  headwater produce flights --file samples/flights.jsonl --key-field origin \\",
            "      --event-time-field date --event-time-format 'yyyy/MM/dd HH:mm'",
            "  tail -f app.log | headwater produce logs --header host=web1 --format json",
            "  echo call back | headwater produce jobs --delay 10m --priority 7"
        })
public final class ProduceCommand implements Callable<Integer> {
    /** How long Ctrl-C waits for what is in flight. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private static final int MAX_LINE_BYTES = 64 << 20;

    private final Terminal terminal;

    @Parameters(paramLabel = "TOPIC", description = "The topic.")
    private String topic = "";

    @Option(names = "--file", paramLabel = "F", description = "Read this file (default: standard input).")
    private @Nullable Path file;

    @Mixin
    private RecordOptions options = new RecordOptions();

    @Mixin
    private CompressionOption compression = new CompressionOption();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    ProduceCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws InterruptedException {
        options.check();
        if (file == null) {
            return produce(terminal.in());
        }
        try (InputStream in = new FileInputStream(file.toFile())) {
            return produce(in);
        } catch (IOException e) {
            throw CommandFailure.failed("--file: " + e.getMessage());
        }
    }

    private int produce(InputStream in) throws InterruptedException {
        try (HeadwaterClient client = server.connect()) {
            // Asked for first: a missing topic or broker should be known before the first line is typed.
            UnknownTopic.explained(topic, () -> client.admin().describeTopic(topic));
            try (Producer producer =
                    client.producer().compression(compression.compression()).build()) {
                return produce(in, producer);
            }
        }
    }

    private int produce(InputStream in, Producer producer) throws InterruptedException {
        long startNs = terminal.nanoClock().getAsLong();
        LineReader lines = new LineReader(in, MAX_LINE_BYTES);
        LineSender sender = new LineSender(lines, new LineToRecord(topic, options), producer);
        Thread thread = new Thread(sender, "produce-reader");
        thread.setDaemon(true);
        thread.start();
        Tally tally = new Tally(format.isJson() ? new JsonLines(terminal.out()) : null);
        AtomicReference<@Nullable String> problem = new AtomicReference<>();
        try {
            terminal.interrupts().during(LAST_WORDS, sender::stop, () -> problem.set(follow(sender, tally)));
        } finally {
            sender.stop();
            thread.interrupt();
        }
        long tookMs = (terminal.nanoClock().getAsLong() - startNs) / 1_000_000;
        return report(tally, problem.get(), tookMs);
    }

    /** Counts acknowledgements until the input ends, something fails, or the user interrupts. */
    private @Nullable String follow(LineSender sender, Tally tally) throws InterruptedException {
        Progress progress = format.isJson() ? Progress.besideData(terminal) : Progress.alone(terminal);
        try {
            while (!sender.isQuiet()) {
                // Whoever reads along sees an acknowledgement when it is there, not when many are.
                Sent sent = sender.poll(terminal.out()::flush);
                if (sent == null) {
                    continue;
                }
                tally.count(sent);
                progress.tick(() -> Human.count(tally.acknowledged(), "record") + " acknowledged, "
                        + Human.bytes(tally.acknowledgedBytes()));
                if (tally.firstFailure() != null) {
                    sender.stop();
                }
                if (sent.isLast()) {
                    return sent.problem();
                }
            }
            return null;
        } finally {
            progress.clear();
        }
    }

    private int report(Tally tally, @Nullable String problem, long tookMs) {
        terminal.out().flush();
        HeadwaterException cause = tally.firstCause();
        if (cause != null && UnknownTopic.is(cause)) {
            throw UnknownTopic.failure(topic);
        }
        String summary = Human.count(tally.acknowledged(), "record") + " acknowledged";
        String failure = problem == null ? tally.firstFailure() : problem;
        if (failure != null) {
            String others = (tally.failed() == 0 ? "" : ", " + Human.count(tally.failed()) + " failed")
                    + (tally.unknown() == 0 ? "" : ", " + Human.count(tally.unknown()) + " may or may not be stored");
            throw CommandFailure.failed(failure + "\n  " + summary + others);
        }
        double seconds = Math.max(1, tookMs) / 1000.0;
        terminal.say(summary + " (" + tally.levelName() + ") in " + Human.duration(tookMs) + ": "
                + Human.bytes(tally.acknowledgedBytes()) + ", " + Human.perSecond(tally.acknowledged() / seconds)
                + (tally.duplicates() == 0
                        ? ""
                        : ", " + Human.count(tally.duplicates()) + " of them were there already"));
        return ExitCode.OK;
    }
}
