package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Counts and times outcomes. */
final class Acknowledgements implements Outcomes {
    private final LongSupplier nanoTime;
    private final LongConsumer onAcknowledged;
    private final Latencies latencies = new Latencies();
    private final LongAdder failures = new LongAdder();
    private final AtomicReference<@Nullable Throwable> first = new AtomicReference<>();

    /** Records that were due before this are part of the warm-up. */
    private volatile long countFromNs = Long.MIN_VALUE + 1;

    Acknowledgements(LongSupplier nanoTime) {
        this(nanoTime, dueNs -> {});
    }

    /** @param onAcknowledged told the due time of each timed record, from any thread */
    Acknowledgements(LongSupplier nanoTime, LongConsumer onAcknowledged) {
        this.nanoTime = nanoTime;
        this.onAcknowledged = onAcknowledged;
    }

    void countFrom(long dueNs) {
        countFromNs = dueNs;
    }

    @Override
    public void acknowledged(long dueNs) {
        onAcknowledged.accept(dueNs);
        if (countFromNs == Long.MIN_VALUE + 1 || dueNs - countFromNs >= 0) {
            latencies.record(nanoTime.getAsLong() - dueNs);
        }
    }

    @Override
    public void failed(Throwable cause) {
        failures.increment();
        first.compareAndSet(null, cause);
    }

    long failed() {
        return failures.sum();
    }

    String firstFailure() {
        Throwable cause = first.get();
        return cause == null ? "" : cause.toString();
    }

    LatencySummary latencies() {
        return latencies.summary();
    }
}
