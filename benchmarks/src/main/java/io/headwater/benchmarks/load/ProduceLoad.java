package io.headwater.benchmarks.load;

import io.headwater.benchmarks.load.LoadTarget.SinkSettings;
import io.headwater.record.Compression;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Produces records into one topic, round robin over its partitions, which is made unless it exists.
 *
 * @param records the most to send
 * @param recordBytes the size of each value
 * @param ratePerSecond how many are due per second; 0: as fast as they are taken
 * @param partitions for a topic that has to be made
 * @param batchBytes the most bytes of one batch; 0: the client's default
 * @param linger how long a batch waits for more records; negative: the client's default
 * @param timeLimit the load ends here even if records are left
 */
public record ProduceLoad(
        String server,
        String topic,
        long records,
        int recordBytes,
        double ratePerSecond,
        int partitions,
        int batchBytes,
        Duration linger,
        Compression compression,
        Duration timeLimit) {

    public ProduceLoad {
        Bounds.atLeast("records", records, 1);
        Bounds.atLeast("recordBytes", recordBytes, 0);
        Bounds.atLeast("ratePerSecond", ratePerSecond, 0);
        Bounds.atLeast("partitions", partitions, 1);
        Bounds.atLeast("batchBytes", batchBytes, 0);
        Bounds.atLeast("timeLimit", timeLimit.toMillis(), 1);
    }

    /** A million records of 1 KiB as fast as they are taken, at most a minute. */
    public static ProduceLoad of(String server, String topic) {
        return new ProduceLoad(
                server, topic, 1_000_000, 1024, 0, 1, 0, Duration.ofNanos(-1), Compression.NONE, Duration.ofMinutes(1));
    }

    public ProduceLoad withTopic(String name) {
        return new ProduceLoad(
                server,
                name,
                records,
                recordBytes,
                ratePerSecond,
                partitions,
                batchBytes,
                linger,
                compression,
                timeLimit);
    }

    public ProduceLoad withRecords(long most) {
        return new ProduceLoad(
                server,
                topic,
                most,
                recordBytes,
                ratePerSecond,
                partitions,
                batchBytes,
                linger,
                compression,
                timeLimit);
    }

    public ProduceLoad withRecordBytes(int bytes) {
        return new ProduceLoad(
                server, topic, records, bytes, ratePerSecond, partitions, batchBytes, linger, compression, timeLimit);
    }

    public ProduceLoad withRatePerSecond(double rate) {
        return new ProduceLoad(
                server, topic, records, recordBytes, rate, partitions, batchBytes, linger, compression, timeLimit);
    }

    public ProduceLoad withPartitions(int count) {
        return new ProduceLoad(
                server, topic, records, recordBytes, ratePerSecond, count, batchBytes, linger, compression, timeLimit);
    }

    public ProduceLoad withBatching(int bytes, Duration wait) {
        return new ProduceLoad(
                server, topic, records, recordBytes, ratePerSecond, partitions, bytes, wait, compression, timeLimit);
    }

    public ProduceLoad withCompression(Compression choice) {
        return new ProduceLoad(
                server, topic, records, recordBytes, ratePerSecond, partitions, batchBytes, linger, choice, timeLimit);
    }

    public ProduceLoad withTimeLimit(Duration limit) {
        return new ProduceLoad(
                server, topic, records, recordBytes, ratePerSecond, partitions, batchBytes, linger, compression, limit);
    }

    /** Runs on the calling thread until everything is acknowledged. */
    public LoadResult run(Consumer<LoadProgress> progress) {
        try (LoadTarget target = HeadwaterTarget.connect(server)) {
            return run(target, progress);
        }
    }

    /** The same against any system; {@link #server} then only names it. */
    public LoadResult run(LoadTarget target, Consumer<LoadProgress> progress) {
        return new ProduceRun(this, target, progress, SystemNanoClock.INSTANCE::nanoTime).run();
    }

    SinkSettings sinkSettings() {
        return new SinkSettings(batchBytes, linger, compression);
    }

    Map<String, String> settings(int actualPartitions) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("server", server);
        map.put("topic", topic);
        map.put("partitions", Integer.toString(actualPartitions));
        map.put("recordBytes", Integer.toString(recordBytes));
        map.put("rate", ratePerSecond == 0 ? "as fast as taken" : ratePerSecond + "/s");
        map.put("batchBytes", batchBytes == 0 ? "default" : Integer.toString(batchBytes));
        map.put("linger", linger.isNegative() ? "default" : linger.toMillis() + " ms");
        map.put("compression", compression.name().toLowerCase(java.util.Locale.ROOT));
        return map;
    }
}
