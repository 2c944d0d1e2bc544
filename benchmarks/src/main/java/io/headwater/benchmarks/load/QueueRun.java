package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.QueueTarget.Delivery;
import io.headwater.benchmarks.load.QueueTarget.WorkSink;
import io.headwater.benchmarks.load.QueueTarget.WorkSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One run of a {@link QueueLoad}: this thread sends, one thread for each consumer receives. */
final class QueueRun {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PATIENCE_NS = 10_000_000_000L;
    private static final long LOOK_NS = 1_000_000L;
    private static final int LOOK_EVERY = 64;

    private final QueueLoad load;
    private final QueueTarget target;
    private final LongSupplier nanoTime;
    private final Reporter reporter;
    private final Acknowledgements sends;
    private final Acknowledgements settles;
    private final WorkLedger ledger;
    private final Latencies delivered = new Latencies();
    private final Latencies acknowledged = new Latencies();
    /** Tells this run's records from those of others. */
    private final long run;

    /** What was due before this is not timed. */
    private volatile long timedFromNs;

    private volatile long lastAcknowledgedNs;
    private volatile boolean stopped;

    QueueRun(QueueLoad load, QueueTarget target, Consumer<LoadProgress> progress, LongSupplier nanoTime) {
        this.load = load;
        this.target = target;
        this.nanoTime = nanoTime;
        this.reporter = new Reporter(progress, load.records());
        this.sends = new Acknowledgements(nanoTime);
        this.settles = new Acknowledgements(nanoTime);
        this.ledger = new WorkLedger(load.keyed() ? load.keys() : 0);
        this.run = nanoTime.getAsLong();
    }

    LoadResult run() {
        int partitions = target.ensureQueue(load.topic(), load.keyed(), load.partitions());
        List<CompletableFuture<Void>> consumers = new ArrayList<>();
        CpuTimes before = CpuTimes.now();
        Pace pace = new Pace(nanoTime, load.ratePerSecond());
        timedFromNs = pace.startNs() + load.warmup().toNanos();
        lastAcknowledgedNs = pace.startNs();
        long sent;
        try (WorkSink sink = target.openSink(load.topic(), sends)) {
            for (int i = 0; i < load.consumers(); i++) {
                String name = "queue-consumer-" + i;
                consumers.add(CompletableFuture.runAsync(this::work, task -> new Thread(task, name).start()));
            }
            sent = sendAll(sink, pace);
            sink.flush();
            awaitAcknowledgements(sent, pace, consumers);
        } finally {
            stopped = true;
            consumers.forEach(CompletableFuture::join);
        }
        CpuTimes cpu = CpuTimes.now().since(before);
        return result(partitions, sent, (lastAcknowledgedNs - pace.startNs()) / 1e9, cpu);
    }

    private long sendAll(WorkSink sink, Pace pace) {
        Payloads payloads = new Payloads(load.recordBytes());
        long limitNs = load.timeLimit().toNanos();
        for (long n = 0; n < load.records(); n++) {
            if (load.ratePerSecond() > 0 || n % LOOK_EVERY == 0) {
                long elapsedNs = pace.elapsedNs();
                if (elapsedNs > limitNs) {
                    return n;
                }
                reporter.at(elapsedNs, ledger.acknowledged());
            }
            byte[] value = payloads.stamped(n, pace.awaitDue(n));
            ByteBuffer.wrap(value).putLong(Long.BYTES, n).putLong(2 * Long.BYTES, run);
            sink.send(load.keyed() ? key(n) : null, value);
        }
        return load.records();
    }

    private byte[] key(long n) {
        return ("key-" + n % load.keys()).getBytes(StandardCharsets.US_ASCII);
    }

    /** Gives up when nothing has come for a while. */
    private void awaitAcknowledgements(long sent, Pace pace, List<CompletableFuture<Void>> consumers) {
        long seen = -1;
        long seenNs = nanoTime.getAsLong();
        while (ledger.acknowledged() + sends.failed() < sent
                && consumers.stream().noneMatch(CompletableFuture::isDone)) {
            long now = nanoTime.getAsLong();
            if (ledger.acknowledged() != seen) {
                seen = ledger.acknowledged();
                seenNs = now;
            } else if (now - seenNs > PATIENCE_NS) {
                return;
            }
            reporter.at(pace.elapsedNs(), seen);
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private void work() {
        try (WorkSource source = target.openSource(load.topic(), load.keyed(), this::settled)) {
            while (!stopped) {
                for (Delivery delivery : source.receive(POLL)) {
                    ByteBuffer value = ByteBuffer.wrap(delivery.value());
                    if (isOurs(value)) {
                        time(delivered, value.getLong(0), nanoTime.getAsLong());
                        ledger.delivered((int) value.getLong(Long.BYTES), delivery.again());
                    }
                    source.acknowledge(delivery);
                }
            }
        }
    }

    private void time(Latencies latencies, long dueNs, long nowNs) {
        if (dueNs - timedFromNs >= 0) {
            latencies.record(nowNs - dueNs);
        }
    }

    private boolean isOurs(ByteBuffer value) {
        return value.capacity() >= QueueLoad.LEAST_BYTES && value.getLong(2 * Long.BYTES) == run;
    }

    private void settled(Delivery delivery, @Nullable Throwable failure) {
        ByteBuffer value = ByteBuffer.wrap(delivery.value());
        if (!isOurs(value)) {
            return; // Somebody else's: done with, and not counted.
        }
        if (failure != null) {
            settles.failed(failure);
            return;
        }
        long now = nanoTime.getAsLong();
        time(acknowledged, value.getLong(0), now);
        ledger.acknowledged((int) value.getLong(Long.BYTES));
        lastAcknowledgedNs = now;
    }

    private LoadResult result(int partitions, long sent, double seconds, CpuTimes cpu) {
        long done = ledger.acknowledged();
        long left = target.left(load.topic(), load.keyed());
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("redelivered", ledger.redelivered());
        counts.put("ackedTwice", ledger.twice());
        counts.put("outOfOrder", ledger.outOfOrder());
        counts.put("left", left);
        Map<String, LatencySummary> latencies = new LinkedHashMap<>();
        latencies.put("delivered", delivered.summary());
        latencies.put("acknowledged", acknowledged.summary());
        return new LoadResult(
                "queue",
                load.settings(partitions),
                done,
                sends.failed() + settles.failed() + ledger.twice() + ledger.outOfOrder(),
                Math.max(left, Math.max(0, sent - sends.failed() - done)),
                firstFailure(),
                done * load.recordBytes(),
                seconds,
                cpu.machineSeconds() - cpu.driverSeconds(),
                cpu.driverSeconds(),
                counts,
                latencies,
                Environment.current());
    }

    private String firstFailure() {
        if (ledger.twice() > 0) {
            return ledger.twice() + " records were acknowledged twice";
        }
        if (ledger.outOfOrder() > 0) {
            return ledger.outOfOrder() + " records came behind a later one of their key";
        }
        return sends.failed() > 0 ? sends.firstFailure() : settles.firstFailure();
    }
}
