package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.cli.Shell.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What can be said without a broker. Nothing listens on port 1. */
class UsageTest {
    private final Shell shell = new Shell();

    @Test
    void everyCommandHasHelpWithExamples() {
        List<List<String>> commands = new ArrayList<>();
        collect(Headwater.commandLine(new Shell().terminal()), List.of(), commands);
        assertTrue(commands.size() >= 20, commands.toString());
        for (List<String> command : commands) {
            List<String> args = new ArrayList<>(command);
            args.add("--help");
            Result help = shell.run(args.toArray(String[]::new));
            assertEquals(0, help.code(), command.toString());
            assertTrue(help.out().startsWith("Usage: headwater"), command + ": " + help.out());
            assertTrue(help.out().contains("xample") || help.out().contains("Try:"), command + " shows no example");
            assertEquals("", help.err(), command.toString());
        }
    }

    private static void collect(CommandLine command, List<String> path, List<List<String>> found) {
        found.add(path);
        command.getSubcommands().forEach((name, subcommand) -> {
            List<String> longer = new ArrayList<>(path);
            longer.add(name);
            collect(subcommand, longer, found);
        });
    }

    @Test
    void whatIsAskedWronglyEndsWith2AndSaysWhatWasExpected() {
        refuses("Missing required subcommand");
        refuses("Unmatched argument", "frobnicate");
        refuses("create", "topic", "creat", "x");
        refuses("expected: a number with", "topic", "create", "t", "--retention", "7 days");
        refuses("expected: 1 or more", "topic", "create", "t", "--partitions", "0");
        refuses("nothing to change", "topic", "alter", "t");
        refuses("--format", "topic", "list", "--format", "xml");
        refuses("has no zone", "consume", "t", "--from", "event:2018-02-03T00:00");
        refuses("--to event: cannot follow", "consume", "t", "--to", "event:2018-02-03", "--follow");
        refuses("--partition and --group", "consume", "t", "--partition", "0", "--group", "g");
        refuses("--max: 0", "consume", "t", "--max", "0");
        refuses("--key and --key-field", "produce", "t", "--key", "a", "--key-field", "b");
        refuses("needs --event-time-field", "produce", "t", "--event-time-format", "yyyy");
        refuses("--event-time-format", "produce", "t", "--event-time-field", "a", "--event-time-format", "qqqqqqq");
        refuses("NAME=VALUE", "produce", "t", "--header", "novalue");
        refuses("HOST:PORT", "status", "--server", "localhost");
        refuses("HEADWATER_SERVER): empty", "status", "--server", "");
        refuses("expected one of [persisted, memory]", "topic", "create", "t", "--ack", "foo");
        refuses("expected one of [none, gzip,", "produce", "t", "--compression", "foo");
        refuses("abc (expected: a whole number)", "consume", "t", "--max", "abc");
        refuses("9999999999 (expected: a whole number)", "topic", "create", "t", "--partitions", "9999999999");
        refuses("fast (expected: a number)", "bench", "latency", "--rate", "fast");
        refuses("--to lies before --from", "consume", "t", "--from", "event:2018-02-04", "--to", "event:2018-02-03");
        refuses("talk to a broker; this one does not", "serve", "--server", "127.0.0.1:9440");
        refuses("talk to a broker; this one does not", "log", "verify", "d", "--timeout=3s");
        refuses("--server stands behind the command", "topic", "--server", "127.0.0.1:9440", "list");
        refuses("--set: topics.retention (expected: KEY=VALUE)", "serve", "--set", "topics.retention");
        refuses("--set topics.retentio: unknown setting", "serve", "--set", "topics.retentio=1d");
        refuses("--listen: listen: nowhere", "serve", "--listen", "nowhere");
        refuses("Missing required option", "group", "seek", "g", "--topic", "t");
    }

    private void refuses(String mentions, String... args) {
        Result result = shell.run(args);
        assertEquals(2, result.code(), result.err());
        assertTrue(result.err().contains(mentions), result.err());
        assertTrue(result.err().contains("--help"), result.err());
        assertFalse(result.err().contains("\tat "), result.err());
        assertEquals("", result.out());
    }

    @Test
    void whatIsNoDirectoryOfABrokerIsSaidSo(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "no segment");
        fails("is a file, not a directory", "serve", "--data", file.toString());
        fails("is a directory (expected: a segment", "log", "dump", directory.toString());
        fails("no header of a segment", "log", "dump", file.toString());
        fails("is not a data directory", "log", "verify", directory.toString());
    }

    private void fails(String mentions, String... args) {
        Result result = shell.run(args);
        assertEquals(1, result.code(), result.err());
        assertTrue(result.err().contains(mentions), result.err());
        assertEquals("", result.out());
    }

    @Test
    void theCompletionScriptKnowsTheCommands() {
        String script = shell.run("completion").out();
        assertTrue(script.contains("--event-time-field") && script.contains("describe"), script);
        assertTrue(script.contains("\"persisted\" \"memory\""), script);
    }

    @Test
    void aClosedPipeIsQuiet() {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        for (String command : List.of("--help", "completion")) {
            Result result = shell.run(InputStream.nullInputStream(), closed, new ByteArrayOutputStream(), command);
            assertEquals(0, result.code());
            assertEquals("", result.err());
        }
    }
}
