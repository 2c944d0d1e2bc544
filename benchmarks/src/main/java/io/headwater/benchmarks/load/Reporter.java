package io.headwater.benchmarks.load;

import java.time.Duration;
import java.util.function.Consumer;

/** Passes progress on, about twice a second. */
final class Reporter {
    private static final long EVERY_NS = 500_000_000L;
    private final Consumer<LoadProgress> listener;
    private final long planned;
    private long nextNs = EVERY_NS;

    Reporter(Consumer<LoadProgress> listener, long planned) {
        this.listener = listener;
        this.planned = planned;
    }

    void at(long elapsedNs, long done) {
        if (elapsedNs >= nextNs) {
            nextNs = elapsedNs + EVERY_NS;
            listener.accept(new LoadProgress(done, planned, Duration.ofNanos(elapsedNs)));
        }
    }
}
