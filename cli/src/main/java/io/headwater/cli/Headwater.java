package io.headwater.cli;

import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.Failures;
import io.headwater.cli.shell.Interrupts;
import io.headwater.cli.shell.Output;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.NumberText;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import picocli.CommandLine;

/** The process: streams, signals, exit code. Everything else is in the commands. */
public final class Headwater {
    private Headwater() {}

    public static void main(String[] args) {
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), false, StandardCharsets.UTF_8);
        Interrupts interrupts = new Interrupts();
        Terminal terminal = new Terminal(
                new FileInputStream(FileDescriptor.in),
                new Output(new FileOutputStream(FileDescriptor.out)),
                err,
                System.getProperty("headwater.watched", ""),
                interrupts,
                InstantSource.system(),
                SystemNanoClock.INSTANCE::nanoTime);
        CountDownLatch finished = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endGently(interrupts, finished), "interrupt"));
        int code = ExitCode.FAILURE;
        try {
            code = run(terminal, args);
        } finally {
            finished.countDown();
        }
        System.exit(code);
    }

    /** Runs one command in this process and returns its exit code. */
    public static int run(Terminal terminal, String... args) {
        CommandLine command = commandLine(terminal, args);
        // Help is kept until the end: picocli does not expect that writing fails.
        StringWriter help = new StringWriter();
        command.setOut(new PrintWriter(help));
        int code;
        try {
            code = command.execute(args);
        } catch (OutOfMemoryError e) {
            terminal.say(
                    "headwater: out of memory (" + e.getMessage() + ")\n  HEADWATER_JAVA_OPTS=-Xmx4g gives it more");
            return ExitCode.FAILURE;
        }
        try {
            terminal.out().write(help.toString().getBytes(StandardCharsets.UTF_8));
            terminal.out().flush();
        } catch (Output.ClosedPipe gone) {
            return code;
        }
        return code;
    }

    /** The commands that these arguments can reach; all of them without arguments. */
    static CommandLine commandLine(Terminal terminal, String... args) {
        CommandLine command = HeadwaterCommand.tree(new CommandFactory(terminal), args);
        Failures failures = new Failures(terminal);
        command.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        command.setCaseInsensitiveEnumValuesAllowed(true);
        command.registerConverter(int.class, text -> Math.toIntExact(NumberText.whole(text, Integer.MAX_VALUE)));
        command.registerConverter(Integer.class, text -> Math.toIntExact(NumberText.whole(text, Integer.MAX_VALUE)));
        command.registerConverter(long.class, text -> NumberText.whole(text, Long.MAX_VALUE));
        command.registerConverter(Long.class, text -> NumberText.whole(text, Long.MAX_VALUE));
        command.registerConverter(double.class, NumberText::decimal);
        command.setUsageHelpLongOptionsMaxWidth(32);
        command.setUsageHelpWidth(100);
        command.setExecutionExceptionHandler(failures);
        command.setParameterExceptionHandler(failures);
        return command;
    }

    private static void endGently(Interrupts interrupts, CountDownLatch finished) {
        Duration patience = interrupts.trigger();
        try {
            if (!finished.await(patience.toMillis(), TimeUnit.MILLISECONDS) && !patience.isZero()) {
                System.err.println("headwater: ended before everything was answered");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
