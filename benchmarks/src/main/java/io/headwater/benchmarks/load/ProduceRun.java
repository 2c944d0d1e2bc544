package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.Sink;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** One run of a {@link ProduceLoad}. */
final class ProduceRun {
    /** At full speed only every so many records are timed: a callback each would cost more than the send. */
    private static final int TIMED_EVERY = 64;

    private static final int LOOK_EVERY = 256;

    private final ProduceLoad load;
    private final LoadTarget target;
    private final Consumer<LoadProgress> progress;
    private final LongSupplier nanoTime;

    ProduceRun(ProduceLoad load, LoadTarget target, Consumer<LoadProgress> progress, LongSupplier nanoTime) {
        this.load = load;
        this.target = target;
        this.progress = progress;
        this.nanoTime = nanoTime;
    }

    LoadResult run() {
        int partitions = target.ensureTopic(load.topic(), load.partitions());
        Acknowledgements acknowledgements = new Acknowledgements(nanoTime);
        long sent;
        CpuTimes cpu;
        long elapsedNs;
        try (Sink sink = target.openSink(load.topic(), load.sinkSettings(), acknowledgements)) {
            CpuTimes before = CpuTimes.now();
            Pace pace = new Pace(nanoTime, load.ratePerSecond());
            sent = sendAll(sink, pace, partitions);
            sink.flush();
            elapsedNs = pace.elapsedNs();
            cpu = CpuTimes.now().since(before);
        }
        Map<String, LatencySummary> latencies = new LinkedHashMap<>();
        latencies.put("acknowledged", acknowledgements.latencies());
        return new LoadResult(
                "produce",
                load.settings(partitions),
                sent,
                acknowledgements.failed(),
                0,
                acknowledgements.firstFailure(),
                sent * load.recordBytes(),
                elapsedNs / 1e9,
                cpu.machineSeconds() - cpu.driverSeconds(),
                cpu.driverSeconds(),
                Map.of(),
                latencies,
                Environment.current());
    }

    private long sendAll(Sink sink, Pace pace, int partitions) {
        Payloads payloads = new Payloads(load.recordBytes());
        Reporter reporter = new Reporter(progress, load.records());
        boolean unpaced = load.ratePerSecond() == 0;
        long limitNs = load.timeLimit().toNanos();
        int partition = 0;
        for (long n = 0; n < load.records(); n++) {
            if (!unpaced || n % LOOK_EVERY == 0) {
                long elapsedNs = pace.elapsedNs();
                if (elapsedNs > limitNs) {
                    return n;
                }
                reporter.at(elapsedNs, n);
            }
            boolean timed = !unpaced || n % TIMED_EVERY == 0;
            sink.send(partition, payloads.value(n), timed ? pace.awaitDue(n) : Sink.UNTIMED);
            partition = partition + 1 == partitions ? 0 : partition + 1;
        }
        return load.records();
    }
}
