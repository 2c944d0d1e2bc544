package io.headwater.broker;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.ConfigLoader;
import io.headwater.broker.observe.BrokerLog;
import io.headwater.client.HeadwaterClient;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.testing.FaultyDisk;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.agrona.concurrent.EpochClock;
import org.jspecify.annotations.Nullable;

/** Brokers of one cluster, each a process on loopback that can be killed, stopped and started again. Nodes from 1 on. */
final class ClusterOfProcesses implements AutoCloseable {
    /** So that what rots is found within the time of a test. */
    private static final String SCRUB_INTERVAL = "5s";

    private static final String READY = "ready";
    private static final int METADATA_VOTERS = 3;
    private static final String FREEZE = "freeze";
    private static final String THAW = "thaw";
    private static final String FAIL = "fail";
    private static final String FILL = "fill";
    private static final String ROOM = "room";
    private static final int ROT_BYTES = 4096;
    private static final int LOWEST_PORT = 11_000;
    private static final int LOWEST_OUTGOING_PORT = 32_768;
    private static final String CLOCK = "clock ";

    private final Path directory;
    /** Of all of them, besides what each needs. */
    private final Map<String, String> settings;

    private final List<Integer> clientPorts = new ArrayList<>();
    private final List<Integer> peerPorts = new ArrayList<>();
    private final List<Integer> adminPorts = new ArrayList<>();
    private final Map<Integer, Process> running = new HashMap<>();
    /** Null: they reach each other directly. */
    private final @Nullable PeerNetwork network;

    private ClusterOfProcesses(Path directory, int nodes, boolean throughNetwork, Map<String, String> settings)
            throws IOException {
        this.directory = directory;
        this.settings = settings;
        List<ServerSocket> taken = new ArrayList<>();
        for (List<Integer> ports : List.of(clientPorts, peerPorts, adminPorts)) {
            for (int i = 0; i < nodes; i++) {
                ServerSocket socket = freePort();
                taken.add(socket);
                ports.add(socket.getLocalPort());
            }
        }
        for (ServerSocket socket : taken) {
            socket.close();
        }
        network = throughNetwork ? new PeerNetwork(peerPorts) : null;
    }

    /**
     * Nodes come back on their ports, which nobody may take meanwhile: they are not among those that the system gives to
     * outgoing connections.
     */
    private static ServerSocket freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST_PORT, LOWEST_OUTGOING_PORT);
            try {
                return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            } catch (BindException taken) {
                // Another one, then.
            }
        }
    }

    /** Founds a cluster of so many. */
    static ClusterOfProcesses start(Path directory, int nodes) throws IOException {
        return start(directory, nodes, false, Map.of());
    }

    static ClusterOfProcesses start(Path directory, int nodes, Map<String, String> settings) throws IOException {
        return start(directory, nodes, false, settings);
    }

    /** The same, with a network between the brokers that can be cut. */
    static ClusterOfProcesses startOnNetwork(Path directory, int nodes) throws IOException {
        return start(directory, nodes, true, Map.of());
    }

    private static ClusterOfProcesses start(
            Path directory, int nodes, boolean throughNetwork, Map<String, String> settings) throws IOException {
        ClusterOfProcesses cluster = new ClusterOfProcesses(directory, nodes, throughNetwork, settings);
        try {
            for (int node = 1; node <= nodes; node++) {
                cluster.start(node);
            }
            cluster.awaitVoters();
            return cluster;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** A cluster survives its founder from then on. */
    private void awaitVoters() {
        int wanted = nodes() < METADATA_VOTERS ? 1 : METADATA_VOTERS;
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        int voters = 0;
        try (HeadwaterClient client = client(1)) {
            while (System.nanoTime() - endNs < 0) {
                voters = client.admin().cluster().getMetadataVotersCount();
                if (voters == wanted) {
                    return;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
        throw new IllegalStateException("after a minute there are " + voters + " voters; see " + directory);
    }

    /** Only with {@link #startOnNetwork}. */
    PeerNetwork network() {
        return Objects.requireNonNull(network, "startOnNetwork");
    }

    /** Where others reach it. */
    private String peerEndpoint(int node) {
        return "127.0.0.1:" + (network == null ? peerPorts.get(node - 1) : network.port(node));
    }

    int clientPort(int node) {
        return clientPorts.get(node - 1);
    }

    /** Where its metrics are. */
    int adminPort(int node) {
        return adminPorts.get(node - 1);
    }

    int nodes() {
        return clientPorts.size();
    }

    /** Of all nodes, whether they run or not. */
    HeadwaterClient client(Duration timeout) {
        return HeadwaterClient.builder()
                .server(clientPorts.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",")))
                .timeout(timeout)
                .build();
    }

    /** Of one node. */
    HeadwaterClient client(int node) {
        return HeadwaterClient.builder()
                .server("127.0.0.1:" + clientPorts.get(node - 1))
                .timeout(Duration.ofSeconds(20))
                .build();
    }

    /** Who leads a topic's partitions, as each node believes, and what their leaders say of them: for a test that fails. */
    String pictures(String topic) {
        StringBuilder text = new StringBuilder();
        for (int node = 1; node <= nodes(); node++) {
            text.append("\nnode ").append(node).append(" says: ");
            try (HeadwaterClient client = client(node)) {
                client.admin().topics().stream()
                        .filter(each -> each.getName().equals(topic))
                        .flatMap(each -> each.getPartitionsList().stream())
                        .forEach(each -> text.append("epoch ")
                                .append(each.getEpoch())
                                .append(" led by ")
                                .append(each.getLeader())
                                .append("; "));
            } catch (RuntimeException e) {
                text.append(e);
            }
        }
        try (HeadwaterClient client = client(Duration.ofSeconds(20))) {
            text.append('\n').append(client.admin().describeTopic(topic, true));
        } catch (RuntimeException e) {
            text.append('\n').append(e);
        }
        return text.toString();
    }

    boolean isRunning(int node) {
        return running.containsKey(node);
    }

    Path dataOf(int node) {
        return directory.resolve("node-" + node);
    }

    /** Returns when it serves clients. */
    void start(int node) throws IOException {
        await(node, launch(node));
    }

    /** Returns when all of them serve clients: none might, alone. */
    void startAll() throws IOException {
        Map<Integer, Process> launched = new HashMap<>();
        for (int node = 1; node <= nodes(); node++) {
            if (!isRunning(node)) {
                launched.put(node, launch(node));
            }
        }
        for (Map.Entry<Integer, Process> each : launched.entrySet()) {
            await(each.getKey(), each.getValue());
        }
    }

    private Process launch(int node) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--add-")) {
                command.add(flag);
            }
        }
        command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ClusterOfProcesses.class.getName()));
        command.addAll(List.of(
                dataOf(node).toString(),
                "127.0.0.1:" + clientPorts.get(node - 1),
                "127.0.0.1:" + peerPorts.get(node - 1),
                peerEndpoint(node),
                "127.0.0.1:" + adminPort(node),
                IntStream.rangeClosed(1, nodes())
                        .filter(other -> node != 1 && other != node)
                        .mapToObj(this::peerEndpoint)
                        .collect(Collectors.joining(","))));
        settings.forEach((key, value) -> command.add(key + "=" + value));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("node-" + node + ".log").toFile()))
                .start();
        running.put(node, process);
        return process;
    }

    private void await(int node, Process process) throws IOException {
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.equals(READY)) {
                return;
            }
        }
        throw new IOException("node " + node + " did not start; exit "
                + process.onExit().join().exitValue() + "; see " + directory + "/node-" + node + ".log");
    }

    /** SIGKILL; returns when it is gone. */
    void kill(int node) {
        Process process = running.remove(node);
        if (process != null) {
            process.destroyForcibly().onExit().join();
        }
    }

    /** SIGTERM; returns when it has stopped in order. */
    void stop(int node) {
        Process process = running.remove(node);
        if (process != null) {
            process.destroy();
            process.onExit().join();
        }
    }

    /** SIGSTOP or SIGCONT. */
    void signal(int node, String signal) throws IOException, InterruptedException {
        Process process = running.get(node);
        if (process != null) {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        }
    }

    /** Its disk syncs nothing until {@link #thaw}. */
    void freeze(int node) throws IOException {
        tell(node, FREEZE);
    }

    void thaw(int node) throws IOException {
        tell(node, THAW);
    }

    /** Every sync of its logs fails from now on, until it is started again. */
    void failSyncs(int node) throws IOException {
        tell(node, FAIL);
    }

    /** There is no room for its logs to grow until {@link #makeRoom}. */
    void fillDisk(int node) throws IOException {
        tell(node, FILL);
    }

    void makeRoom(int node) throws IOException {
        tell(node, ROOM);
    }

    /** Turns a bit over in the middle of what it has of a partition, in its oldest segment. */
    void rot(int node, long partitionId) throws IOException {
        Path file;
        try (Stream<Path> files = Files.list(dataOf(node).resolve("partitions").resolve(Long.toString(partitionId)))) {
            file = files.filter(each -> each.toString().endsWith(".log"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate(ROT_BYTES);
            long end = channel.size();
            // What is preallocated is zeros.
            for (long at = 0; at < end; at += ROT_BYTES) {
                channel.read(bytes.clear(), at);
                if (bytes.getLong(0) == 0 && bytes.getLong(ROT_BYTES - Long.BYTES) == 0) {
                    end = at;
                }
            }
            channel.read(bytes.clear(), end / 2);
            bytes.put(ROT_BYTES / 2, (byte) (bytes.get(ROT_BYTES / 2) ^ 1));
            channel.write(bytes.flip(), end / 2);
        }
    }

    /** Its wall clock is off by so much from now on. */
    void setClockOff(int node, long ms) throws IOException {
        tell(node, CLOCK + ms);
    }

    private void tell(int node, String what) throws IOException {
        OutputStream in = Objects.requireNonNull(running.get(node), "it runs").getOutputStream();
        in.write((what + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    /** Everything that it had; it must not run. */
    void wipe(int node) throws IOException {
        try (Stream<Path> files = Files.walk(dataOf(node))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() {
        List.copyOf(running.keySet()).forEach(this::kill);
        if (network != null) {
            network.close();
        }
    }

    /** What the other JVMs run; each lives until it is killed. */
    public static void main(String[] args) throws IOException {
        @Nullable String seeds = args.length > 5 && !args[5].isEmpty() ? args[5] : null;
        Map<String, String> settings = new HashMap<>(Map.of("data", args[0], "listen", args[1], "admin", args[4]));
        settings.put("storage.scrub-interval", SCRUB_INTERVAL);
        settings.put("peer.listen", args[2]);
        settings.put("peer.advertise", args[3]);
        if (seeds != null) {
            settings.put("peer.join", seeds);
        }
        for (int i = 6; i < args.length; i++) {
            String[] pair = args[i].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        BrokerConfig config = ConfigLoader.load(null, Map.of(), settings);
        BrokerLog.install(config.log());
        FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
        AtomicLong clockOffMs = new AtomicLong();
        Ports ports = Ports.real();
        EpochClock clock = ports.epochClock();
        Broker broker =
                Broker.start(config, ports.withDisk(disk).withEpochClock(() -> clock.time() + clockOffMs.get()));
        Thread ears = new Thread(() -> obey(disk, clockOffMs), "ears");
        ears.setDaemon(true);
        ears.start();
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        System.out.println(READY);
        System.out.flush();
    }

    private static void obey(FaultyDisk disk, AtomicLong clockOffMs) {
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                .lines()
                .forEach(line -> {
                    if (line.equals(FREEZE)) {
                        disk.stallSyncs();
                    } else if (line.equals(THAW)) {
                        disk.resume();
                    } else if (line.equals(FAIL)) {
                        disk.failSyncs(file -> file.toString().endsWith(".log"));
                    } else if (line.equals(FILL)) {
                        disk.fullFor(file -> file.toString().endsWith(".log"));
                    } else if (line.equals(ROOM)) {
                        disk.heal();
                    } else if (line.startsWith(CLOCK)) {
                        clockOffMs.set(Long.parseLong(line.substring(CLOCK.length())));
                    }
                });
    }
}
