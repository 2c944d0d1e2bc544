package io.headwater.benchmarks.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A broker as a child process, with its data in a directory of its own. Closing stops it as a signal from a person would. */
final class BrokerProcess implements AutoCloseable {
    private static final long START_SECONDS = 60;
    private static final long STOP_SECONDS = 30;
    private static final long LOOK_NS = 2_000_000L;

    /** For every JVM here: the mapped file of its statistics in /tmp waits for the disk, and the JVM with it. */
    static final String NO_PERF_DATA = "-XX:-UsePerfData";

    /** What Kafka's own start script passes, its default heap included; and the flag that ours has as well. */
    private static final List<String> KAFKA_FLAGS = List.of(
            NO_PERF_DATA,
            "-Xmx1G",
            "-Xms1G",
            "-server",
            "-XX:+UseG1GC",
            "-XX:MaxGCPauseMillis=20",
            "-XX:InitiatingHeapOccupancyPercent=35",
            "-XX:+ExplicitGCInvokesConcurrent",
            "-XX:MaxInlineLevel=15",
            "-Djava.awt.headless=true");

    private final SystemUnderLoad system;
    private final Process process;
    private final int port;
    private final Path output;
    private final @Nullable MemoryGroup memory;

    private BrokerProcess(
            SystemUnderLoad system, Process process, int port, Path output, @Nullable MemoryGroup memory) {
        this.system = system;
        this.process = process;
        this.port = port;
        this.output = output;
        this.memory = memory;
    }

    /** Starts on a directory, prepared where that is needed, and returns at once. */
    static BrokerProcess start(SystemUnderLoad system, Workbench bench, Path data)
            throws IOException, InterruptedException {
        return start(system, bench, data, null, Member.ALONE);
    }

    /** The same as one of several. */
    static BrokerProcess start(SystemUnderLoad system, Workbench bench, Path data, Member member)
            throws IOException, InterruptedException {
        return start(system, bench, data, null, member);
    }

    /** The same in a memory group, where this machine lets us make one. */
    static BrokerProcess startInMemoryGroup(SystemUnderLoad system, Workbench bench, Path data)
            throws IOException, InterruptedException {
        MemoryGroup memory =
                bench.memoryLimit() ? MemoryGroup.make(data.getFileName().toString()) : null;
        return start(system, bench, data, memory, Member.ALONE);
    }

    private static BrokerProcess start(
            SystemUnderLoad system, Workbench bench, Path data, @Nullable MemoryGroup memory, Member member)
            throws IOException, InterruptedException {
        int port = bench.freePort();
        Path output = data.resolveSibling(data.getFileName() + ".out");
        List<String> command = switch (system) {
            case HEADWATER -> headwater(bench, data, port, member);
            case KAFKA -> kafka(bench, data, port, member, "");
            case KAFKA_SYNCED -> kafka(bench, data, port, member, "log.flush.interval.messages=1\n");
            case RABBITMQ -> RabbitCommand.of(data, port, bench.freePort(), bench.freePort());
            case FLOOR ->
                List.of(
                        java(),
                        "-Xmx64m",
                        NO_PERF_DATA,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.headwater.benchmarks.floor.FloorServer",
                        Integer.toString(port),
                        data.toString());
        };
        Process process = spawn(memory == null ? command : memory.wrap(command), output);
        return new BrokerProcess(system, process, port, output, memory);
    }

    private static List<String> headwater(Workbench bench, Path data, int port, Member member) {
        List<String> command = new ArrayList<>(bench.headwater());
        command.addAll(
                List.of("serve", "--data", data.toString(), "--listen", "127.0.0.1:" + port, "--admin", "127.0.0.1:0"));
        command.addAll(member.headwaterOptions());
        return command;
    }

    private static List<String> kafka(Workbench bench, Path data, int port, Member member, String more)
            throws IOException, InterruptedException {
        formatKafka(bench, data, member);
        List<String> command = kafkaCommand(bench, KAFKA_FLAGS, "kafka.Kafka");
        command.add(kafkaProperties(bench, data, port, member, more).toString());
        return command;
    }

    /** Writes what Kafka wants to find before its first start. Does nothing where it is there. */
    static void formatKafka(Workbench bench, Path data) throws IOException, InterruptedException {
        formatKafka(bench, data, Member.ALONE);
    }

    private static void formatKafka(Workbench bench, Path data, Member member)
            throws IOException, InterruptedException {
        if (Files.exists(data.resolve("meta.properties"))) {
            return;
        }
        Path properties = kafkaProperties(bench, data, bench.freePort(), member, "");
        List<String> format = kafkaCommand(bench, List.of("-Xmx256m"), "kafka.tools.StorageTool");
        format.addAll(List.of("format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", properties.toString()));
        Path output = data.resolveSibling(data.getFileName() + ".out");
        Process formatter = spawn(format, output);
        if (!formatter.waitFor(START_SECONDS, TimeUnit.SECONDS) || formatter.exitValue() != 0) {
            throw new IllegalStateException("Kafka: format failed, see " + output);
        }
    }

    private static Path kafkaProperties(Workbench bench, Path data, int port, Member member, String more)
            throws IOException {
        List<Integer> controllers = member.isAlone() ? List.of(bench.freePort()) : member.peerPorts();
        Path properties = data.resolveSibling(data.getFileName() + ".properties");
        return Files.writeString(properties, """
                process.roles=broker,controller
                node.id=%4$d
                controller.quorum.voters=%5$s
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                controller.listener.names=CONTROLLER
                listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
                log.dirs=%3$s
                default.replication.factor=%6$d
                min.insync.replicas=%7$d
                offsets.topic.replication.factor=%6$d
                transaction.state.log.replication.factor=%6$d
                transaction.state.log.min.isr=%7$d
                share.coordinator.state.topic.replication.factor=%6$d
                share.coordinator.state.topic.min.isr=%7$d
                %8$s""".formatted(
                        port,
                        controllers.get(member.node() - 1),
                        data,
                        member.node(),
                        Member.kafkaVoters(controllers),
                        controllers.size(),
                        controllers.size() / 2 + 1,
                        more));
    }

    private static List<String> kafkaCommand(Workbench bench, List<String> flags, String mainClass) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(flags);
        command.addAll(List.of("-cp", bench.kafkaClassPath(), mainClass));
        return command;
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static Process spawn(List<String> command, Path output) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    SystemUnderLoad system() {
        return system;
    }

    /** Returns when the port accepts connections. */
    BrokerProcess awaitPort() throws IOException {
        for (long waitedNs = 0; waitedNs < START_SECONDS * 1_000_000_000L; waitedNs += LOOK_NS) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return this;
            } catch (IOException notYet) {
                if (!process.isAlive()) {
                    throw new IllegalStateException(system.title() + ": ended while starting, see " + output, notYet);
                }
                LockSupport.parkNanos(LOOK_NS);
            }
        }
        throw new IllegalStateException(system.title() + ": does not listen, see " + output);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** As {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(STOP_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        closeMemoryGroup();
    }

    private void closeMemoryGroup() {
        try {
            if (memory != null) {
                memory.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
