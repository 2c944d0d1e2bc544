package io.headwater.benchmarks.kafka;

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
 * The comparison's main class; scripts/compare-kafka starts it and hands over, as system properties, how to start the
 * two brokers. Data of the brokers goes to a temporary directory, which is removed at the end.
 */
final class Compare {
    private static final List<Scenario> SCENARIOS = List.of(
            new ThroughputScenario("1k", 1024, 1_500_000, 600_000, 1.5),
            new ThroughputScenario("100b", 100, 6_000_000, 3_000_000, 2),
            new LatencyScenario(),
            new PartitionsScenario(),
            new StartScenario(),
            new IdleScenario(),
            new ManyPartitionsScenario());

    private Compare() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        CompareOptions options = CompareOptions.parse(List.of(args), SCENARIOS);
        PrintStream log = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        Path directory = Files.createTempDirectory(Files.createDirectories(options.directory()), "compare-kafka-");
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
        Report report = new Report(figures, Environment.current(), options.pairs(), memoryGroups(options));
        out.print(options.json() ? report.json() : report.table());
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
