package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Settlement;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what became of a record, by the token of its lease. */
@Command(
        name = "settle",
        description = {
            "Say what became of a record that was received, by the token of its lease; from any machine.",
            "Saying the same again is fine. When the lease has ended, nothing is changed and the exit code is 1."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater queue settle \"$token\" --ack",
            "  headwater queue settle \"$token\" --fail --reason 'card declined' --delay 1h",
            "  headwater queue settle \"$token\" --extend 5m"
        })
final class QueueSettle implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "TOKEN", description = "As receive printed it.")
    private String token = "";

    @ArgGroup(exclusive = true, multiplicity = "1")
    private Verdict verdict = new Verdict();

    @Option(
            names = "--delay",
            paramLabel = "DURATION",
            converter = DurationText.Converter.class,
            description = "With --release or --fail: it comes again no earlier.")
    private @Nullable Duration delay;

    @Option(names = "--reason", paramLabel = "TEXT", description = "With --fail or --reject: why; for people.")
    private @Nullable String reason;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    QueueSettle(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Settlement settlement = settlement();
        try (HeadwaterClient client = server.connect()) {
            client.settle(token, settlement);
        }
        String said = settlement.verb().name().toLowerCase(Locale.ROOT);
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> json.writeStringField("settled", said));
        } else {
            terminal.say(
                    switch (settlement.verb()) {
                        case ACK -> "acknowledged";
                        case RELEASE -> "released";
                        case FAIL -> "failed, as told";
                        case REJECT -> "rejected: it is dead";
                        case EXTEND -> "extended";
                    });
        }
        return ExitCode.OK;
    }

    private Settlement settlement() {
        if (delay != null && !verdict.release && !verdict.fail) {
            throw CommandFailure.usage("--delay goes with --release or --fail");
        }
        if (reason != null && !verdict.fail && !verdict.reject) {
            throw CommandFailure.usage("--reason goes with --fail or --reject");
        }
        String why = reason == null ? "" : reason;
        if (verdict.ack) {
            return Settlement.ack();
        }
        if (verdict.extend != null) {
            return Settlement.extend(verdict.extend);
        }
        if (verdict.release) {
            return delay == null ? Settlement.release() : Settlement.release(delay);
        }
        if (verdict.fail) {
            return delay == null ? Settlement.fail(why) : Settlement.fail(why, delay);
        }
        return Settlement.reject(why);
    }

    /** One of these. */
    static final class Verdict {
        @Option(names = "--ack", description = "It is done.")
        private boolean ack;

        @Option(names = "--release", description = "It is for somebody else; no failure is counted.")
        private boolean release;

        @Option(names = "--fail", description = "The attempt failed, which is counted; it comes again after a while.")
        private boolean fail;

        @Option(names = "--reject", description = "Nobody can process it: it is dead now.")
        private boolean reject;

        @Option(
                names = "--extend",
                paramLabel = "DURATION",
                converter = QueueOptions.Lease.class,
                description = "The lease runs for so long from now on: 1s to 12h.")
        private @Nullable Duration extend;
    }
}
