package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.floor.FloorLoad;
import io.headwater.benchmarks.load.ConsumeLoad;
import io.headwater.benchmarks.load.LatencyLoad;
import io.headwater.benchmarks.load.LatencySummary;
import io.headwater.benchmarks.load.LoadResult;
import io.headwater.benchmarks.load.LoadTarget;
import io.headwater.benchmarks.load.LoadTarget.SinkSettings;
import io.headwater.benchmarks.load.ProduceLoad;
import io.headwater.benchmarks.load.QueueLoad;
import io.headwater.benchmarks.load.QueueTarget;
import io.headwater.record.Compression;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.agrona.concurrent.SystemNanoClock;

/**
 * The process that loads one system once, the same for all: warms up, measures, prints {@code figure NAME NUMBER} lines.
 * A process of its own, so that no run inherits what another one compiled or left on the heap.
 */
final class Driver {
    static final String THROUGHPUT = "throughput";
    static final String LATENCY = "latency";
    static final String QUEUE = "queue";
    static final String KEYED = "keyed";
    static final String SCHEDULED = "scheduled";
    static final String BACKLOG = "backlog";
    private final PrintStream out;
    private final Map<String, String> options;

    private Driver(PrintStream out, Map<String, String> options) {
        this.out = out;
        this.options = options;
    }

    /** Arguments: {@code name=value} pairs as {@link DriverProcess} writes them. */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = new java.util.HashMap<>();
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            options.put(pair[0], pair[1]);
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        new Driver(out, options).run();
        // Client threads that outlive a close must not keep a measurement waiting.
        out.flush();
        Runtime.getRuntime().halt(0);
    }

    private void run() throws IOException {
        SystemUnderLoad system = SystemUnderLoad.valueOf(option("system"));
        if (system == SystemUnderLoad.FLOOR) {
            floor();
            return;
        }
        String server = "127.0.0.1:" + option("port");
        switch (option("work")) {
            case QUEUE -> queue(system, server);
            case KEYED -> keyed(server).forEach(this::figure);
            case SCHEDULED -> scheduled(server).forEach(this::figure);
            case BACKLOG -> backlog(server).forEach(this::figure);
            default -> streams(system, server);
        }
    }

    private void streams(SystemUnderLoad system, String server) throws IOException {
        try (LoadTarget target = system.connect((int) number("port"))) {
            switch (option("work")) {
                case THROUGHPUT -> throughput(target, server);
                case LATENCY -> latency(target, server);
                default -> throw new IllegalArgumentException("work: " + option("work"));
            }
        }
    }

    private void floor() throws IOException {
        FloorLoad load = new FloorLoad((int) number("port"), (int) number("recordBytes"), number("warmup"));
        load.run(SystemNanoClock.INSTANCE::nanoTime);
        LoadResult result = new FloorLoad(load.port(), load.recordBytes(), number("records"))
                .run(SystemNanoClock.INSTANCE::nanoTime);
        print("produce", result);
    }

    private void throughput(LoadTarget target, String server) {
        String warmTopic = option("topic") + ".warm";
        ProduceLoad produce = ProduceLoad.of(server, option("topic"))
                .withRecords(number("records"))
                .withRecordBytes((int) number("recordBytes"))
                .withPartitions((int) number("partitions"))
                .withBatching((int) number("batchBytes"), Duration.ofMillis(number("lingerMs")))
                .withTimeLimit(Duration.ofSeconds(number("limitSeconds")));
        boolean consumes = number("consume") != 0;
        ProduceLoad warm = produce.withTopic(warmTopic).withRecords(number("warmup"));
        checked(warm.run(target, progress -> {}));
        ConsumeLoad consume = ConsumeLoad.of(server, produce.topic())
                .withRecords(produce.records())
                .withTimeLimit(produce.timeLimit());
        if (consumes) {
            checked(consume.withTopic(warmTopic).withRecords(warm.records()).run(target, progress -> {}));
        }
        LoadResult produced = checked(produce.run(target, progress -> {}));
        print("produce", produced);
        if (consumes) {
            LoadResult consumed =
                    checked(consume.withRecords(produced.records()).run(target, progress -> {}));
            if (consumed.records() != produced.records()) {
                throw new IllegalStateException(
                        "read " + consumed.records() + " records (expected: " + produced.records() + ")");
            }
            print("consume", consumed);
        }
        if (number("keepTopic") == 0) {
            target.deleteTopic(warmTopic);
            target.deleteTopic(produce.topic());
        }
    }

    private void latency(LoadTarget target, String server) {
        LoadResult result = checked(LatencyLoad.of(server, option("topic"))
                .withRatePerSecond((double) number("rate"))
                .withRecordBytes((int) number("recordBytes"))
                .withLinger(Duration.ofMillis(number("lingerMs")))
                .withDuration(Duration.ofSeconds(number("warmupSeconds")), Duration.ofSeconds(number("seconds")))
                .run(target, progress -> {}));
        print("latency", result);
        target.deleteTopic(option("topic"));
    }

    /** As fast as it goes, or at a rate; a run before it, on a topic of its own, compiles the client. */
    private void queue(SystemUnderLoad system, String server) {
        SinkSettings settings =
                new SinkSettings((int) number("batchBytes"), Duration.ofMillis(number("lingerMs")), Compression.NONE);
        QueueLoad load = QueueLoad.of(server, option("topic"))
                .withRecordBytes((int) number("recordBytes"))
                .withRatePerSecond((double) number("rate"))
                .withRecords(number("records"))
                .withTimeLimit(Duration.ofSeconds(number("limitSeconds")))
                .withWarmup(Duration.ofSeconds(number("warmupSeconds")));
        try (QueueTarget target = system.connectToQueues((int) number("port"), settings)) {
            if (number("warmup") > 0) {
                checked(load.withTopic(option("topic") + ".warm")
                        .withRecords(number("warmup"))
                        .run(target, progress -> {}));
            }
            print(QUEUE, checked(load.run(target, progress -> {})));
        }
    }

    private Map<String, Double> keyed(String server) {
        return new KeyedWork(
                        server,
                        option("topic"),
                        (int) number("keys"),
                        (int) number("outstanding"),
                        (double) number("rate"),
                        number("warmup"),
                        number("records"),
                        number("disturbed") != 0)
                .run(SystemNanoClock.INSTANCE::nanoTime);
    }

    private Map<String, Double> scheduled(String server) {
        ScheduledWork work = new ScheduledWork(
                server, option("topic"), number("records"), Duration.ofSeconds(number("spreadSeconds")), (int)
                        number("load"));
        if (option("part").equals("receive")) {
            return work.receive(InstantSource.system(), SystemNanoClock.INSTANCE::nanoTime);
        }
        double seconds = work.publish(
                Duration.ofSeconds(number("leadSeconds")), InstantSource.system(), SystemNanoClock.INSTANCE::nanoTime);
        return Map.of("scheduled.publishSeconds", seconds);
    }

    private Map<String, Double> backlog(String server) {
        BacklogWork work = new BacklogWork(server, option("topic"), number("records"), (int) number("keys"));
        return option("part").equals("drain")
                ? work.drain(SystemNanoClock.INSTANCE::nanoTime)
                : Map.of("backlog.groupMebibytes", work.publish() / 1048576.0);
    }

    private static LoadResult checked(LoadResult result) {
        if (result.failed() > 0) {
            throw new IllegalStateException(result.failed() + " records failed: " + result.firstFailure());
        }
        if (result.undelivered() > 0) {
            throw new IllegalStateException("acknowledged but not delivered: " + result.undelivered() + " of "
                    + result.records() + ", " + result.counts());
        }
        return result;
    }

    private void print(String name, LoadResult result) {
        figure(name + ".recordsPerSecond", result.recordsPerSecond());
        figure(name + ".mebibytesPerSecond", result.mebibytesPerSecond());
        figure(name + ".cpuSecondsPerMillion", result.otherCpuSecondsPerMillion());
        figure(name + ".driverCpuSecondsPerMillion", result.driverCpuSeconds() * 1e6 / result.records());
        result.latencies().forEach((kind, latency) -> {
            LatencySummary summary = latency;
            figure(name + "." + kind + ".p50Us", summary.p50Us());
            figure(name + "." + kind + ".p99Us", summary.p99Us());
            figure(name + "." + kind + ".p999Us", summary.p999Us());
        });
    }

    private void figure(String name, double value) {
        out.printf(Locale.ROOT, "figure %s %.6f%n", name, value);
    }

    private String option(String name) {
        return Objects.requireNonNull(options.get(name), name);
    }

    private long number(String name) {
        return Long.parseLong(option(name));
    }
}
