package io.headwater.cli.shell;

import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What must happen when the process is told to end while a command runs: stop reading, let what is in flight be
 * answered, flush. The process then ends with 130 (SIGINT) or 143 (SIGTERM), as the JVM does by itself. Thread-safe.
 */
public final class Interrupts {
    private final CopyOnWriteArrayList<Running> running = new CopyOnWriteArrayList<>();

    /**
     * While the body runs, an interruption calls {@code onInterrupt}, on a thread of its own.
     *
     * @param patience how long the body may take to end after that
     */
    public <E extends Exception> void during(Duration patience, Runnable onInterrupt, Body<E> body) throws E {
        Running entry = new Running(patience, onInterrupt);
        running.add(entry);
        try {
            body.run();
        } finally {
            running.remove(entry);
        }
    }

    /** Interrupts whatever runs now, and says how long to wait for its end. */
    public Duration trigger() {
        Duration patience = Duration.ZERO;
        for (Running entry : running) {
            entry.onInterrupt.run();
            patience = entry.patience.compareTo(patience) > 0 ? entry.patience : patience;
        }
        return patience;
    }

    /** What is interrupted. */
    @FunctionalInterface
    public interface Body<E extends Exception> {
        void run() throws E;
    }

    private record Running(Duration patience, Runnable onInterrupt) {}
}
