package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.load.Environment;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The comparison's main class; scripts/compare-kafka and scripts/compare-queues start it and say which of the two, and
 * hand over, as system properties, how to start the brokers. Data of the brokers goes to a temporary directory, which is
 * removed at the end.
 */
final class Compare {
    private static final List<Scenario> STREAMS = List.of(
            new ThroughputScenario("1k", 1024, 1_500_000, 600_000, 1.5),
            new ThroughputScenario("100b", 100, 6_000_000, 3_000_000, 2),
            new LatencyScenario(),
            new PartitionsScenario(),
            new StartScenario(),
            new IdleScenario(),
            new ManyPartitionsScenario());
    private static final List<Scenario> CLUSTERS = List.of(
            new ClusterThroughputScenario(),
            new ClusterLatencyScenario(),
            new ClusterFollowerScenario(),
            new ClusterLeadersScenario(),
            new ClusterIdleScenario());
    private static final List<Scenario> QUEUES = List.of(
            new QueueScenario(),
            new QueueLatencyScenario(),
            new KeyedScenario(),
            new ScheduledScenario(),
            new BacklogScenario());

    private static final String CLUSTER_NOTE = "Three brokers each, as processes on this one machine. Ours acknowledges"
            + " what is synced on two of three disks; Kafka 4.3.1 (acks=all, min.insync.replicas=2) what two of three have"
            + " in memory.";

    private Compare() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        String what = required("headwater.compare");
        CompareOptions options = CompareOptions.parse(
                List.of(args),
                switch (what) {
                    case "queues" -> QUEUES;
                    case "clusters" -> CLUSTERS;
                    default -> STREAMS;
                });
        PrintStream log = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        Path directory = Files.createTempDirectory(Files.createDirectories(options.directory()), "headwater-compare-");
        Workbench bench = new Workbench(
                directory,
                List.of(required("headwater.command").split(" ")),
                required("kafka.classpath"),
                options.pairs(),
                options.scale(),
                options.memoryLimit(),
                log);
        List<Figure> figures = new ArrayList<>();
        try {
            for (Scenario scenario : options.scenarios()) {
                log.println(scenario.name());
                figures.addAll(scenario.run(bench));
                bench.clear();
            }
        } catch (IOException | RuntimeException e) {
            bench.sayOutputs();
            throw e;
        } finally {
            Workbench.deleteTree(directory);
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Report report = new Report(
                figures,
                Environment.current(),
                options.pairs(),
                switch (what) {
                    case "queues" -> queueNote();
                    case "clusters" -> CLUSTER_NOTE;
                    default -> streamNote(options);
                });
        out.print(options.json() ? report.json() : report.table());
    }

    private static String queueNote() {
        return "Ours syncs a record before it is confirmed and delivered, and an acknowledgement before it is confirmed."
                + " Kafka 4.3.1: a share group, acknowledged explicitly, which syncs nothing by default; synced:"
                + " log.flush.interval.messages=1. RabbitMQ "
                + RabbitCommand.version() + " (Debian): a quorum queue of one node, which syncs a record before it is"
                + " confirmed; its acknowledgements are not confirmed to anybody, and count when they are sent.";
    }

    private static String streamNote(CompareOptions options) throws IOException {
        return "Ours syncs before every acknowledgement, Kafka 4.3.1 does not.\n" + memoryGroups(options);
    }

    private static String memoryGroups(CompareOptions options) throws IOException {
        String limit = "Throughput and CPU: each broker in a memory cgroup of " + (MemoryGroup.LIMIT_BYTES >> 30)
                + " GiB with a full page cache.";
        if (!options.memoryLimit()) {
            return "No memory cgroups.";
        }
        try (MemoryGroup probe =
                MemoryGroup.make("headwater-compare-" + ProcessHandle.current().pid())) {
            return probe == null ? "No memory cgroups: this process may not make any." : limit;
        }
    }

    private static String required(String property) {
        return Objects.requireNonNull(
                System.getProperty(property), () -> property + ": start this with scripts/compare-kafka");
    }
}
