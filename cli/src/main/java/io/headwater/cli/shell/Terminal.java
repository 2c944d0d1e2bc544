package io.headwater.cli.shell;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The surroundings of a command. A test builds one over byte arrays and runs commands in its own process.
 *
 * @param in standard input
 * @param out standard output: data only
 * @param err standard error: summaries, progress, errors
 * @param watched the streams that a person watches: {@link #OUT}, {@link #ERR}, both or neither
 * @param interrupts what Ctrl-C or a SIGTERM calls
 * @param wallClock for ages and for TIME bounds
 * @param nanoClock for durations
 */
public record Terminal(
        InputStream in,
        Output out,
        PrintStream err,
        String watched,
        Interrupts interrupts,
        InstantSource wallClock,
        LongSupplier nanoClock) {

    public static final String OUT = "1";
    public static final String ERR = "2";

    /** A terminal that nobody watches and nobody interrupts. */
    public static Terminal of(
            InputStream in, OutputStream out, PrintStream err, InstantSource wallClock, LongSupplier nanoClock) {
        return new Terminal(in, new Output(out), err, "", new Interrupts(), wallClock, nanoClock);
    }

    /** One line for a person, on standard error. */
    public void say(String line) {
        err.print(line + "\n");
        err.flush();
    }
}
