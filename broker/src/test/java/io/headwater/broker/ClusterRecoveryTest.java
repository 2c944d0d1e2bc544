package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.cluster.MetadataRecovery;
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
import io.headwater.protocol.wire.RecoveryPlan;
import io.headwater.storage.FileSystemDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More nodes are lost than a cluster can bear, and an operator says what is kept. */
@Timeout(300)
class ClusterRecoveryTest {
    private static final String TOPIC = "t";
    private static final int PARTITIONS = 2;
    private static final int SOME = 200;
    private static final int ALL = -1;

    @TempDir
    Path directory;

    private static void await(String what, BooleanSupplier condition) {
        long endNs = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!isSo(condition)) {
            assertTrue(System.nanoTime() - endNs < 0, "not within 60 s: " + what);
            LockSupport.parkNanos(50_000_000);
        }
    }

    /** What cannot be answered while nobody decides, or by a broker that has not heard of it, may be answered later. */
    private static boolean isSo(BooleanSupplier condition) {
        try {
            return condition.getAsBoolean();
        } catch (HeadwaterException | NoSuchElementException e) {
            return false;
        }
    }

    private static List<Partition> partitions(Admin admin) {
        return admin.topics().stream()
                .filter(topic -> topic.getName().equals(TOPIC))
                .findFirst()
                .orElseThrow()
                .getPartitionsList();
    }

    private static void create(Admin admin) {
        await("a topic on three nodes", () -> {
            admin.createTopic(
                    TOPIC, TopicSettings.defaults().withPartitions(PARTITIONS).withReplicas(3));
            return true;
        });
    }

    private static void move(Admin admin, List<Integer> nodes) {
        await("voters " + nodes + " led by the first", () -> {
            for (int index = 0; index < PARTITIONS; index++) {
                Partition partition = partitions(admin).get(index);
                if (!partition.getVotersList().equals(nodes) || partition.getLeader() != nodes.get(0)) {
                    admin.moveReplicas(TOPIC, index, nodes);
                    return false;
                }
            }
            return true;
        });
    }

    /** Returns when all are acknowledged. */
    private static void publish(HeadwaterClient client, String what) throws Exception {
        try (Producer producer = client.producer().build()) {
            List<CompletableFuture<?>> sent = new ArrayList<>();
            for (int n = 0; n < SOME; n++) {
                byte[] bytes = (what + "-" + n).getBytes(StandardCharsets.UTF_8);
                sent.add(producer.send(ProducerRecord.of(TOPIC, bytes, bytes)).toCompletableFuture());
            }
            CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        }
    }

    /** How many of each there are; each once. */
    private static Map<String, Integer> stored(HeadwaterClient client) {
        Set<String> values = new HashSet<>();
        Map<String, Integer> counts = new TreeMap<>();
        long[] next = new long[PARTITIONS];
        try (StreamConsumer consumer = client.streamConsumer()
                .topics(TOPIC)
                .from(Position.beginning())
                .until(Position.end())
                .build()) {
            while (!consumer.isAtEnd()) {
                for (ConsumedRecord record : consumer.poll(Duration.ofSeconds(1))) {
                    String value = new String(record.value(), StandardCharsets.UTF_8);
                    assertEquals(next[record.partition()]++, record.offset(), "offsets are dense");
                    assertTrue(values.add(value), value + " is there twice");
                    counts.merge(value.substring(0, value.indexOf('-')), 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    private static List<RecoveryPlan> recover(Admin admin, int node, boolean dryRun) {
        return admin.recoverUnsafely(new Admin.Recovery(TOPIC, ALL, node, "a test", "two nodes are gone"), dryRun);
    }

    @Test
    void oneCopyIsKeptAndWhatOthersBringBackGoes() throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.startOnNetwork(directory, 4);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            Admin admin = client.admin();
            create(admin);
            move(admin, List.of(4, 2, 1));
            publish(client, "kept");
            await(
                    "node 1 has all of it",
                    () -> admin.describeTopic(TOPIC).getPartitionsList().stream()
                            .allMatch(each ->
                                    each.getFollowersList().stream().allMatch(follower -> follower.getEntries() == 0)));
            assertEquals(List.of(), recover(admin, 1, false), "all is well");
            cluster.network().cutBothWays(1, 2);
            cluster.network().cutBothWays(1, 4);
            publish(client, "lost");
            cluster.kill(4);
            cluster.kill(2);

            await("nobody leads, and all that are there have said how they end", () -> {
                List<RecoveryPlan> plan = recover(admin, 1, true);
                return plan.size() == PARTITIONS && plan.stream().noneMatch(RecoveryPlan::getRefused);
            });
            assertTrue(recover(admin, 3, false).stream().allMatch(RecoveryPlan::getRefused), "it has no copy");
            assertTrue(partitions(admin).stream().allMatch(each -> each.getRecoveredEpoch() == 0), "nothing was done");
            List<RecoveryPlan> done = recover(admin, 1, false);
            assertTrue(done.size() == PARTITIONS && done.stream().noneMatch(RecoveryPlan::getRefused), done.toString());
            publish(client, "after");
            assertEquals(Map.of("kept", SOME, "after", SOME), stored(client));
            assertEquals(PARTITIONS, admin.cluster().getRecoveriesCount());
            assertTrue(partitions(admin).stream().noneMatch(each -> each.getRecoveredEpoch() == 0), "for the record");

            cluster.network().heal(); // what the dead have said last arrives as well
            cluster.start(4);
            cluster.start(2);
            move(admin, List.of(4, 1, 2));
            cluster.kill(1);
            await("another one decides", () -> admin.cluster().getController() > 1);
            publish(client, "later");
            assertEquals(Map.of("kept", SOME, "after", SOME, "later", SOME), stored(client));
        }
    }

    private static MetadataRecovery.Found recoverMetadata(Path data, boolean dryRun) throws IOException {
        return MetadataRecovery.recover(
                new FileSystemDisk(),
                data,
                new MetadataRecovery.Request("a test", "two nodes are gone", System.currentTimeMillis(), dryRun));
    }

    /** One directory is lost. The other comes back in the end, with what it has voted and copied before. */
    @Test
    void oneOfThreeIsLeftAndTheClusterGrowsAgainFromIt() throws Exception {
        try (ClusterOfProcesses cluster = ClusterOfProcesses.start(directory, 3);
                HeadwaterClient client = cluster.client(Duration.ofMinutes(1))) {
            Admin admin = client.admin();
            create(admin);
            move(admin, List.of(2, 3, 1));
            publish(client, "kept");
            await("the metadata have three voters", () -> voters(cluster, 1).size() == 3);
            cluster.kill(2);
            cluster.kill(3);
            cluster.wipe(2);
            assertThrows(IOException.class, () -> recoverMetadata(cluster.dataOf(1), true), "its broker runs");
            cluster.kill(1);

            assertEquals(
                    List.of(1, 2, 3), recoverMetadata(cluster.dataOf(1), true).votersBefore());
            assertEquals(1, recoverMetadata(cluster.dataOf(1), false).nodeId());
            assertThrows(IOException.class, () -> recoverMetadata(cluster.dataOf(1), false), "once is enough");
            cluster.start(1);
            assertEquals(List.of(1), voters(cluster, 1));
            await("node 1 has said how its copies end, and the others are fenced", () -> {
                List<RecoveryPlan> plan = recover(admin, 1, true);
                return plan.size() == PARTITIONS && plan.stream().noneMatch(RecoveryPlan::getRefused);
            });
            recover(admin, 1, false);
            publish(client, "after");
            assertEquals(Map.of("kept", SOME, "after", SOME), stored(client));
            assertEquals(1 + PARTITIONS, admin.cluster().getRecoveriesCount());

            cluster.start(2);
            cluster.start(3);
            await("node 2 may leave", () -> {
                admin.decommission(2, false);
                return true;
            });
            await("the lost one is off the list, and the metadata have three voters", () -> {
                List<Integer> voters = voters(cluster, 1);
                return admin.cluster().getNodesCount() == 3 && voters.size() == 3 && !voters.contains(2);
            });
            await("three replicas of everything", () -> {
                admin.rebalance(false);
                return partitions(admin).stream().allMatch(each -> each.getVotersCount() == 3);
            });
            cluster.kill(1);
            await("another one decides", () -> admin.cluster().getController() > 1);
            publish(client, "later");
            assertEquals(Map.of("kept", SOME, "after", SOME, "later", SOME), stored(client));
        }
    }

    private static List<Integer> voters(ClusterOfProcesses cluster, int node) {
        try (HeadwaterClient client = cluster.client(node)) {
            return client.admin().cluster().getMetadataVotersList();
        }
    }
}
