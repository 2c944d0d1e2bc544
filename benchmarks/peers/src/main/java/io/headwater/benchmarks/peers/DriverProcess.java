package io.headwater.benchmarks.peers;

import io.headwater.benchmarks.load.CpuTimes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Runs a {@link Driver} as a child, with the same heap and flags whichever system it loads. */
final class DriverProcess {
    private static final List<String> FLAGS = List.of(
            "-Xms1g",
            "-Xmx1g",
            "-XX:+UseG1GC",
            "-XX:+AlwaysPreTouch",
            BrokerProcess.NO_PERF_DATA,
            "-Dlogback.configurationFile=io/headwater/benchmarks/logback-quiet.xml");
    private static final long LIMIT_SECONDS = 180;

    private DriverProcess() {}

    /** One of those that a run returned. */
    static double figure(Map<String, Double> figures, String name) {
        return Objects.requireNonNull(figures.get(name), name);
    }

    /** Blocks until it is done and returns its figures by name. */
    static Map<String, Double> run(BrokerProcess broker, Map<String, String> options)
            throws IOException, InterruptedException {
        return run(broker, List.of(), options);
    }

    /** The same without counting what other brokers, which wait for their turn, use of the CPU meanwhile. */
    static Map<String, Double> run(BrokerProcess broker, List<BrokerProcess> waiting, Map<String, String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(BrokerProcess.java());
        command.addAll(FLAGS);
        command.add("-D" + CpuTimes.UNCOUNTED + "="
                + waiting.stream().map(each -> Long.toString(each.pid())).collect(Collectors.joining(",")));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Driver.class.getName()));
        command.add("system=" + broker.system());
        command.add("port=" + broker.port());
        options.forEach((name, value) -> command.add(name + "=" + value));
        Process driver = new ProcessBuilder(command).redirectErrorStream(true).start();
        CompletableFuture<Process> unused = driver.onExit()
                .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
                .whenComplete((ended, late) -> {
                    if (late != null) {
                        driver.destroyForcibly();
                    }
                });
        String said = new String(driver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (driver.waitFor() != 0) {
            throw new IllegalStateException(broker.system().title() + ": the driver failed; the broker "
                    + (broker.isAlive() ? "runs" : "has ended") + ":\n" + said);
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        said.lines().filter(line -> line.startsWith("figure ")).forEach(line -> {
            String[] words = line.split(" ");
            figures.put(words[1], Double.valueOf(words[2]));
        });
        return figures;
    }
}
