package io.headwater.benchmarks.load;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Work through a queue: one producer, and consumers that receive each record, do nothing with it, and acknowledge it by
 * itself. Two latencies, both from the time at which a record was due: until a consumer has it, and until its
 * acknowledgement is confirmed. In the end every record must have been acknowledged exactly once, and with keys no
 * record may have come before an earlier one of its key.
 *
 * @param records the most to send
 * @param recordBytes the size of each value; at least 24: its number, its time and its run travel in it
 * @param ratePerSecond how many are due per second; 0: as fast as they are taken
 * @param partitions for a topic that has to be made
 * @param consumers each with a connection of its own
 * @param keyed through a queue that keeps the order per key
 * @param keys how many different ones, in turn; with {@code keyed}
 * @param warmup records that are due in this time are not timed
 * @param timeLimit nothing is sent after it; what was sent is still worked on
 */
public record QueueLoad(
        String server,
        String topic,
        long records,
        int recordBytes,
        double ratePerSecond,
        int partitions,
        int consumers,
        boolean keyed,
        int keys,
        Duration warmup,
        Duration timeLimit) {
    static final int LEAST_BYTES = 3 * Long.BYTES;

    public QueueLoad {
        Bounds.atLeast("records", records, 1);
        Bounds.atMost("records", (double) records, Integer.MAX_VALUE);
        Bounds.atLeast("recordBytes", recordBytes, LEAST_BYTES);
        Bounds.atLeast("ratePerSecond", ratePerSecond, 0);
        Bounds.atLeast("partitions", partitions, 1);
        Bounds.atLeast("consumers", consumers, 1);
        Bounds.atLeast("keys", keys, 1);
        Bounds.atLeast("warmup", warmup.toMillis(), 0);
        Bounds.atLeast("timeLimit", timeLimit.toMillis(), 1);
    }

    /** A million records of 1 KiB as fast as they are taken, at most a minute, to four consumers; without keys. */
    public static QueueLoad of(String server, String topic) {
        return new QueueLoad(
                server, topic, 1_000_000, 1024, 0, 1, 4, false, 1_000, Duration.ZERO, Duration.ofMinutes(1));
    }

    public QueueLoad withTopic(String other) {
        return new QueueLoad(
                server,
                other,
                records,
                recordBytes,
                ratePerSecond,
                partitions,
                consumers,
                keyed,
                keys,
                warmup,
                timeLimit);
    }

    public QueueLoad withRecords(long most) {
        return new QueueLoad(
                server, topic, most, recordBytes, ratePerSecond, partitions, consumers, keyed, keys, warmup, timeLimit);
    }

    public QueueLoad withRecordBytes(int bytes) {
        return new QueueLoad(
                server, topic, records, bytes, ratePerSecond, partitions, consumers, keyed, keys, warmup, timeLimit);
    }

    public QueueLoad withRatePerSecond(double rate) {
        return new QueueLoad(
                server, topic, records, recordBytes, rate, partitions, consumers, keyed, keys, warmup, timeLimit);
    }

    public QueueLoad withPartitions(int count) {
        return new QueueLoad(
                server, topic, records, recordBytes, ratePerSecond, count, consumers, keyed, keys, warmup, timeLimit);
    }

    public QueueLoad withConsumers(int count) {
        return new QueueLoad(
                server, topic, records, recordBytes, ratePerSecond, partitions, count, keyed, keys, warmup, timeLimit);
    }

    /** In order per key, with so many keys. */
    public QueueLoad withKeys(int count) {
        return new QueueLoad(
                server,
                topic,
                records,
                recordBytes,
                ratePerSecond,
                partitions,
                consumers,
                true,
                count,
                warmup,
                timeLimit);
    }

    public QueueLoad withWarmup(Duration untimed) {
        return new QueueLoad(
                server,
                topic,
                records,
                recordBytes,
                ratePerSecond,
                partitions,
                consumers,
                keyed,
                keys,
                untimed,
                timeLimit);
    }

    public QueueLoad withTimeLimit(Duration limit) {
        return new QueueLoad(
                server, topic, records, recordBytes, ratePerSecond, partitions, consumers, keyed, keys, warmup, limit);
    }

    /** Runs on the calling thread, with a thread for each consumer, until everything is acknowledged. */
    public LoadResult run(QueueTarget target, Consumer<LoadProgress> progress) {
        return new QueueRun(this, target, progress, SystemNanoClock.INSTANCE::nanoTime).run();
    }

    Map<String, String> settings(int actualPartitions) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("server", server);
        map.put("topic", topic);
        map.put("partitions", Integer.toString(actualPartitions));
        map.put("recordBytes", Integer.toString(recordBytes));
        map.put("rate", ratePerSecond == 0 ? "as fast as taken" : ratePerSecond + "/s");
        map.put("consumers", Integer.toString(consumers));
        map.put("order", keyed ? "per key, " + keys + " keys" : "none");
        return map;
    }
}
