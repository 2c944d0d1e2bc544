package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterNode;
import io.headwater.protocol.wire.Partition;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What operators do to a cluster of processes, while a client publishes and another reads along. */
@Timeout(240)
class ClusterOperationsTest {
    private static final int VOTERS = 3;
    private static final int PARTITIONS = 2;
    private static final String LONELY = "lonely";
    private static final int SOME = 500;
    private static final long PACE_NS = 300_000;
    /** Of those that are killed while voters change. */
    private static final List<String> ROLES = List.of("controller", "leader", "new voter");

    private final StreamHistory history = new StreamHistory("operations", PACE_NS);

    @TempDir
    Path directory;

    private interface Operation {
        void run(ClusterOfProcesses cluster, Admin admin) throws Exception;
    }

    private void meanwhile(int nodes, Operation operation) throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, nodes);
                HeadwaterClient sender = cluster.client(Duration.ofMinutes(2));
                HeadwaterClient reader = cluster.client(Duration.ofMinutes(2))) {
            await("a topic on all nodes", () -> isMade(sender.admin()));
            StreamHistory.Reading along = history.new Reading();
            Thread consumer = new Thread(() -> history.consume(reader, along), "consume");
            Thread load = new Thread(() -> history.load(sender), "load");
            consumer.start();
            load.start();
            history.awaitMore(SOME);

            operation.run(cluster, reader.admin());

            history.awaitMore(SOME);
            history.stop();
            load.join();
            history.checkNothingFailed();
            consumer.join();
            history.readToTheEnd(reader).check("stored");
            along.check("consumed");
        }
    }

    /** While a node has just registered, it may be fenced for a moment. */
    private static boolean isMade(Admin admin) {
        try {
            admin.createTopic(
                    StreamHistory.TOPIC,
                    TopicSettings.defaults().withPartitions(PARTITIONS).withReplicas(VOTERS));
            return true;
        } catch (HeadwaterException.Rejected e) {
            return false;
        }
    }

    private static Partition partition(Admin admin, int index) {
        return admin.topics().stream()
                .filter(topic -> topic.getName().equals(StreamHistory.TOPIC))
                .findFirst()
                .orElseThrow()
                .getPartitions(index);
    }

    private static void await(String what, BooleanSupplier condition) {
        long endNs = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - endNs < 0, "not within 60 s: " + what);
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Asks again when another voter was faster, as a person would; says so, because it should be rare. */
    private static void transfer(Admin admin, int index, int node) {
        long[] askedNs = {System.nanoTime() - Duration.ofMinutes(1).toNanos()};
        int[] asked = {0};
        await("node " + node + " leads " + index, () -> {
            if (partition(admin, index).getLeader() == node) {
                return true;
            }
            if (System.nanoTime() - askedNs[0] > Duration.ofSeconds(5).toNanos()) {
                askedNs[0] = System.nanoTime();
                if (++asked[0] > 1) {
                    System.out.println(
                            "asked again for node " + node + ": " + partition(admin, index) + admin.cluster());
                }
                admin.transferLeader(StreamHistory.TOPIC, index, node);
            }
            return false;
        });
    }

    @Test
    void eachVoterLeadsWhenItIsToldTo() throws Exception {
        meanwhile(VOTERS, (cluster, admin) -> {
            history.takeLongestPauseMs();
            for (int node : List.of(2, 3, 1, 2)) {
                for (int index = 0; index < PARTITIONS; index++) {
                    transfer(admin, index, node);
                }
                history.awaitMore(SOME);
            }
            System.out.println("transfers: longest pause " + history.takeLongestPauseMs() + " ms");
            for (int node = 1; node <= VOTERS; node++) {
                seesAllWell(cluster, node);
            }
            var unknown = assertThrows(
                    HeadwaterException.Rejected.class, () -> admin.transferLeader(StreamHistory.TOPIC, 0, 9));
            assertTrue(unknown.getMessage().contains("node 9 has no vote"), unknown.getMessage());
            cluster.kill(3);
            await("node 3 is fenced", () -> admin.cluster().getShortOfVoters() == PARTITIONS);
            assertEquals(
                    List.of(1, 2),
                    admin.cluster().getConcerns(0).getLiveVotersList().stream()
                            .sorted()
                            .toList());
            var dead = assertThrows(
                    HeadwaterException.Rejected.class, () -> admin.transferLeader(StreamHistory.TOPIC, 0, 3));
            assertTrue(dead.getMessage().contains("node 3 is fenced"), dead.getMessage());
        });
    }

    private static void seesAllWell(ClusterOfProcesses cluster, int node) {
        try (HeadwaterClient client = cluster.client(node)) {
            await("node " + node + " sees that all is well", () -> {
                ClusterDescription seen = client.admin().cluster();
                int leads = seen.getNodesList().stream()
                        .mapToInt(ClusterNode::getLeads)
                        .sum();
                return seen.getController() != 0
                        && seen.getNodesCount() == VOTERS
                        && leads == PARTITIONS
                        && seen.getConcernsCount() == 0
                        && seen.getNodesList().stream().allMatch(each -> each.getReplicas() == PARTITIONS);
            });
        }
    }

    @Test
    void replicasMoveAndANodeLeavesForGood() throws Exception {
        meanwhile(VOTERS + 1, (cluster, admin) -> {
            admin.createTopic(LONELY, TopicSettings.defaults().withReplicas(1));
            await("all know the topic", () -> !voters(admin, LONELY).isEmpty());
            int before = voters(admin, LONELY).get(0);
            int after = before == 4 ? 3 : 4;
            admin.moveReplicas(LONELY, 0, List.of(after));
            await(
                    "the only copy is on node " + after,
                    () -> voters(admin, LONELY).equals(List.of(after)));
            admin.moveReplicas(StreamHistory.TOPIC, 0, List.of(4, 2, 3));
            await("moved", () -> partition(admin, 0).getVotersList().equals(List.of(4, 2, 3)));
            await("led by its preferred leader", () -> partition(admin, 0).getLeader() == 4);
            history.awaitMore(SOME);

            int leaving = admin.cluster().getController();
            var plan = admin.decommission(leaving, true);
            assertFalse(plan.isEmpty(), "it holds something");
            assertEquals(
                    0,
                    admin.cluster().getNodesList().stream()
                            .filter(ClusterNode::getDraining)
                            .count());
            assertEquals(plan, admin.decommission(leaving, false));
            await(
                    "node " + leaving + " has left",
                    () -> admin.cluster().getNodesList().stream().noneMatch(node -> node.getNodeId() == leaving));
            history.awaitMore(SOME);
            cluster.kill(leaving);
            await("nothing is amiss", () -> admin.cluster().getConcernsCount() == 0);
            int next = leaving == 3 ? 2 : 3;
            var refused = assertThrows(HeadwaterException.Rejected.class, () -> admin.decommission(next, false));
            assertTrue(refused.getMessage().contains("one more node; start it first"), refused.getMessage());
        });
    }

    /** A copy that is taken away is deleted: what it had acknowledged counts no more, and it is copied anew. */
    @Test
    void aCopyThatWasMovedAwayComesBackAndCounts() throws Exception {
        meanwhile(VOTERS, (cluster, admin) -> {
            for (int index = 0; index < PARTITIONS; index++) {
                int leader = partition(admin, index).getLeader();
                int away = leader == 3 ? 2 : 3;
                int stays = 6 - leader - away;
                move(admin, index, List.of(leader, stays));
                history.awaitMore(SOME);
                move(admin, index, List.of(leader, stays, away));
            }
            cluster.kill(1);
            history.awaitMore(SOME);
            // What is taken away while its broker is down is deleted when that comes back.
            move(admin, 0, List.of(2, 3));
            Path copy = cluster.dataOf(1)
                    .resolve("partitions/" + partition(admin, 0).getPartitionId());
            assertTrue(Files.exists(copy));
            cluster.start(1);
            await("the old copy is gone", () -> !Files.exists(copy));
            move(admin, 0, List.of(2, 3, 1));
            await("all are there", () -> admin.cluster().getShortOfVoters() == 0);
            cluster.kill(2);
            history.awaitMore(SOME);
        });
    }

    /** The leader, the one that is to be a voter and the controller are killed in turn, each while voters change. */
    @Test
    void votersChangeAlthoughThoseDieWhoHaveToDoWithIt() throws Exception {
        meanwhile(VOTERS + 1, (cluster, admin) -> {
            for (String role : ROLES.subList(0, Math.min(ROLES.size(), Integer.getInteger("headwater.kills", 1)))) {
                Partition before = partition(admin, 0);
                int fresh = 1
                        + 2
                        + 3
                        + 4
                        - before.getVotersList().stream().mapToInt(each -> each).sum();
                int goes = before.getVotersList().stream()
                        .filter(node -> node != before.getLeader())
                        .findFirst()
                        .orElseThrow();
                List<Integer> wanted = new ArrayList<>(before.getVotersList());
                wanted.set(wanted.indexOf(goes), fresh);
                int victim = switch (role) {
                    case "leader" -> before.getLeader();
                    case "new voter" -> fresh;
                    default -> admin.cluster().getController();
                };
                admin.moveReplicas(StreamHistory.TOPIC, 0, wanted);
                cluster.kill(victim);
                history.awaitMore(SOME);
                cluster.start(victim);
                await("voters " + wanted + " although the " + role + " died", () -> isMoved(admin, wanted));
                history.awaitMore(SOME);
            }
            await("nothing is amiss", () -> admin.cluster().getConcernsCount() == 0);
        });
    }

    /** Asks again, as a person would whose controller has died. */
    private static boolean isMoved(Admin admin, List<Integer> nodes) {
        if (partition(admin, 0).getVotersList().equals(nodes)) {
            return true;
        }
        admin.moveReplicas(StreamHistory.TOPIC, 0, nodes);
        return false;
    }

    private static void move(Admin admin, int index, List<Integer> nodes) {
        admin.moveReplicas(StreamHistory.TOPIC, index, nodes);
        await("voters " + nodes, () -> partition(admin, index).getVotersList().equals(nodes));
    }

    private static List<Integer> voters(Admin admin, String name) {
        return admin.topics().stream()
                .filter(topic -> topic.getName().equals(name))
                .findFirst()
                .map(topic -> topic.getPartitions(0).getVotersList())
                .orElse(List.of());
    }
}
