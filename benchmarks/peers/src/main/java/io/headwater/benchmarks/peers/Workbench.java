package io.headwater.benchmarks.peers;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a scenario works with.
 *
 * @param directory everything the brokers write, on the disk that is measured
 * @param headwater the command that starts ours
 * @param kafkaClassPath of Kafka's server
 * @param pairs how many interleaved pairs a ratio is the median of
 * @param scale the share of the full counts and times, so that a quick run exists
 * @param memoryLimit whether throughput is measured in memory groups ({@link MemoryGroup}), where that is possible
 * @param log for people, while it runs
 */
record Workbench(
        Path directory,
        List<String> headwater,
        String kafkaClassPath,
        int pairs,
        double scale,
        boolean memoryLimit,
        PrintStream log) {

    private static final int OUTPUT_LINES = 30;

    int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    Path newDirectory(String name) throws IOException {
        return Files.createTempDirectory(directory, name + "-");
    }

    /** A count or a time of the full run, scaled. */
    long scaled(long full) {
        return Math.max(1, Math.round(full * scale));
    }

    void say(String text) {
        log.println(text);
    }

    /** What one run left to be written must not burden the next. */
    void settleDisk() throws IOException, InterruptedException {
        Process sync = new ProcessBuilder("sync").inheritIO().start();
        sync.waitFor(60, TimeUnit.SECONDS);
    }

    /** Removes what the brokers of a finished scenario have left. */
    void clear() throws IOException {
        try (Stream<Path> left = Files.list(directory)) {
            for (Path path : left.toList()) {
                deleteTree(path);
            }
        }
    }

    /** The last that each broker said, before it is removed: a failed run must explain itself. */
    void sayOutputs() throws IOException {
        try (Stream<Path> left = Files.list(directory)) {
            for (Path path :
                    left.filter(each -> each.toString().endsWith(".out")).toList()) {
                List<String> lines = Files.readAllLines(path, StandardCharsets.ISO_8859_1);
                say(path.getFileName() + ":");
                lines.subList(Math.max(0, lines.size() - OUTPUT_LINES), lines.size())
                        .forEach(line -> say("  " + line));
            }
        }
    }

    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
