package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.PartitionDescription;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long a partition's clients wait when one of three brokers, in processes of their own, is struck: not at all for one
 * that only follows or only decides, five seconds at most for a leader that says nothing any more.
 */
@Timeout(600)
class ClusterPauseTest {
    private static final int NODES = 3;
    private static final String TOPIC = "steady";
    /** What two busy cores make of none: shorter than any election that has to be noticed first. */
    private static final long NO_PAUSE_MS = 1_000;

    /** Five seconds are promised; two busy cores take some more. */
    private static final long SILENCE_MS = 8_000;

    private static final long AFTERWARDS_MS = 3_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what the brokers said is in there
    Path directory;

    /** Sends a record every other millisecond, and remembers the longest time without an acknowledgement. */
    private static final class Steady implements AutoCloseable {
        private static final long EVERY_NS = 2_000_000;

        private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        private final Thread thread;
        private long lastNs = System.nanoTime();
        private long longestNs;
        private long acknowledged;
        private volatile boolean stopped;

        Steady(HeadwaterClient client) {
            thread = new Thread(() -> send(client), "steady");
            thread.start();
        }

        private void send(HeadwaterClient client) {
            try (Producer producer = client.producer().build()) {
                while (!stopped) {
                    producer.send(ProducerRecord.ofUtf8(TOPIC, null, "beat")).whenComplete((ack, failure) -> {
                        if (failure != null) {
                            failures.add(failure);
                        } else {
                            acknowledged();
                        }
                    });
                    LockSupport.parkNanos(EVERY_NS);
                }
            } catch (RuntimeException e) {
                failures.add(e);
            }
        }

        private synchronized void acknowledged() {
            long now = System.nanoTime();
            longestNs = Math.max(longestNs, now - lastNs);
            lastNs = now;
            acknowledged++;
        }

        /** Since this was asked last. */
        synchronized long takeLongestMs() {
            long longest = Math.max(longestNs, System.nanoTime() - lastNs);
            longestNs = 0;
            return TimeUnit.NANOSECONDS.toMillis(longest);
        }

        synchronized long count() {
            return acknowledged;
        }

        /** Returns when something more is acknowledged. */
        void awaitMore() {
            long before = count();
            await("another acknowledgement", () -> count() > before);
        }

        @Override
        public void close() throws InterruptedException {
            stopped = true;
            thread.join();
            assertEquals(List.of(), List.copyOf(failures));
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - endNs < 0, "not after a minute: " + what);
            pass(20);
        }
    }

    private static void pass(long ms) {
        long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        for (long left = endNs - System.nanoTime(); left > 0; left = endNs - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static Partition partition(Admin admin) {
        return admin.topics().stream()
                .filter(topic -> topic.getName().equals(TOPIC))
                .findFirst()
                .orElseThrow()
                .getPartitions(0);
    }

    /** But for what is on its way. */
    private static boolean isWhole(Admin admin) {
        PartitionDescription partition = admin.describeTopic(TOPIC).getPartitions(0);
        return partition.getFollowersCount() == NODES - 1
                && partition.getFollowersList().stream().allMatch(follower -> follower.getEntries() < 100);
    }

    @Test
    void onlyALeaderThatDiesOrSaysNothingIsWaitedFor() throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            Admin admin = client.admin();
            admin.createTopic(TOPIC, TopicSettings.defaults().withPartitions(1));
            int decides = admin.cluster().getController();
            int leads = 1 + decides % NODES;
            int follows = 1 + leads % NODES;
            await("another one leads than decides", () -> {
                admin.moveReplicas(TOPIC, 0, List.of(leads, follows, decides));
                return partition(admin).getLeader() == leads;
            });
            int epoch = partition(admin).getEpoch();

            // It has a connection to the leader only, when that falls silent.
            try (HeadwaterClient sender = cluster.client(leads);
                    Steady steady = new Steady(sender)) {
                steady.awaitMore();
                for (int victim : new int[] {follows, decides}) {
                    String what = victim == follows ? "a follower dies" : "whoever decides for the cluster dies";
                    await("all are whole", () -> isWhole(admin));
                    steady.takeLongestMs();
                    cluster.kill(victim);
                    pass(AFTERWARDS_MS);
                    says(what, steady.takeLongestMs(), NO_PAUSE_MS);
                    assertEquals(epoch, partition(admin).getEpoch(), what + ": somebody else leads");
                    cluster.start(victim);
                }

                await("all are whole", () -> isWhole(admin));
                steady.takeLongestMs();
                cluster.signal(leads, "STOP");
                await("another one leads", () -> partition(admin).getEpoch() > epoch);
                steady.awaitMore();
                says("a leader says nothing any more", steady.takeLongestMs(), SILENCE_MS);
                cluster.signal(leads, "CONT");
            }
        }
    }

    /** As an operator restarts it: the leader hands over what it leads, and goes then. */
    @Test
    void aLeaderThatIsStoppedIsNotWaitedFor() throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            Admin admin = client.admin();
            admin.createTopic(TOPIC, TopicSettings.defaults().withPartitions(1));
            try (Steady steady = new Steady(client)) {
                for (int round = 0; round < NODES; round++) {
                    steady.awaitMore();
                    await("all are whole", () -> isWhole(admin));
                    int leader = partition(admin).getLeader();
                    steady.takeLongestMs();
                    cluster.stop(leader);
                    steady.awaitMore();
                    says("leader " + leader + " is stopped", steady.takeLongestMs(), NO_PAUSE_MS);
                    cluster.start(leader);
                }
            }
        }
    }

    /** Both are needed where there are two: nothing is acknowledged that one disk alone has. */
    @Test
    void aTopicOfTwoCopiesWaitsForTheSecond() throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            Admin admin = client.admin();
            admin.createTopic(TOPIC, TopicSettings.defaults().withPartitions(1).withReplicas(2));
            try (Steady steady = new Steady(client)) {
                steady.awaitMore();
                Partition before = partition(admin);
                int follower = before.getVotersList().stream()
                        .filter(node -> node != before.getLeader())
                        .findFirst()
                        .orElseThrow();
                cluster.kill(follower);
                pass(AFTERWARDS_MS);
                long acknowledged = steady.count();
                pass(AFTERWARDS_MS);
                assertEquals(acknowledged, steady.count(), "acknowledged by one of two");
                cluster.start(follower);
                steady.awaitMore();
            }
        }
    }

    private static void says(String what, long pauseMs, long mostMs) {
        System.out.println(what + ": longest pause " + pauseMs + " ms");
        assertTrue(pauseMs < mostMs, what + ": paused for " + pauseMs + " ms (expected: less than " + mostMs + ")");
    }
}
