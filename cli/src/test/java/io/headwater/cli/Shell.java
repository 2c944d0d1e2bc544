package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.cli.shell.Interrupts;
import io.headwater.cli.shell.Output;
import io.headwater.cli.shell.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** Runs commands in this process and keeps what they print. */
final class Shell {
    private final List<String> moreArguments;
    private final Interrupts interrupts = new Interrupts();

    /** These arguments are added to every command. */
    Shell(String... moreArguments) {
        this.moreArguments = List.of(moreArguments);
    }

    Result run(String... args) {
        return runWith("", args);
    }

    Result runWith(String input, String... args) {
        return runWith(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), args);
    }

    Result runWith(InputStream in, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return run(in, out, out, args);
    }

    /** Writes to any stream; {@code kept} is what the result shows of it. */
    Result run(InputStream in, OutputStream out, ByteArrayOutputStream kept, String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                in,
                new Output(out),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                "",
                interrupts,
                InstantSource.system(),
                System::nanoTime);
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(moreArguments);
        int code = Headwater.run(terminal, all.toArray(String[]::new));
        return new Result(code, kept.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }

    /** A terminal without input whose output nobody keeps. */
    Terminal terminal() {
        return Terminal.of(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                InstantSource.system(),
                System::nanoTime);
    }

    /** As Ctrl-C. */
    void interrupt() {
        interrupts.trigger();
    }

    /** What a command left behind. */
    @SuppressWarnings("ArrayRecordComponent")
    record Result(int code, byte[] outBytes, String err) {
        String out() {
            return new String(outBytes, StandardCharsets.UTF_8);
        }

        List<String> lines() {
            return out().lines().toList();
        }

        /** Holds that it ended with 0. */
        Result done() {
            assertEquals(0, code, err);
            return this;
        }

        /** Holds that it ended so, and said this, without a stack trace. */
        Result failed(int expected, String mentions) {
            assertEquals(expected, code, out() + err);
            assertTrue(err.contains(mentions), err);
            assertFalse(err.contains("\tat "), err);
            return this;
        }
    }
}
