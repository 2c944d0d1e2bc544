package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.From;
import io.headwater.benchmarks.load.LoadTarget.Sink;
import io.headwater.benchmarks.load.LoadTarget.Source;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One run of a {@link LatencyLoad}: this thread sends, another reads. */
final class LatencyRun {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PATIENCE_NS = 10_000_000_000L;

    /** Reading must have begun when the schedule starts; it shows by the arrival of these. */
    private static final long PROBE = Long.MIN_VALUE;

    private static final long PROBE_EVERY_NS = 20_000_000L;
    private static final long LOOK_NS = 1_000_000L;

    private final LatencyLoad load;
    private final LoadTarget target;
    private final Consumer<LoadProgress> progress;
    private final LongSupplier nanoTime;
    private final Payloads payloads;
    private final Acknowledgements acknowledgements;
    private final Latencies delivered = new Latencies();
    private final AtomicBoolean reading = new AtomicBoolean();
    private final Deliveries deliveries = new Deliveries();
    /** Null until the schedule starts. */
    private volatile @Nullable Pace schedule;

    private volatile long countFromNs;
    private volatile boolean stopped;

    LatencyRun(LatencyLoad load, LoadTarget target, Consumer<LoadProgress> progress, LongSupplier nanoTime) {
        this.load = load;
        this.target = target;
        this.progress = progress;
        this.nanoTime = nanoTime;
        this.payloads = new Payloads(load.recordBytes());
        this.acknowledgements = new Acknowledgements(nanoTime, this::acknowledge);
    }

    LoadResult run() {
        int partitions = target.ensureTopic(load.topic(), load.partitions());
        CompletableFuture<Void> reader =
                CompletableFuture.runAsync(() -> read(partitions), task -> new Thread(task, "latency-reader").start());
        try (Sink sink = target.openSink(load.topic(), load.sinkSettings(), acknowledgements)) {
            awaitReader(sink, reader);
            return measure(sink, partitions);
        } finally {
            stopped = true;
            reader.join();
        }
    }

    private void awaitReader(Sink sink, CompletableFuture<Void> reader) {
        long startNs = nanoTime.getAsLong();
        while (!reading.get()) {
            if (reader.isDone() || nanoTime.getAsLong() - startNs > PATIENCE_NS) {
                throw new IllegalStateException("topic " + load.topic() + ": the reader receives nothing");
            }
            sink.send(0, payloads.stamped(0, PROBE), Sink.UNTIMED);
            LockSupport.parkNanos(PROBE_EVERY_NS);
        }
    }

    private LoadResult measure(Sink sink, int partitions) {
        long uncounted = load.uncountedRecords();
        long all = load.records();
        Reporter reporter = new Reporter(progress, all);
        CpuTimes before = CpuTimes.now();
        Pace pace = new Pace(nanoTime, load.ratePerSecond());
        schedule = pace;
        long warmNs = pace.startNs() + load.warmup().toNanos();
        countFromNs = warmNs;
        acknowledgements.countFrom(warmNs);
        for (long n = 0; n < all; n++) {
            if (n == uncounted) {
                before = CpuTimes.now();
            }
            long dueNs = pace.awaitDue(n);
            sink.send((int) (n % partitions), payloads.stamped(n, dueNs), dueNs);
            reporter.at(pace.elapsedNs(), n);
        }
        CpuTimes cpu = CpuTimes.now().since(before);
        double seconds = (pace.elapsedNs() - load.warmup().toNanos()) / 1e9;
        sink.flush();
        awaitArrival();
        Map<String, LatencySummary> latencies = new LinkedHashMap<>();
        latencies.put("acknowledged", acknowledgements.latencies());
        latencies.put("delivered", delivered.summary());
        return new LoadResult(
                "latency",
                load.settings(partitions),
                all - uncounted,
                acknowledgements.failed(),
                deliveries.missing(),
                acknowledgements.firstFailure(),
                (all - uncounted) * load.recordBytes(),
                seconds,
                cpu.machineSeconds() - cpu.driverSeconds(),
                cpu.driverSeconds(),
                Map.of(),
                latencies,
                Environment.current());
    }

    private void awaitArrival() {
        long startNs = nanoTime.getAsLong();
        while (deliveries.missing() > 0 && nanoTime.getAsLong() - startNs < PATIENCE_NS) {
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private void read(int partitions) {
        try (Source source = target.openSource(load.topic(), partitions, From.END)) {
            while (!stopped) {
                for (byte[] value : source.poll(POLL)) {
                    arrive(ByteBuffer.wrap(value).getLong(0));
                }
            }
        }
    }

    private void acknowledge(long dueNs) {
        int number = numberDueAt(dueNs);
        if (number >= 0) {
            deliveries.acknowledged(number);
        }
    }

    private int numberDueAt(long dueNs) {
        Pace pace = schedule;
        long number = pace == null ? -1 : pace.numberDueAt(dueNs);
        return number < load.records() ? (int) number : -1;
    }

    private void arrive(long dueNs) {
        if (dueNs == PROBE) {
            reading.set(true);
            return;
        }
        int number = numberDueAt(dueNs);
        if (number < 0) {
            return; // Somebody else's.
        }
        deliveries.delivered(number);
        if (dueNs - countFromNs >= 0) {
            delivered.record(nanoTime.getAsLong() - dueNs);
        }
    }
}
