package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.From;
import io.headwater.benchmarks.load.LoadTarget.Source;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** One run of a {@link ConsumeLoad}. */
final class ConsumeRun {
    private static final Duration POLL = Duration.ofMillis(100);

    private final ConsumeLoad load;
    private final LoadTarget target;
    private final Consumer<LoadProgress> progress;
    private final LongSupplier nanoTime;

    ConsumeRun(ConsumeLoad load, LoadTarget target, Consumer<LoadProgress> progress, LongSupplier nanoTime) {
        this.load = load;
        this.target = target;
        this.progress = progress;
        this.nanoTime = nanoTime;
    }

    LoadResult run() {
        int partitions = target.partitions(load.topic());
        Reporter reporter = new Reporter(progress, load.records());
        CpuTimes before = CpuTimes.now();
        Pace pace = new Pace(nanoTime, 0);
        long records = 0;
        long bytes = 0;
        long lastNs = 0;
        try (Source source = target.openSource(load.topic(), partitions, From.BEGINNING)) {
            while (records < load.records()) {
                List<byte[]> values = source.poll(POLL);
                long elapsedNs = pace.elapsedNs();
                if (!values.isEmpty()) {
                    lastNs = elapsedNs;
                } else if (elapsedNs - lastNs > load.idleLimit().toNanos()) {
                    break;
                }
                for (byte[] value : values) {
                    bytes += value.length;
                }
                records += values.size();
                if (elapsedNs > load.timeLimit().toNanos()) {
                    break;
                }
                reporter.at(elapsedNs, records);
            }
        }
        CpuTimes cpu = CpuTimes.now().since(before);
        return new LoadResult(
                "consume",
                load.settings(partitions),
                records,
                0,
                0,
                "",
                bytes,
                lastNs / 1e9,
                cpu.machineSeconds() - cpu.driverSeconds(),
                cpu.driverSeconds(),
                Map.of(),
                Map.of(),
                Environment.current());
    }
}
