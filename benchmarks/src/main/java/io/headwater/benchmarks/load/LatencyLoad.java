package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.SinkSettings;
import io.headwater.record.Compression;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.agrona.concurrent.SystemNanoClock;

/**
 * End to end: produces at a steady rate and reads the same records in the same process. Two latencies, both from the
 * time at which a record was due: until its acknowledgement, and until the consumer has it.
 *
 * @param ratePerSecond how many records are due per second
 * @param warmup runs first and is not counted
 * @param duration what is counted
 * @param recordBytes at least 8: the time at which a record was due travels in it
 * @param linger negative: the client's default
 */
public record LatencyLoad(
        String server,
        String topic,
        double ratePerSecond,
        int recordBytes,
        int partitions,
        Duration linger,
        Duration warmup,
        Duration duration) {

    public LatencyLoad {
        Bounds.atLeast("ratePerSecond", ratePerSecond, 0.001);
        Bounds.atMost("ratePerSecond", ratePerSecond, 1e8);
        Bounds.atLeast("recordBytes", recordBytes, Long.BYTES);
        Bounds.atLeast("partitions", partitions, 1);
        Bounds.atLeast("warmup", warmup.toMillis(), 0);
        Bounds.atLeast("duration", duration.toMillis(), 1);
        Bounds.atMost("records in that time", ratePerSecond * (warmup.toMillis() + duration.toMillis()) / 1e3, 1e9);
    }

    /** 5,000 records of 1 KiB a second, two seconds of warm-up and ten that count. */
    public static LatencyLoad of(String server, String topic) {
        return new LatencyLoad(
                server, topic, 5_000, 1024, 1, Duration.ofNanos(-1), Duration.ofSeconds(2), Duration.ofSeconds(10));
    }

    public LatencyLoad withRatePerSecond(double rate) {
        return new LatencyLoad(server, topic, rate, recordBytes, partitions, linger, warmup, duration);
    }

    public LatencyLoad withRecordBytes(int bytes) {
        return new LatencyLoad(server, topic, ratePerSecond, bytes, partitions, linger, warmup, duration);
    }

    public LatencyLoad withPartitions(int count) {
        return new LatencyLoad(server, topic, ratePerSecond, recordBytes, count, linger, warmup, duration);
    }

    public LatencyLoad withLinger(Duration wait) {
        return new LatencyLoad(server, topic, ratePerSecond, recordBytes, partitions, wait, warmup, duration);
    }

    public LatencyLoad withDuration(Duration uncounted, Duration counted) {
        return new LatencyLoad(server, topic, ratePerSecond, recordBytes, partitions, linger, uncounted, counted);
    }

    /** Of the warm-up. */
    long uncountedRecords() {
        return (long) (warmup.toNanos() / 1e9 * ratePerSecond);
    }

    /** Of warm-up and measurement. */
    long records() {
        return uncountedRecords() + (long) (duration.toNanos() / 1e9 * ratePerSecond);
    }

    /** Runs on the calling thread, with a thread for the consumer. */
    public LoadResult run(Consumer<LoadProgress> progress) {
        try (LoadTarget target = HeadwaterTarget.connect(server)) {
            return run(target, progress);
        }
    }

    /** The same against any system; {@link #server} then only names it. */
    public LoadResult run(LoadTarget target, Consumer<LoadProgress> progress) {
        return new LatencyRun(this, target, progress, SystemNanoClock.INSTANCE::nanoTime).run();
    }

    SinkSettings sinkSettings() {
        return new SinkSettings(0, linger, Compression.NONE);
    }

    Map<String, String> settings(int actualPartitions) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("server", server);
        map.put("topic", topic);
        map.put("partitions", Integer.toString(actualPartitions));
        map.put("recordBytes", Integer.toString(recordBytes));
        map.put("rate", ratePerSecond + "/s");
        map.put("linger", linger.isNegative() ? "default" : linger.toMillis() + " ms");
        return map;
    }
}
