package io.headwater.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code headwater serve} in a JVM of its own, with this one's class path and flags, so that it can be killed. */
final class BrokerProcess implements AutoCloseable {
    private final Process process;
    private final String server;

    private BrokerProcess(Process process, String server) {
        this.process = process;
        this.server = server;
    }

    /** Returns when it listens. */
    static BrokerProcess start(Path data, String listen) throws IOException {
        Process process = java(
                        "serve",
                        "--data",
                        data.toString(),
                        "--listen",
                        listen,
                        "--admin",
                        "127.0.0.1:0",
                        "--set",
                        "log.level=warn")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (line == null) {
            throw new IOException("serve ended before it listened");
        }
        return new BrokerProcess(process, line.replaceAll("^headwater listens on ([^,]*),.*", "$1"));
    }

    /** The command in a process of its own. */
    static ProcessBuilder java(String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--add-") || flag.startsWith("-Dchronicle"))
                .forEach(command::add);
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Headwater.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command);
    }

    String server() {
        return server;
    }

    /** As {@code kill -9}: nothing is flushed, closed or said. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** As {@code kill}: returns its exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
