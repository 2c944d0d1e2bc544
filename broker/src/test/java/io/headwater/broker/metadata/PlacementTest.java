package io.headwater.broker.metadata;

import static io.headwater.broker.metadata.ClusterCommands.create;
import static io.headwater.broker.metadata.ClusterCommands.drain;
import static io.headwater.broker.metadata.ClusterCommands.fence;
import static io.headwater.broker.metadata.ClusterCommands.register;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.testing.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlacementTest {
    private static TestCluster inRacks(String... racks) {
        TestCluster cluster = new TestCluster();
        for (int i = 0; i < racks.length; i++) {
            cluster.took(register(RegisterNode.newBuilder()
                    .setNodeId(i + 1)
                    .setDirectoryId("d" + (i + 1))
                    .setRack(racks[i])));
        }
        return cluster;
    }

    private static List<List<Integer>> voters(TestCluster cluster, String topic) {
        return cluster.topic(topic).partitions().stream()
                .map(partition -> partition.replicas().voters().stream()
                        .map(Replica::nodeId)
                        .toList())
                .toList();
    }

    @Test
    void threeReplicasOrOneWhereNobodyAsksForMore() {
        for (int nodes = 1; nodes <= 5; nodes++) {
            TestCluster cluster = TestCluster.of(nodes);
            cluster.took(create("t", 1, 0));
            assertEquals(nodes < 3 ? 1 : 3, voters(cluster, "t").get(0).size());
            assertEquals(0, cluster.topic("t").replication().replicas(), "it may grow with the cluster");
        }
    }

    @Test
    void aNewPartitionHasItsPreferredLeaderInEpochOne() {
        TestCluster cluster = TestCluster.of(3);
        cluster.took(create("one", 3, 1));
        cluster.took(create("three", 3, 3));
        for (PartitionInfo partition : List.of(cluster.partition(1), cluster.partition(4))) {
            Replica first = partition.replicas().voters().get(0);
            assertEquals(1, partition.epoch());
            assertEquals(1, partition.cfgVer());
            assertEquals(PartitionInfo.Phase.ACTIVE, partition.phase());
            assertEquals(cluster.leader(first.nodeId()), partition.leader());
        }
    }

    @Test
    void goesToAsManyRacksAsThereAreAndOnlyThenTwiceToOne() {
        TestCluster cluster = inRacks("a", "a", "a", "b", "c");
        cluster.took(create("three", 20, 3));
        for (List<Integer> nodes : voters(cluster, "three")) {
            assertTrue(nodes.contains(4) && nodes.contains(5), nodes.toString());
        }
        cluster.took(create("four", 1, 4));
        assertEquals(
                Set.of(1, 2, 4, 5).size(), new HashSet<>(voters(cluster, "four").get(0)).size());
        TestCluster two = inRacks("a", "a", "a", "b", "b");
        two.took(create("t", 30, 3));
        for (List<Integer> nodes : voters(two, "t")) {
            long inB = nodes.stream().filter(node -> node > 3).count();
            assertTrue(inB == 1 || inB == 2, nodes.toString());
        }
    }

    @Test
    void spreadsReplicasAndLeadersEvenlyOverTopics() {
        TestCluster cluster = TestCluster.of(5);
        for (int topic = 0; topic < 50; topic++) {
            cluster.took(create("t" + topic, 1 + topic % 7, 1 + topic % 4));
        }
        int[] replicas = new int[6];
        int[] leaders = new int[6];
        for (TopicInfo topic : cluster.image.topics()) {
            for (List<Integer> nodes : voters(cluster, topic.name())) {
                nodes.forEach(node -> replicas[node]++);
                leaders[nodes.get(0)]++;
            }
        }
        for (int node = 1; node <= 5; node++) {
            assertEquals(replicas[node], cluster.image.replicaCounts().replicas(node));
            assertEquals(leaders[node], cluster.image.replicaCounts().preferred(node));
            assertEquals(replicas[1], replicas[node], 1, "replicas of node " + node);
            assertEquals(leaders[1], leaders[node], 3, "leaders of node " + node);
        }
    }

    @Test
    void countsWhatNodesHoldThroughAnyHistory() {
        Seeds.run(30, random -> {
            ClusterSimulation simulation = new ClusterSimulation(random);
            simulation.run(150);
            int[] replicas = new int[20];
            int[] preferred = new int[20];
            for (TopicInfo topic : simulation.image().topics()) {
                for (PartitionInfo partition : topic.partitions()) {
                    List<Replica> all = new ArrayList<>(partition.replicas().voters());
                    preferred[all.get(0).nodeId()]++;
                    all.addAll(partition.replicas().nextVoters());
                    all.addAll(partition.replicas().learners());
                    all.forEach(replica -> replicas[replica.nodeId()]++);
                }
            }
            for (int node = 0; node < replicas.length; node++) {
                assertEquals(replicas[node], simulation.image().replicaCounts().replicas(node));
                assertEquals(preferred[node], simulation.image().replicaCounts().preferred(node));
            }
        });
    }

    @Test
    void sharesTheListsOfVoters() {
        TestCluster cluster = TestCluster.of(3);
        cluster.took(create("t", 3_000, 3));
        Set<ReplicaSet> different = Collections.newSetFromMap(new IdentityHashMap<>());
        cluster.topic("t").partitions().forEach(partition -> different.add(partition.replicas()));
        assertEquals(3, different.size());
    }

    @Test
    void leavesOutWhoIsLeavingAndSaysSoWhenTooFewAreLeft() {
        TestCluster cluster = TestCluster.of(4);
        cluster.took(drain(2));
        cluster.took(create("t", 4, 0));
        voters(cluster, "t").forEach(nodes -> assertEquals(Set.of(1, 3, 4), new HashSet<>(nodes)));
        String message = cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create("u", 1, 4));
        assertTrue(
                message.contains("at most 3")
                        && message.contains("4 are registered")
                        && message.contains("1 are leaving"),
                message);
    }

    @Test
    void takesWhoIsFencedOnlyWhereOthersAreTooFewAndNeverAsLeader() {
        TestCluster cluster = TestCluster.of(4);
        cluster.took(fence(1, cluster.node(1).incarnation()));
        cluster.took(create("t", 8, 0));
        voters(cluster, "t").forEach(nodes -> assertEquals(Set.of(2, 3, 4), new HashSet<>(nodes)));
        cluster.took(fence(2, cluster.node(2).incarnation()));
        cluster.took(create("u", 8, 0));
        for (List<Integer> nodes : voters(cluster, "u")) {
            assertEquals(3, nodes.size());
            assertTrue(nodes.containsAll(List.of(3, 4)), nodes.toString());
            assertTrue(nodes.get(0) > 2, nodes.toString());
        }
    }

    @Test
    void refusesNumbersThatNoClusterCanHave() {
        TestCluster cluster = new TestCluster();
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create("t", 1, 0));
        cluster.took(register(1, "d", ""));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create("t", 1, -1));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create("t", 1, 2));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create("t", 1, Placement.MAX_REPLICAS + 1));
        cluster.took(create("t", 1, 1));
    }

    @Test
    void partitionsThatAreAddedHaveAsManyReplicasAsTheTopicAskedFor() {
        TestCluster cluster = TestCluster.of(3);
        cluster.took(create("t", 1, 2));
        cluster.took(Commands.alter("t", 3));
        assertEquals(
                List.of(2, 2, 2), voters(cluster, "t").stream().map(List::size).toList());
        cluster.took(fence(1, cluster.node(1).incarnation()));
        cluster.took(fence(2, cluster.node(2).incarnation()));
        cluster.took(Commands.alter("t", 4));
        assertEquals(3, voters(cluster, "t").get(3).get(0), "the only one that is alive is preferred");
    }

    @Test
    void aWriteQuorumIsAMajorityOrMore() {
        TestCluster cluster = TestCluster.of(3);
        CreateTopic.Builder topic =
                CreateTopic.newBuilder().setName("t").setPartitions(1).setReplicas(3);
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create(topic.clone().setWriteQuorum(1)));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create(topic.clone().setWriteQuorum(4)));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, create(topic.clone().setWriteQuorum(-1)));
        cluster.took(create(topic.clone().setWriteQuorum(3)));
        cluster.took(create(topic.clone().setName("u")));
        TopicInfo.Replication all = cluster.topic("t").replication();
        TopicInfo.Replication majority = cluster.topic("u").replication();
        assertEquals(List.of(1, 2, 3, 3, 3), quorums(all));
        assertEquals(List.of(1, 2, 2, 3, 3), quorums(majority));
    }

    private static List<Integer> quorums(TopicInfo.Replication replication) {
        List<Integer> quorums = new ArrayList<>();
        for (int voters = 1; voters <= 5; voters++) {
            quorums.add(replication.quorumOf(voters));
        }
        return quorums;
    }
}
