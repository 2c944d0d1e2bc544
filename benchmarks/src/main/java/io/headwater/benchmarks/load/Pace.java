package io.headwater.benchmarks.load;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * The schedule of an open loop: record n is due at start + n / rate, whatever became of those before it. Late records
 * go out at once and count from when they were due. A rate of zero means that every record is due now.
 */
final class Pace {
    private final LongSupplier nanoTime;
    private final long startNs;
    private final double intervalNs;

    Pace(LongSupplier nanoTime, double ratePerSecond) {
        this.nanoTime = nanoTime;
        this.startNs = nanoTime.getAsLong();
        this.intervalNs = ratePerSecond == 0 ? 0 : 1e9 / ratePerSecond;
    }

    long startNs() {
        return startNs;
    }

    long elapsedNs() {
        return nanoTime.getAsLong() - startNs;
    }

    private long dueNs(long n) {
        return startNs + (long) (n * intervalNs);
    }

    /** Which record is due at exactly that time; -1: none, or no rate. */
    long numberDueAt(long dueNs) {
        if (intervalNs == 0) {
            return -1;
        }
        long number = Math.round((dueNs - startNs) / intervalNs);
        return number >= 0 && dueNs(number) == dueNs ? number : -1;
    }

    /** Waits until record n is due and returns when that was. Never spins: a spinning driver takes the broker's core. */
    long awaitDue(long n) {
        long now = nanoTime.getAsLong();
        if (intervalNs == 0) {
            return now;
        }
        long due = dueNs(n);
        while (due - now > 0) {
            LockSupport.parkNanos(due - now);
            now = nanoTime.getAsLong();
        }
        return due;
    }
}
