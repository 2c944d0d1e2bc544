package io.headwater.broker.metadata;

import static io.headwater.broker.metadata.ClusterCommands.create;
import static io.headwater.broker.metadata.ClusterCommands.feature;
import static io.headwater.broker.metadata.ClusterCommands.register;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.GroupState;
import io.headwater.broker.metadata.wire.NodeState;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.metadata.wire.State;
import io.headwater.broker.metadata.wire.TopicState;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private static final int PARTITIONS = 100_000;

    /** As a single node wrote it before there were clusters. */
    private static State.Builder old() {
        return State.newBuilder()
                .setAppliedIndex(40)
                .setClusterId("c")
                .addNodes(
                        NodeState.newBuilder().setNodeId(1).setDirectoryId("d").setIncarnation(33))
                .addTopics(TopicState.newBuilder()
                        .setId(5)
                        .setName("t")
                        .setPolicy(Commands.policy())
                        .setCreatedMs(6)
                        .addPartitionIds(8)
                        .addPartitionIds(9)
                        .addPartitionEpochs(3)
                        .addPartitionEpochs(4))
                .addGroups(GroupState.newBuilder().setId(2).setName("g"))
                .setNextProducerId(2001)
                .setNextTopicId(6)
                .setNextPartitionId(10)
                .setNextGroupId(3);
    }

    @Test
    void aSnapshotFromBeforeClustersOpensWithItsNodeAsOnlyVoterAndLeader() {
        TestCluster cluster = new TestCluster();
        cluster.image = MetadataCodec.image(old().build());
        assertEquals(40, cluster.image.appliedIndex());
        assertEquals(33, cluster.node(1).incarnation());
        for (PartitionInfo partition : cluster.topic("t").partitions()) {
            assertEquals(ReplicaSet.of(List.of(new Replica(1, "d"))), partition.replicas());
            assertEquals(new Leader(1, 33), partition.leader());
            assertEquals(1, partition.cfgVer());
        }
        assertEquals(4, cluster.partition(9).epoch());
        assertEquals(new TopicInfo.Replication(0, 0), cluster.topic("t").replication());
        // Its next start, as it has always been, and then a second node.
        cluster.took(Commands.register("d"));
        assertEquals(5, cluster.partition(9).epoch());
        assertEquals(cluster.leader(1), cluster.partition(9).leader());
        cluster.took(Commands.create("u", 1));
        assertEquals(cluster.replicas(1), cluster.partition(10).replicas().voters());
        assertEquals(2, cluster.took(register(0, "e", "r")).id());
    }

    @Test
    void whatAnOldNodeLoggedBehindItsSnapshotMeansTheSame() {
        TestCluster cluster = new TestCluster();
        cluster.image = MetadataCodec.image(old().build());
        cluster.took(Commands.register("d"));
        cluster.took(Commands.create("u", 2));
        cluster.took(Commands.alter("t", 3));
        cluster.took(Commands.delete("u"));
        cluster.took(Commands.register("d"));
        for (PartitionInfo partition : cluster.topic("t").partitions()) {
            assertEquals(cluster.replicas(1), partition.replicas().voters());
            assertEquals(cluster.leader(1), partition.leader());
        }
    }

    @Test
    void keepsEverythingThereIs() {
        TestCluster cluster = TestCluster.of(3);
        cluster.took(register(RegisterNode.newBuilder()
                .setDirectoryId("d4")
                .setRun("r4")
                .setClientEndpoint("h:1")
                .setPeerEndpoint("h:2")
                .setRack("r")
                .addFeatures(feature("f", 1, 2))));
        for (int node = 1; node <= 3; node++) {
            cluster.took(ClusterCommands.fence(node, cluster.node(node).incarnation()));
            cluster.took(register(RegisterNode.newBuilder()
                    .setNodeId(node)
                    .setDirectoryId("d" + node)
                    .setRun("again" + node)
                    .addFeatures(feature("f", 2, 2))));
        }
        cluster.took(ClusterCommands.setFeature("f", 2));
        cluster.took(create("t", 4, 3));
        cluster.took(ClusterCommands.seal(2, 1));
        for (long partitionId : new long[] {1, 3}) {
            cluster.took(ClusterCommands.addLearner(partitionId, outsider(cluster, partitionId)));
        }
        Replica leader = cluster.partition(1).replicas().voters().get(0);
        cluster.took(ClusterCommands.beginJoint(1, 1, List.of(leader, outsider(cluster, 1))));
        Replica voter = cluster.partition(2).replicas().voters().get(0);
        for (int node = 1; node <= 4; node++) {
            if (node != voter.nodeId()) {
                cluster.took(ClusterCommands.fence(node, cluster.node(node).incarnation()));
            }
        }
        cluster.took(ClusterCommands.recover(2, 2, voter, "me", "fire"));
        cluster.took(ClusterCommands.drain(4));
        State state = MetadataCodec.snapshot(cluster.image);
        MetadataImage again = MetadataCodec.image(state);
        assertEquals(state, MetadataCodec.snapshot(again));
        assertEquals(cluster.image.cluster(), again.cluster());
        assertEquals(cluster.image.topics(), again.topics());
        assertEquals(cluster.image.next(), again.next());
        assertEquals(1, again.recoveries().size());
        assertEquals(3, again.partition(2).recoveredEpoch());
        assertTrue(cluster.partition(1).replicas().isJoint());
    }

    /** One of the four nodes has no vote. */
    private static Replica outsider(TestCluster cluster, long partitionId) {
        return cluster.image.nodes().stream()
                .map(NodeInfo::replica)
                .filter(replica -> !cluster.partition(partitionId).replicas().isVoter(replica))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void refusesASnapshotThatContradictsItself() {
        assertThrows(
                IllegalArgumentException.class,
                () -> MetadataCodec.image(old().clearNodes().build()));
        assertThrows(
                IllegalArgumentException.class,
                () -> MetadataCodec.image(
                        old().addNodes(NodeState.newBuilder().setNodeId(2).setDirectoryId("e"))
                                .build()));
        State whole = MetadataCodec.snapshot(MetadataCodec.image(old().build()));
        assertEquals(1, whole.getReplicaSetsCount());
        for (State broken : List.of(
                whole.toBuilder().clearReplicaSets().build(),
                whole.toBuilder().clearLeaders().build(),
                with(whole, topic -> topic.clearPartitionEpochs()),
                with(whole, topic -> topic.clearPartitionLeaders()),
                with(whole, topic -> topic.clearPartitionCfgVers()),
                with(whole, topic -> topic.addPartitionReplicaSets(0)),
                with(whole, topic -> topic.setPartitionReplicaSets(0, -1)),
                with(whole, topic -> topic.setPartitionLeaders(0, 2)))) {
            assertThrows(IllegalArgumentException.class, () -> MetadataCodec.image(broken));
        }
    }

    private static State with(State state, Consumer<TopicState.Builder> change) {
        State.Builder changed = state.toBuilder();
        change.accept(changed.getTopicsBuilder(0));
        return changed.build();
    }

    @Test
    void partitionsOfASnapshotShareWhatTheyHaveInCommon() {
        TestCluster cluster = TestCluster.of(3);
        cluster.took(create("t", 2, 1));
        cluster.took(create("u", 4, 1));
        MetadataImage again = MetadataCodec.image(MetadataCodec.snapshot(cluster.image));
        PartitionInfo first = again.topics().get(0).partitions().get(0);
        PartitionInfo other = again.topics().get(1).partitions().get(1);
        assertEquals(first.replicas(), other.replicas());
        assertSame(first.replicas(), other.replicas());
        assertSame(first.leader(), other.leader());
    }

    /** On 100 nodes, where lists of voters are many; as they come from a log, and as they come from a snapshot. */
    @Test
    void aHundredThousandPartitionsTakeLittleMemoryAndALittleFile() {
        long before = usedHeap();
        TestCluster cluster = TestCluster.of(100);
        for (int topic = 0; topic < 100; topic++) {
            cluster.took(create("topic-" + topic, PARTITIONS / 100, 3));
        }
        check(100, before, cluster.image);
        State state = MetadataCodec.snapshot(cluster.image);
        assertTrue(state.getSerializedSize() < 15 * PARTITIONS, state.getSerializedSize() + " bytes");
        cluster.image = MetadataImage.empty("c");
        before = usedHeap();
        MetadataImage read = MetadataCodec.image(state);
        assertEquals(PARTITIONS, read.partitionCount());
        check(100, before, read);
        Reference.reachabilityFence(state);
    }

    /** Every partition with voters that no other has, which is the worst there is. */
    @Test
    void noHistoryMakesAPartitionLarge() {
        long before = usedHeap();
        TestCluster cluster = TestCluster.of(100);
        cluster.took(create("t", PARTITIONS, 3));
        List<PartitionInfo> apart = new ArrayList<>();
        for (PartitionInfo partition : cluster.topic("t").partitions()) {
            ReplicaSet replicas = partition.replicas();
            apart.add(partition.inNextCfg(ReplicaSet.of(new ArrayList<>(replicas.voters()))));
        }
        MetadataImage image = cluster.image.withPartitions(apart);
        apart.clear();
        cluster.image = MetadataImage.empty("c");
        check(170, before, image);
    }

    private static void check(int most, long before, MetadataImage image) {
        long bytes = (usedHeap() - before) / PARTITIONS;
        assertTrue(bytes > 40 && bytes < most, bytes + " bytes a partition (expected: below " + most + ")");
        Reference.reachabilityFence(image);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
