package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What three brokers in processes of their own live through while a client publishes and another reads along. */
@Timeout(600)
class ClusterFaultsTest {
    private static final int NODES = 3;
    private static final int SOME = 1_000;
    /** As long as it takes to find out that a node says nothing, and some more on a busy machine. */
    private static final long SILENCE_MS = 12_000;

    private static final long ALONE_MS = 3_000;

    @TempDir
    Path directory;

    private final StreamHistory history = new StreamHistory("-", 500_000);

    private interface Fault {
        void strike(ClusterOfProcesses cluster) throws Exception;
    }

    private void under(Fault fault) throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            sender.admin()
                    .createTopic(StreamHistory.TOPIC, TopicSettings.defaults().withPartitions(4));
            StreamHistory.Reading meanwhile = history.new Reading();
            Thread consumer = new Thread(() -> history.consume(reader, meanwhile), "consume");
            Thread load = new Thread(() -> history.load(sender), "load");
            consumer.start();
            load.start();
            history.awaitMore(SOME);

            fault.strike(cluster);

            history.awaitMore(SOME);
            history.stop();
            load.join();
            history.checkNothingFailed();
            consumer.join();
            history.readToTheEnd(reader).check("stored");
            meanwhile.check("consumed");
        }
    }

    @Test
    void restartsOfAllOneAfterTheOther() throws Exception {
        under(cluster -> {
            for (int node = 1; node <= NODES; node++) {
                history.takeLongestPauseMs();
                cluster.stop(node);
                history.awaitMore(SOME);
                cluster.start(node);
                history.awaitMore(SOME);
                long pauseMs = history.takeLongestPauseMs();
                System.out.println("restart of node " + node + ": longest pause " + pauseMs + " ms");
                assertTrue(pauseMs < SILENCE_MS, "paused for " + pauseMs + " ms");
            }
        });
    }

    @Test
    void allKilledAtOnce() throws Exception {
        under(cluster -> {
            for (int node = 1; node <= NODES; node++) {
                cluster.kill(node);
            }
            cluster.startAll();
        });
    }

    @Test
    void oneSaysNothingForAWhileAndComesBackAsIfNothingHadHappened() throws Exception {
        under(cluster -> {
            for (int node = 1; node <= NODES; node++) {
                history.takeLongestPauseMs();
                cluster.signal(node, "STOP");
                history.awaitMore(4 * SOME);
                long pauseMs = history.takeLongestPauseMs();
                System.out.println(
                        "pause of node " + node + ": " + pauseMs + " ms until records were acknowledged again");
                assertTrue(pauseMs < SILENCE_MS, "paused for " + pauseMs + " ms");
                cluster.signal(node, "CONT");
                history.awaitMore(SOME);
            }
        });
    }

    @Test
    void aDiskThatHangsLeadsNothingAndFollowsAgain() throws Exception {
        under(cluster -> {
            for (int node = 1; node <= NODES; node++) {
                history.takeLongestPauseMs();
                cluster.freeze(node);
                history.awaitMore(4 * SOME);
                long pauseMs = history.takeLongestPauseMs();
                System.out.println("disk of node " + node + " hangs: " + pauseMs + " ms");
                assertTrue(pauseMs < SILENCE_MS, "paused for " + pauseMs + " ms");
                cluster.thaw(node);
                history.awaitMore(SOME);
            }
        });
    }

    @Test
    void clocksThatJumpDisturbNobody() throws Exception {
        under(cluster -> {
            for (long hours : new long[] {1, -1, 24 * 365}) {
                for (int node = 1; node <= NODES; node++) {
                    history.takeLongestPauseMs();
                    cluster.setClockOff(node, TimeUnit.HOURS.toMillis(hours * node));
                    history.awaitMore(SOME);
                    assertTrue(history.takeLongestPauseMs() < SILENCE_MS, "node " + node + " is off by hours");
                }
            }
            for (int node = 1; node <= NODES; node++) {
                cluster.setClockOff(node, 0);
            }
            history.awaitMore(SOME);
        });
    }

    @Test
    void twoOfThreeAreGoneAndComeBack() throws Exception {
        under(cluster -> {
            cluster.kill(1);
            cluster.kill(2);
            history.pass(ALONE_MS);
            int before = history.acknowledged();
            history.pass(ALONE_MS);
            assertEquals(before, history.acknowledged(), "acknowledged by one of three");
            cluster.startAll();
            history.awaitMore(4 * SOME);
        });
    }

    @Test
    void aLostDiskIsNobodyUntilItIsFullAgain() throws Exception {
        under(cluster -> {
            cluster.kill(2);
            cluster.wipe(2);
            history.awaitMore(SOME);
            cluster.start(2);
            history.awaitMore(SOME);
        });
    }
}
