package io.headwater.cli;

import io.headwater.cli.shell.Interrupts;
import io.headwater.cli.shell.Output;
import io.headwater.cli.shell.Terminal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Runs each kind of command once, against a broker in a directory that is deleted afterwards. scripts/build calls it:
 * the classes that it loads go into the archive that makes every later start fast. Nothing else may depend on it.
 */
final class Rehearsal {
    private final Interrupts interrupts = new Interrupts();

    private Rehearsal() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory("headwater-rehearsal");
        try {
            new Rehearsal().run(directory);
        } finally {
            delete(directory);
        }
    }

    private void run(Path directory) {
        CompletableFuture<String> announcement = new CompletableFuture<>();
        Thread broker = new Thread(() -> serve(directory, announcement), "rehearsal-broker");
        broker.setDaemon(true);
        broker.start();
        String server = announcement.join().replaceAll("^headwater listens on ([^,]*),.*", "$1");
        String lines = "{\"k\":\"a\",\"t\":1}\n".repeat(100);
        for (List<String> command : List.of(
                List.of("topic", "create", "t", "--partitions", "2"),
                List.of("produce", "t", "--key-field", "k", "--event-time-field", "t", "--header", "a=b"),
                List.of("produce", "t", "--format", "json"),
                List.of("consume", "t"),
                List.of("consume", "t", "--format", "json", "--from", "event:2018-01-01"),
                List.of("consume", "t", "--format", "pretty", "--group", "g"),
                List.of("topic", "list"),
                List.of("topic", "describe", "t"),
                List.of("group", "list"),
                List.of("group", "describe", "g"),
                List.of("topic", "create", "w"),
                List.of("produce", "w"),
                List.of("queue", "create", "w", "q", "--max-failures", "1"),
                List.of("queue", "purge", "w", "q", "--state", "ready", "--partition", "0", "--from", "3"),
                List.of("queue", "receive", "w", "q", "--ack"),
                List.of("queue", "work", "w", "q", "--exec", "exit 1", "--until-empty", "--concurrency", "2"),
                List.of("queue", "explain", "w", "q"),
                List.of("queue", "redrive", "w", "q"),
                List.of("queue", "browse", "w", "q"),
                List.of("queue", "move", "w", "q", "--to-topic", "t"),
                List.of("queue", "list"),
                List.of("queue", "describe", "w", "q"),
                List.of("status"),
                List.of("status", "--format", "json"))) {
            String[] withServer = Stream.concat(command.stream(), Stream.of("--server", server))
                    .toArray(String[]::new);
            int code = run(lines, OutputStream.nullOutputStream(), withServer);
            if (code != 0) {
                throw new IllegalStateException(command + " ended with " + code);
            }
        }
        run("", OutputStream.nullOutputStream(), "--help");
        interrupts.trigger();
        joinUninterrupted(broker);
    }

    private void serve(Path directory, CompletableFuture<String> announcement) {
        try {
            run(
                    "",
                    new FirstLine(announcement),
                    "serve",
                    "--data",
                    directory.toString(),
                    "--listen",
                    "127.0.0.1:0",
                    "--set",
                    "log.level=error");
        } finally {
            announcement.completeExceptionally(new IllegalStateException("serve ended"));
        }
    }

    private int run(String input, OutputStream out, String... args) {
        InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        PrintStream err = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        return Headwater.run(
                new Terminal(
                        in,
                        new Output(out),
                        err,
                        "",
                        interrupts,
                        InstantSource.system(),
                        SystemNanoClock.INSTANCE::nanoTime),
                args);
    }

    private static void joinUninterrupted(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Completes with the first line that is written to it. */
    private static final class FirstLine extends OutputStream {
        private final CompletableFuture<String> line;
        private final StringBuilder text = new StringBuilder();

        FirstLine(CompletableFuture<String> line) {
            this.line = line;
        }

        @Override
        public void write(int b) {
            if (b == '\n') {
                line.complete(text.toString());
            } else {
                text.append((char) b);
            }
        }
    }
}
