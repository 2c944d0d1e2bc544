package io.headwater.broker;

import io.headwater.broker.config.BrokerConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A broker in a JVM of its own, to be killed. */
final class BrokerProcess implements AutoCloseable {
    private static final String PORT = "port=";

    private final Process process;
    private final int port;

    private BrokerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static BrokerProcess start(Path directory, String... jvmFlags) throws IOException {
        return start(directory, List.of(), System.getProperty("java.class.path"), jvmFlags);
    }

    /** With so few file descriptors. */
    static BrokerProcess startWithDescriptors(Path directory, int descriptors, String classPath) throws IOException {
        List<String> shell = List.of("bash", "-c", "ulimit -n " + descriptors + "; exec \"$@\"", "bash");
        return start(directory, shell, classPath);
    }

    private static BrokerProcess start(Path directory, List<String> prefix, String classPath, String... jvmFlags)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--add-")) {
                command.add(flag);
            }
        }
        command.add("-Xmx256m");
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        command.addAll(List.of(jvmFlags));
        command.addAll(List.of("-cp", classPath, BrokerProcess.class.getName()));
        command.add(directory.toString());
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(PORT)) {
                return new BrokerProcess(process, Integer.parseInt(line.substring(PORT.length())));
            }
        }
        throw new IOException(
                "the broker did not start; exit " + process.onExit().join().exitValue());
    }

    int port() {
        return port;
    }

    /** Memory of its own, without pages of files, in KiB. */
    long anonymousKib() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            if (line.startsWith("RssAnon:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("no RssAnon");
    }

    Duration cpuTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Waits until it ends by itself; its exit status. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new AssertionError("the broker goes on");
        }
        return process.exitValue();
    }

    /** SIGKILL; returns when it is gone. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }

    /** What the other JVM runs; it lives until it is killed. */
    public static void main(String[] args) throws IOException {
        Broker broker = Broker.start(BrokerConfig.onFreePorts(Path.of(args[0])));
        System.out.println(PORT + broker.port());
        System.out.flush();
        // The broker's own threads keep the process; this one may end.
    }
}
