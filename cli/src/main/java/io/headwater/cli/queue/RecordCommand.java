package io.headwater.cli.queue;

import io.headwater.cli.print.BytesText;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.Output;
import io.headwater.cli.shell.Terminal;
import io.headwater.client.QueueRecord;
import io.headwater.record.RecordHeader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A command of the user's that is run for each record: the value on its standard input, the rest in its environment.
 * What it prints goes to this command's streams, whole lines at a time. Thread-safe.
 */
final class RecordCommand implements AutoCloseable {
    /** The exit codes of a command that SIGHUP, SIGINT or SIGTERM has ended. */
    private static final Set<Integer> INTERRUPTED = Set.of(129, 130, 143);

    /** Ctrl-C reaches the command and us at the same time, and we may hear of its end first. */
    private static final long OUR_SIGNAL_MS = 500;

    private final String command;
    private final String group;
    private final String server;
    private final Terminal terminal;
    private final Object outLock = new Object();
    private final LongAdder done = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /** Feed and drain processes: three for each that runs. */
    private final ExecutorService pumps = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "queue-work-pump");
        thread.setDaemon(true);
        return thread;
    });

    private final CountDownLatch stopping = new CountDownLatch(1);
    /** Why nothing can be printed any more. */
    private @Nullable RuntimeException brokenOutput;

    /** @param server told to the command, so that it can talk to the same broker */
    RecordCommand(String command, String group, String server, Terminal terminal) {
        this.command = command;
        this.group = group;
        this.server = server;
        this.terminal = terminal;
    }

    /** From now on a command that dies of a signal was interrupted, and has not failed. */
    void stop() {
        stopping.countDown();
    }

    /**
     * Returns when it has ended with 0.
     *
     * @param onBrokenOutput called, once and on another thread, when what it prints cannot be printed any more; the command
     *     itself goes on to its end
     * @throws FailedException it has ended otherwise
     * @throws InterruptedException it was killed together with us
     */
    void run(QueueRecord record, Runnable onBrokenOutput) throws IOException, InterruptedException, FailedException {
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", command);
        addTo(builder.environment(), record);
        Process process = builder.start();
        LastLine lastLine = new LastLine();
        try {
            CompletableFuture<?> streams = CompletableFuture.allOf(
                    start(() -> feed(record.value(), process.getOutputStream())),
                    start(() -> pump(process.getInputStream(), lines -> print(lines, onBrokenOutput))),
                    start(() -> pump(process.getErrorStream(), lines -> {
                        terminal.err().write(lines, 0, lines.length);
                        terminal.err().flush();
                        lastLine.look(lines);
                    })));
            int code = process.waitFor();
            streams.join();
            end(code, lastLine);
        } finally {
            process.destroy();
        }
    }

    private CompletableFuture<?> start(Runnable pump) {
        return CompletableFuture.runAsync(pump, pumps);
    }

    private void end(int code, LastLine lastLine) throws InterruptedException, FailedException {
        if (code == 0) {
            done.increment();
        } else if (INTERRUPTED.contains(code) && stopping.await(OUR_SIGNAL_MS, TimeUnit.MILLISECONDS)) {
            throw new InterruptedException("exit " + code);
        } else {
            failed.increment();
            throw new FailedException("exit " + code + lastLine.behindColon());
        }
    }

    private void print(byte[] lines, Runnable onBrokenOutput) {
        synchronized (outLock) {
            if (brokenOutput != null) {
                return;
            }
            try {
                terminal.out().write(lines);
                terminal.out().flush();
            } catch (Output.ClosedPipe | CommandFailure e) {
                brokenOutput = e;
                pumps.execute(onBrokenOutput);
            }
        }
    }

    /** A command need not read what it is given. */
    private static void feed(byte @Nullable [] value, OutputStream in) {
        try (in) {
            if (value != null) {
                in.write(value);
            }
        } catch (IOException e) {
            // It has closed its input, or ended.
        }
    }

    /** Reads to the end, or until the process is destroyed. */
    private static void pump(InputStream from, LineBuffer.Sink to) {
        LineBuffer buffer = new LineBuffer(to);
        try (from) {
            while (buffer.fill(from)) {
                buffer.drainLines();
            }
        } catch (IOException e) {
            // It is gone; what it said before that counts.
        }
        buffer.drainAll();
    }

    private void addTo(Map<String, String> environment, QueueRecord record) {
        environment.put("HEADWATER_SERVER", server);
        environment.put("HEADWATER_TOPIC", record.topic());
        environment.put("HEADWATER_GROUP", group);
        environment.put("HEADWATER_PARTITION", Integer.toString(record.partition()));
        environment.put("HEADWATER_OFFSET", Long.toString(record.offset()));
        environment.put("HEADWATER_EVENT_TIME", Long.toString(record.eventTimeMs()));
        environment.put("HEADWATER_INGESTION_TIME", Long.toString(record.ingestionTimeMs()));
        environment.put("HEADWATER_DELIVERIES", Integer.toString(record.deliveries()));
        environment.put("HEADWATER_FAILURES", Integer.toString(record.failures()));
        environment.put("HEADWATER_TOKEN", record.token());
        put(environment, "HEADWATER_KEY", record.key());
        for (RecordHeader header : record.headers()) {
            put(environment, "HEADWATER_HEADER_" + header.name().replaceAll("[^A-Za-z0-9]", "_"), header.value());
        }
    }

    private static void put(Map<String, String> environment, String name, byte @Nullable [] value) {
        if (value == null) {
            return;
        }
        String text = new String(value, StandardCharsets.UTF_8);
        if (BytesText.isUtf8(value) && text.indexOf('\0') < 0) {
            environment.put(name, text);
        } else {
            environment.put(name + "_BASE64", Base64.getEncoder().encodeToString(value));
        }
    }

    long done() {
        return done.sum();
    }

    long failed() {
        return failed.sum();
    }

    /** Throws what printing ended with, if it did. */
    void rethrow() {
        synchronized (outLock) {
            if (brokenOutput != null) {
                throw brokenOutput;
            }
        }
    }

    @Override
    public void close() {
        pumps.shutdownNow();
    }

    /** The command has not done its work. The message is the reason that goes with the record. */
    static final class FailedException extends Exception {
        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Remembers the last line that is not empty. */
    private static final class LastLine {
        private static final int MOST_CHARACTERS = 200;
        private volatile String line = "";

        void look(byte[] lines) {
            String text = new String(lines, StandardCharsets.UTF_8).strip();
            if (!text.isEmpty()) {
                String last = text.substring(text.lastIndexOf('\n') + 1).strip();
                line = last.length() <= MOST_CHARACTERS ? last : last.substring(0, MOST_CHARACTERS);
            }
        }

        String behindColon() {
            return line.isEmpty() ? "" : ": " + line;
        }
    }
}
