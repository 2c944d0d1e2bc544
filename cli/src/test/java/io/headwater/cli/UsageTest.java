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
        refuses("HOST:PORT", "status", "--server", "localhost:1,localhost");
        refuses("--replicas: 0 (expected: 1 or more)", "topic", "create", "t", "--replicas", "0");
        refuses("--replicas", "topic", "alter", "t", "--replicas", "3");
        refuses("HEADWATER_SERVER): empty", "status", "--server", "");
        refuses("expected one of [persisted, replicated, memory]", "topic", "create", "t", "--ack", "foo");
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
        refuses("--max-records: 0", "topic", "create", "t", "--max-records", "0");
        refuses("--dedup-window: 8d (expected: 1s to 7d, or off)", "topic", "create", "t", "--dedup-window", "8d");
        refuses("--dedup-max-ids: 5 (expected", "topic", "create", "t", "--dedup-max-ids", "5");
        refuses("--max-age: 10ms (expected: 1s or more", "topic", "create", "t", "--max-age", "10ms");
        refuses("expected one of [block, reject]", "topic", "create", "t", "--overflow", "drop");
        refuses("--delay and --deliver-at", "produce", "t", "--delay", "1s", "--deliver-at", "2030-01-01");
        refuses("--priority: 10 (expected: 0 to 9)", "produce", "t", "--priority", "10");
        refuses("orders (expected: TOPIC:PARTITION", "cluster", "transfer", "orders");
        refuses("NODE: 0 (expected: 1 or more", "cluster", "transfer", "orders:0", "0");
        refuses("NODE: 2,2 (expected: nodes that", "cluster", "move", "orders:0", "2,2");
        refuses("NODE: 0 (expected: 1 or more", "cluster", "decommission", "0");
        refuses("TOPIC[:PARTITION] or --all", "cluster", "unsafe-recover", "--node", "1", "--dry-run");
        refuses("--dry-run or --accept-loss", "cluster", "unsafe-recover", "--all", "--node", "1");
        refuses("--dry-run or --accept-loss", "cluster", "recover-metadata", "d");
        refuses("--reason: empty", "cluster", "unsafe-recover", "t:0", "--node", "1", "--accept-loss");
        refuses("does not start with hw-", "produce", "t", "--header", "hw-priority=9");
    }

    @Test
    void whatIsAskedOfAQueueWronglyEndsWith2AndSaysWhatWasExpected() {
        refuses("Missing required parameter", "queue", "create", "t");
        refuses("0 (expected: 1 to 1000, or off)", "queue", "create", "t", "g", "--max-failures", "0");
        refuses("0s (expected: 1s to 12h)", "queue", "create", "t", "g", "--lease", "0s");
        refuses("expected: none, fixed:DURATION", "queue", "create", "t", "g", "--backoff", "exponential");
        refuses("not longer than the longest", "queue", "create", "t", "g", "--backoff", "linear:5m:1s");
        refuses("drop (expected: skip, hold-key, stop)", "queue", "create", "t", "g", "--on-dead", "drop");
        refuses("nothing to change", "queue", "alter", "t", "g");
        refuses("--max: 0", "queue", "receive", "t", "g", "--max", "0");
        refuses("Missing required argument", "queue", "settle", "token");
        refuses("mutually exclusive", "queue", "settle", "token", "--ack", "--fail");
        refuses("--delay goes with", "queue", "settle", "token", "--ack", "--delay", "1s");
        refuses("--reason goes with", "queue", "settle", "token", "--release", "--reason", "x");
        refuses("Missing required option", "queue", "work", "t", "g");
        refuses("--concurrency: 0", "queue", "work", "t", "g", "--exec", "true", "--concurrency", "0");
        refuses("--max: 0", "queue", "browse", "t", "g", "--max", "0");
        refuses("leased, dead, moving, acked]", "queue", "browse", "t", "g", "--state", "done");
        refuses("--key and --record", "queue", "explain", "t", "g", "--key", "k", "--record", "0:1");
        refuses("expected: PARTITION:OFFSET", "queue", "explain", "t", "g", "--record", "17");
        refuses("need --partition", "queue", "redrive", "t", "g", "--from", "3");
        refuses("do not go with it", "queue", "redrive", "t", "g", "--record", "0:1", "--partition", "0");
        refuses("--to not before --from", "queue", "cancel", "t", "g", "--partition", "0", "--from", "3", "--to", "2");
        refuses("Missing required option", "queue", "purge", "t", "g");
        refuses("expected one of [ready, waiting, dead]", "queue", "purge", "t", "g", "--state", "leased");
        refuses("an offset from 0 on, event:TIME", "queue", "redrive", "t", "g", "--partition", "0", "--from", "-1");
        refuses("an offset from 0 on, event:TIME", "queue", "redrive", "t", "g", "--to", "end");
        refuses("has no zone", "queue", "redrive", "t", "g", "--from", "event:2026-01-01T00:00:00");
        refuses(
                "--to not before",
                "queue",
                "cancel",
                "t",
                "g",
                "--from",
                "event:2026-01-02",
                "--to",
                "event:2026-01-01");
        refuses("lies in the future", "queue", "browse", "t", "g", "--from", "ingested:2999-01-01");
        refuses("NAME=VALUE", "queue", "browse", "t", "g", "--header", "colour");
        refuses("failed, rejected, lease_expired", "queue", "redrive", "t", "g", "--cause", "bad-luck");
        refuses("--from or --record is needed", "queue", "replay", "t", "g", "--key", "k");
        refuses("nothing lies before", "queue", "replay", "t", "g", "--from", "beginning", "--to", "beginning");
        refuses("lies in the future", "queue", "replay", "t", "g", "--from", "ingested:2999-01-01T00:00:00Z");
        refuses("--to not before", "queue", "replay", "t", "g", "--partition", "0", "--from", "9", "--to", "3");
        refuses("1/s to 1000000/s", "queue", "redrive", "t", "g", "--rate", "0/s");
        refuses("1/s to 1000000/s", "queue", "redrive", "t", "g", "--rate", "5/m");
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
        assertTrue(script.contains("\"persisted\" \"replicated\" \"memory\""), script);
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
