package io.headwater.broker;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was opened, to be closed in the opposite order, and how long each phase of that took. */
final class Startup {
    private static final Logger LOG = LoggerFactory.getLogger(Startup.class);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final StringJoiner phases = new StringJoiner(", ", " (", ")");
    private final NanoClock clock;
    private final long startNs;
    private long phaseNs;

    Startup(NanoClock clock) {
        this.clock = clock;
        this.startNs = clock.nanoTime();
        this.phaseNs = startNs;
    }

    <T extends AutoCloseable> T opened(T resource) {
        opened.push(resource);
        return resource;
    }

    void phase(String name) {
        long nowNs = clock.nanoTime();
        phases.add(name + " " + TimeUnit.NANOSECONDS.toMillis(nowNs - phaseNs));
        phaseNs = nowNs;
    }

    String report() {
        return TimeUnit.NANOSECONDS.toMillis(phaseNs - startNs) + " ms" + phases;
    }

    /** Closes everything, the last one first; what fails is logged, and the rest is closed all the same. */
    void undo() {
        while (!opened.isEmpty()) {
            AutoCloseable next = opened.pop();
            try {
                next.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                LOG.error("broker: closing {} failed", next, e);
            }
        }
    }
}
