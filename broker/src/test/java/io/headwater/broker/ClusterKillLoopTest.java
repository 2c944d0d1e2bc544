package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.HeadwaterClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three brokers in processes of their own, one of which is killed (SIGKILL) again and again, whichever it is: it leads
 * partitions, follows others, and perhaps decides for the cluster. Meanwhile a client publishes and another reads along.
 * {@code -Dheadwater.kills=100} runs it for longer.
 */
class ClusterKillLoopTest {
    private static final int KILLS = Integer.getInteger("headwater.kills", 4);
    private static final long SEED = Long.getLong("headwater.seed", 7);
    private static final int NODES = 3;
    private static final int BETWEEN = 1_500;
    private static final long PACE_NS = 300_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    @Test
    @Timeout(7200)
    void losesNothingAcknowledgedAndDoublesNothing() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        StreamHistory history = new StreamHistory(Long.toString(SEED), PACE_NS);
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            history.during(sender, reader, () -> {
                for (int kill = 0; kill < KILLS; kill++) {
                    history.awaitMore(BETWEEN);
                    int victim = 1 + random.nextInt(NODES);
                    history.takeLongestPauseMs();
                    cluster.kill(victim);
                    history.awaitMore(BETWEEN);
                    System.out.println("killed node " + victim + ": " + history.takeLongestPauseMs()
                            + " ms until records were acknowledged again");
                    cluster.start(victim);
                }
            });
            assertTrue(history.acknowledged() >= 2 * KILLS * BETWEEN);
        }
    }
}
