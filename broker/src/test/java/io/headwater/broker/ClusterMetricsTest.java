package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.FollowerLag;
import io.headwater.protocol.wire.ReplicaLag;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the brokers of a cluster say in their metrics while one of them hangs, and while one is dead. */
@Timeout(300)
class ClusterMetricsTest {
    private static final List<Integer> NODES = List.of(1, 2, 3);
    private static final int PARTITIONS = 2;
    private static final String FENCED = "headwater_cluster_nodes{state=\"fenced\"}";
    private static final String UNDER_REPLICATED = "headwater_partitions_under_replicated";
    private static final String SHORT_OF_VOTERS = "headwater_cluster_partitions_short_of_voters";
    private static final String LEADERLESS = "headwater_cluster_partitions_leaderless";
    private static final String BEGUN = "headwater_leaderships_begun_total";
    private static final String LEADING = "headwater_partitions_leading";
    private static final String INDEX = "headwater_cluster_metadata_index";
    private static final String CONTROLLER = "headwater_cluster_controller";
    /** What is under way is always behind; this is more than that. */
    private static final int MANY = 1_000;
    /** Of a voter that has fallen out. */
    private static final long LONG_MS = 10_000;

    @TempDir
    Path directory;

    /** The metrics of some nodes at one moment. */
    private record Pages(Map<Integer, String> byNode) {
        static Pages of(ClusterOfProcesses cluster, List<Integer> nodes) throws IOException, InterruptedException {
            Map<Integer, String> pages = new TreeMap<>();
            for (int node : nodes) {
                pages.put(node, BrokerMetrics.page(cluster.adminPort(node)));
            }
            return new Pages(pages);
        }

        double of(int node, String name) {
            return BrokerMetrics.value(byNode.getOrDefault(node, ""), name);
        }

        /** Over the nodes that show it. */
        double sum(String name) {
            return byNode.values().stream()
                    .mapToDouble(page -> BrokerMetrics.value(page, name))
                    .filter(value -> !Double.isNaN(value))
                    .sum();
        }

        boolean all(String name, double expected) {
            return byNode.keySet().stream().allMatch(node -> of(node, name) == expected);
        }

        /** Behind all leaders together. */
        double lag(int node) {
            return sum("headwater_replication_lag_entries{node=\"" + node + "\"}");
        }
    }

    private static Pages await(String what, ClusterOfProcesses cluster, List<Integer> nodes, Predicate<Pages> isSo)
            throws IOException, InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        Pages last = Pages.of(cluster, nodes);
        while (!isSo.test(last)) {
            assertTrue(System.nanoTime() - endNs < 0, what + " (expected within a minute): " + last);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            last = Pages.of(cluster, nodes);
        }
        return last;
    }

    private static boolean isMade(Admin admin) {
        try {
            admin.createTopic(
                    StreamHistory.TOPIC,
                    TopicSettings.defaults().withPartitions(PARTITIONS).withReplicas(NODES.size()));
            return true;
        } catch (HeadwaterException.Rejected e) {
            return false;
        }
    }

    private static int leader(Admin admin) {
        return admin.topics().get(0).getPartitions(0).getLeader();
    }

    private static long describedLag(Admin admin, int node) {
        return admin.describeTopic(StreamHistory.TOPIC).getPartitionsList().stream()
                .flatMap(partition -> partition.getFollowersList().stream())
                .filter(follower -> follower.getNode() == node)
                .mapToLong(FollowerLag::getEntries)
                .sum();
    }

    /** As {@code cluster status} shows it, whoever answers and leads. */
    private static void assertNamed(ClusterLags lags, int hangs, int keepsUp) {
        assertEquals(List.of(), lags.getUnknownList(), "who hangs leads nothing any more");
        assertTrue(lags.getUnderReplicated() > 0, lags::toString);
        ReplicaLag worst = lags.getWorst(0);
        assertEquals(hangs, worst.getNode(), lags::toString);
        assertEquals(StreamHistory.TOPIC, worst.getTopic());
        assertTrue(
                worst.getVotes()
                        && worst.getEntries() > 0
                        && worst.getBehindMs() >= LONG_MS
                        && worst.getIndex() < PARTITIONS,
                lags::toString);
        assertTrue(
                lags.getNodesList().stream()
                        .anyMatch(node -> node.getNode() == hangs
                                && node.getUnderReplicated() == lags.getUnderReplicated()
                                && node.getEntries() >= worst.getEntries()
                                && node.getLargest() > 0),
                lags::toString);
        assertTrue(
                lags.getNodesList().stream()
                        .noneMatch(node -> node.getNode() == keepsUp && node.getUnderReplicated() > 0),
                lags::toString);
    }

    private static List<Integer> but(int node) {
        return NODES.stream().filter(each -> each != node).toList();
    }

    private interface Fault {
        void strike(ClusterOfProcesses cluster, HeadwaterClient client) throws Exception;
    }

    private void on(Fault fault) throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, NODES.size());
                HeadwaterClient client = cluster.client(Duration.ofMinutes(2))) {
            await("a topic on all nodes", cluster, List.of(1), pages -> isMade(client.admin()));
            whilePublishing(client, () -> await("all is well", cluster, NODES, ClusterMetricsTest::isWell));

            fault.strike(cluster, client);

            await(
                    "nobody lags where nothing is published",
                    cluster,
                    NODES,
                    pages -> isWell(pages) && NODES.stream().allMatch(node -> pages.lag(node) == 0));
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void whilePublishing(HeadwaterClient client, Step step) throws Exception {
        StreamHistory history = new StreamHistory("metrics", 300_000);
        Thread load = new Thread(() -> history.load(client), "load");
        load.start();
        try {
            history.awaitMore(500);
            step.run();
            history.awaitMore(500);
        } finally {
            history.stop();
            load.join();
        }
        history.checkNothingFailed();
    }

    private static boolean isWell(Pages pages) {
        return pages.all(FENCED, 0)
                && pages.all("headwater_cluster_nodes{state=\"live\"}", NODES.size())
                && pages.all(LEADERLESS, 0)
                && pages.all(SHORT_OF_VOTERS, 0)
                && pages.all(UNDER_REPLICATED, 0)
                && pages.sum(CONTROLLER) == 1
                && pages.sum(LEADING) == PARTITIONS
                && pages.sum("headwater_partitions_following") == PARTITIONS * (NODES.size() - 1)
                && pages.sum(BEGUN) - pages.sum("headwater_leaderships_ended_total") == PARTITIONS;
    }

    @Test
    void aFollowerThatHangsLagsAndItsPartitionsAreUnderReplicatedUntilItIsBack() throws Exception {
        on((cluster, client) -> {
            int leader = leader(client.admin());
            int hangs = but(leader).get(0);
            int keepsUp = but(leader).get(1);
            whilePublishing(client, () -> {
                cluster.signal(hangs, "STOP");
                try {
                    Pages pages = await(
                            "a follower that hangs",
                            cluster,
                            but(hangs),
                            now -> now.of(leader, FENCED) == 1
                                    && now.of(leader, SHORT_OF_VOTERS) == PARTITIONS
                                    && now.of(leader, UNDER_REPLICATED) > 0
                                    && now.lag(hangs) > MANY);
                    assertTrue(pages.lag(keepsUp) < MANY, "the other one keeps up: " + pages);
                    double largest = pages.of(leader, "headwater_replication_lag_entries_max{node=\"" + hangs + "\"}");
                    assertTrue(largest > 0 && largest <= pages.lag(hangs), "of one partition: " + largest);
                    assertTrue(describedLag(client.admin(), hangs) > 0, "topic describe says so too");
                    assertNamed(client.admin().cluster().getLags(), hangs, keepsUp);
                } finally {
                    cluster.signal(hangs, "CONT");
                }
                await("it is back", cluster, NODES, pages -> pages.all(FENCED, 0) && pages.all(UNDER_REPLICATED, 0));
                await("cluster status says so too", cluster, NODES, pages -> {
                    ClusterLags lags = client.admin().cluster().getLags();
                    return lags.getUnderReplicated() == 0 && lags.getWorstCount() == 0 && lags.getUnknownCount() == 0;
                });
            });
        });
    }

    /** Nothing is published: that a voter is missing shows all the same. */
    @Test
    void aLeaderThatIsKilledIsFencedAndOthersBeginToLead() throws Exception {
        on((cluster, client) -> {
            int dies = leader(client.admin());
            List<Integer> others = but(dies);
            String connected = "headwater_peer_connected{node=\"" + dies + "\"}";
            Pages before = await("connected", cluster, NODES, pages -> pages.sum(connected) > 0);
            double ledByIt = before.of(dies, LEADING);
            cluster.kill(dies);

            Pages after = await(
                    "a node that is dead",
                    cluster,
                    others,
                    pages -> pages.all(FENCED, 1)
                            && pages.all(SHORT_OF_VOTERS, PARTITIONS)
                            && pages.all(LEADERLESS, 0)
                            && pages.sum(CONTROLLER) == 1
                            && pages.sum(LEADING) == PARTITIONS
                            && pages.sum(UNDER_REPLICATED) >= ledByIt);
            for (int node : others) {
                assertTrue(after.of(node, INDEX) > before.of(node, INDEX), () -> before + " and then " + after);
            }
            double begun = after.sum(BEGUN) - (before.sum(BEGUN) - before.of(dies, BEGUN));
            assertTrue(ledByIt > 0 && begun >= ledByIt, () -> before + " and then " + after);
            assertEquals(0, after.sum(connected));

            cluster.start(dies);
        });
    }
}
