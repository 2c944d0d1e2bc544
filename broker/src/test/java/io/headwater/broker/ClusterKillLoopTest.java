package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.HeadwaterClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three brokers in processes of their own (or {@code -Dheadwater.nodes=5}), one of which is killed (SIGKILL) again and again,
 * whichever it is: it leads partitions, follows others, and perhaps decides for the cluster. Meanwhile a client publishes and
 * another reads along. {@code -Dheadwater.kills=100} runs it for longer. It prints how long a partition was without an
 * acknowledgement, by what the victim was: of a cluster that was whole again before, with every leader where it should be,
 * where {@code -Dheadwater.settle=12000}, in milliseconds, lets it become so.
 */
class ClusterKillLoopTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final long SEED = Long.getLong("headwater.seed", 7);
    private static final int NODES = Integer.getInteger("headwater.nodes", 3);
    private static final int BETWEEN = 1_500;
    /** After a restart, before the next one dies. None: it may not have caught up by then. */
    private static final Duration SETTLING = Duration.ofMillis(Long.getLong("headwater.settle", 0));

    private static final long PACE_NS = 300_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    @Test
    @Timeout(7200)
    void losesNothingAcknowledgedAndDoublesNothing() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        StreamHistory history = new StreamHistory(Long.toString(SEED), PACE_NS);
        Map<String, List<Long>> pausesMs = new TreeMap<>();
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            history.during(sender, reader, () -> {
                for (int kill = 0; kill < KILLS; kill++) {
                    history.awaitMore(BETWEEN);
                    LockSupport.parkNanos(SETTLING.toNanos());
                    int victim = 1 + random.nextInt(NODES);
                    String role = role(sender, victim);
                    history.takeLongestPauseMs();
                    history.takeLongestPauseOfAPartitionMs();
                    cluster.kill(victim);
                    history.awaitMore(BETWEEN);
                    history.awaitEachPartition();
                    long pauseMs = history.takeLongestPauseOfAPartitionMs();
                    pausesMs.computeIfAbsent(role, any -> new ArrayList<>()).add(pauseMs);
                    System.out.println("killed node " + victim + ", " + role + ": " + history.takeLongestPauseMs()
                            + " ms until records were acknowledged again, " + pauseMs
                            + " ms until each partition's were");
                    cluster.start(victim);
                }
            });
            pausesMs.forEach(ClusterKillLoopTest::print);
            assertTrue(history.acknowledged() >= 2 * KILLS * BETWEEN);
        }
    }

    /** What it is just before it dies. */
    private static String role(HeadwaterClient client, int node) {
        boolean leads = client.admin().topics().stream()
                .flatMap(topic -> topic.getPartitionsList().stream())
                .anyMatch(partition -> partition.getLeader() == node);
        boolean decides = client.admin().cluster().getController() == node;
        return (leads ? "leader killed" : "follower killed")
                + (decides ? ", controller killed too" : ", controller lived");
    }

    private static void print(String role, List<Long> pausesMs) {
        Collections.sort(pausesMs);
        int count = pausesMs.size();
        long medianMs = (pausesMs.get((count - 1) / 2) + pausesMs.get(count / 2)) / 2;
        System.out.println("pauses, " + role + ": " + count + " kills, median " + medianMs + " ms, greatest "
                + pausesMs.get(count - 1) + " ms");
    }
}
