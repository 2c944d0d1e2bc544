package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Position;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.StreamConsumer;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Topic;
import io.headwater.storage.EntryAudit;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogVerifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Partitions with something in them move to a node that has nothing, while a client publishes and another reads along. */
@Timeout(600)
class ClusterCopyTest {
    private static final int NODES = 4;
    private static final int VOTERS = 3;
    private static final int PARTITIONS = 2;
    private static final String FULL = "full";
    /** Of each partition. */
    private static final int MIB = Integer.getInteger("headwater.copy-mib", 30);

    private static final String SEGMENTS = System.getProperty("headwater.copy-segments", "4MiB");
    private static final int RECORD_BYTES = 16 << 10;
    private static final int IN_FLIGHT = 256;
    private static final long PACE_NS = 1_000_000;

    private final StreamHistory history = new StreamHistory("copies", PACE_NS);

    @TempDir
    Path directory;

    private static void await(String what, BooleanSupplier condition) {
        long endNs = System.nanoTime() + Duration.ofSeconds(180).toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - endNs < 0, "not within 3 minutes: " + what);
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static boolean isMade(Admin admin, String topic) {
        try {
            admin.createTopic(
                    topic, TopicSettings.defaults().withPartitions(PARTITIONS).withReplicas(VOTERS));
            return true;
        } catch (HeadwaterException.Rejected e) {
            return false;
        }
    }

    private static List<Partition> partitions(Admin admin) {
        return admin.topics().stream()
                .filter(topic -> topic.getName().equals(FULL))
                .findFirst()
                .map(Topic::getPartitionsList)
                .orElse(List.of());
    }

    private static void fill(HeadwaterClient client) throws InterruptedException {
        Semaphore window = new Semaphore(IN_FLIGHT);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        byte[] value = new byte[RECORD_BYTES];
        SplittableRandom random = new SplittableRandom(1);
        try (Producer producer = client.producer().build()) {
            long count = (long) PARTITIONS * MIB * (1 << 20) / RECORD_BYTES;
            for (long n = 0; n < count; n++) {
                random.nextBytes(value);
                window.acquire();
                var unused = producer.send(ProducerRecord.of(FULL, null, value.clone()))
                        .whenComplete((ack, failed) -> {
                            if (failed != null) {
                                failure.set(failed);
                            }
                            window.release();
                        });
            }
            window.acquire(IN_FLIGHT);
        }
        assertEquals(null, failure.get());
    }

    /** How long it takes until the node that has nothing votes in all partitions, and what it has got of segments. */
    private void moveUnderLoad(Path home, Map<String, String> settings, boolean bySegments) throws Exception {
        Files.createDirectories(home);
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(home, NODES, settings);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            Admin admin = reader.admin();
            await("topics on three nodes", () -> isMade(admin, StreamHistory.TOPIC));
            await("topics on three nodes", () -> isMade(admin, FULL));
            await("all know the topic", () -> partitions(admin).size() == PARTITIONS);
            fill(sender);
            StreamHistory.Reading along = history.new Reading();
            List<Thread> clients = List.of(
                    new Thread(() -> history.load(sender), "load"),
                    new Thread(() -> history.consume(reader, along), "consume"));
            clients.forEach(Thread::start);
            history.awaitMore(200);
            history.takeLongestPauseMs();

            // All of them to the same node, from one that has it, as a lost disk would be made up for.
            long beganNs = System.nanoTime();
            long bytes = 0;
            List<Integer> news = new ArrayList<>();
            for (Partition partition : partitions(admin)) {
                List<Integer> voters = new ArrayList<>(partition.getVotersList());
                int fresh =
                        1 + 2 + 3 + 4 - voters.stream().mapToInt(each -> each).sum();
                voters.set(2, fresh);
                news.add(fresh);
                bytes += bytesOf(cluster, partition.getLeader(), partition);
                admin.moveReplicas(FULL, partition.getIndex(), voters);
            }
            await(
                    "moved",
                    () -> partitions(admin).stream()
                            .allMatch(each -> each.getVotersList().contains(news.get(each.getIndex()))
                                    && each.getVotersCount() == VOTERS));
            double seconds = (System.nanoTime() - beganNs) / 1e9;
            double segments = 0;
            for (int node : news.stream().distinct().toList()) {
                segments += BrokerMetrics.value(
                        BrokerMetrics.page(cluster.adminPort(node)), "headwater_segments_copied_total");
            }
            System.out.printf(
                    "%s: %.0f MiB moved in %.1f s, %.0f MiB/s, %.0f segments; longest pause of the load %d ms%n",
                    settings,
                    bytes / 1048576.0,
                    seconds,
                    bytes / 1048576.0 / seconds,
                    segments,
                    history.takeLongestPauseMs());
            assertEquals(bySegments, segments > 0, "segments: " + segments);

            history.awaitMore(200);
            history.stop();
            for (Thread client : clients) {
                client.join();
            }
            history.checkNothingFailed();
            history.readToTheEnd(reader).check("stored");
            along.check("consumed");
            List<Partition> moved = partitions(admin);
            for (int node = NODES; node > 0; node--) {
                cluster.stop(node);
            }
            for (Partition partition : moved) {
                assertEqualCopies(cluster, partition);
            }
        }
    }

    private static Path copyOf(ClusterOfProcesses cluster, int node, Partition partition) {
        return cluster.dataOf(node).resolve("partitions/" + partition.getPartitionId());
    }

    private static long bytesOf(ClusterOfProcesses cluster, int node, Partition partition) throws IOException {
        long bytes = 0;
        for (Path file : segments(copyOf(cluster, node, partition))) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static List<Path> segments(Path copy) throws IOException {
        try (Stream<Path> files = Files.list(copy)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    /** Byte by byte, but for the open segment, of which a node may lack what nobody waited for; and nothing is damaged. */
    private static void assertEqualCopies(ClusterOfProcesses cluster, Partition partition) throws IOException {
        List<Path> first = segments(copyOf(cluster, partition.getVoters(0), partition));
        for (int node : partition.getVotersList()) {
            List<Path> other = segments(copyOf(cluster, node, partition));
            assertEquals(first.size(), other.size());
            for (int i = 0; i < first.size() - 1; i++) {
                assertTrue(
                        Arrays.equals(Files.readAllBytes(first.get(i)), Files.readAllBytes(other.get(i))),
                        "node " + node + ": " + other.get(i));
            }
            List<LogVerifier.Finding> damage = new ArrayList<>();
            LogVerifier.verify(new FileSystemDisk(), cluster.dataOf(node), List.of(), EntryAudit.NONE, found -> {
                if (found.severity() == LogVerifier.Severity.DAMAGE) {
                    damage.add(found);
                }
            });
            assertEquals(List.of(), damage);
        }
    }

    @Test
    void aNodeThatHasNothingTakesSegments() throws Exception {
        moveUnderLoad(directory, Map.of("storage.segment-bytes", SEGMENTS, "peer.copy-rate", "1GiB"), true);
    }

    /** Nothing is sealed: all of it comes entry by entry. */
    @Test
    void aNodeThatHasNothingIsSentEntriesWhereThereAreNoSegments() throws Exception {
        moveUnderLoad(directory, Map.of("storage.segment-bytes", "1GiB"), false);
    }

    /** What a node lacks of a partition has been removed by retention when it comes back: it begins where the others do. */
    @Test
    void aFollowerThatRetentionOvertookBeginsAnew() throws Exception {
        Map<String, String> settings = Map.of("storage.segment-bytes", "1MiB", "storage.retention-check", "200ms");
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, VOTERS, settings);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(2))) {
            Admin admin = client.admin();
            admin.createTopic(
                    FULL, TopicSettings.defaults().withReplicas(VOTERS).withRetentionBytes(2 << 20));
            await("all know the topic", () -> partitions(admin).size() == 1);
            int away = partitions(admin).get(0).getVotersList().stream()
                    .filter(node -> node != partitions(admin).get(0).getLeader())
                    .findFirst()
                    .orElseThrow();
            publish(client, 0, 20);
            cluster.kill(away);
            publish(client, 20, 400);
            await("retention has removed what the other one lacks", () -> start(admin) > 20);
            cluster.start(away);

            await("it follows", () -> isFollowing(admin, away));
            await("it leads", () -> leads(admin, away));
            publish(client, 400, 420);
            long expected = start(admin);
            try (StreamConsumer consumer = client.streamConsumer()
                    .topics(FULL)
                    .from(Position.beginning())
                    .until(Position.end())
                    .build()) {
                while (!consumer.isAtEnd()) {
                    for (ConsumedRecord each : consumer.poll(Duration.ofSeconds(1))) {
                        expected = Math.max(expected, each.offset());
                        assertEquals(expected, each.offset());
                        assertEquals(expected, ByteBuffer.wrap(each.value()).getLong());
                        expected++;
                    }
                }
            }
            assertEquals(420, expected);
        }
    }

    /** Records whose values begin with their offsets. */
    private static void publish(HeadwaterClient client, int from, int to) throws Exception {
        try (Producer producer = client.producer().build()) {
            for (int n = from; n < to; n++) {
                ByteBuffer value = ByteBuffer.allocate(RECORD_BYTES).putLong(n);
                assertEquals(
                        n,
                        producer.send(ProducerRecord.of(FULL, value.array()))
                                .get()
                                .offset());
            }
        }
    }

    private static long start(Admin admin) {
        return admin.describeTopic(FULL).getPartitions(0).getStartOffset();
    }

    private static boolean isFollowing(Admin admin, int node) {
        return admin.describeTopic(FULL).getPartitions(0).getFollowersList().stream()
                .anyMatch(each -> each.getNode() == node && each.getEntries() == 0);
    }

    private static boolean leads(Admin admin, int node) {
        if (partitions(admin).get(0).getLeader() == node) {
            return true;
        }
        admin.transferLeader(FULL, 0, node);
        return false;
    }
}
