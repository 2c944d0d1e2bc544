package io.headwater.broker.metadata;

import static io.headwater.broker.metadata.ClusterCommands.create;
import static io.headwater.broker.metadata.ClusterCommands.drain;
import static io.headwater.broker.metadata.ClusterCommands.feature;
import static io.headwater.broker.metadata.ClusterCommands.fence;
import static io.headwater.broker.metadata.ClusterCommands.register;
import static io.headwater.broker.metadata.ClusterCommands.setFeature;
import static io.headwater.broker.metadata.ClusterCommands.unfence;
import static io.headwater.broker.metadata.ClusterCommands.unregister;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.protocol.wire.ErrorCode;
import org.junit.jupiter.api.Test;

class NodeCommandsTest {
    private final TestCluster cluster = new TestCluster();

    @Test
    void givesIdsToThoseThatComeWithoutOneAndNeverTwice() {
        assertEquals(1, cluster.took(register(0, "a", "x")).id());
        assertEquals(2, cluster.took(register(0, "b", "x")).id());
        assertEquals(7, cluster.took(register(7, "c", "x")).id());
        assertEquals(8, cluster.took(register(0, "d", "x")).id());
        cluster.took(unregister(8));
        assertEquals(9, cluster.took(register(0, "e", "x")).id());
    }

    @Test
    void givesTheSameIdToWhoeverDidNotHearItsAnswer() {
        assertEquals(1, cluster.took(register(0, "a", "x")).id());
        assertEquals(1, cluster.took(register(0, "a", "x")).id());
        assertEquals(1, cluster.image.nodes().size());
    }

    @Test
    void anIncarnationIsTheIndexOfTheRegistration() {
        cluster.took(register(1, "a", "x"));
        cluster.took(register(2, "b", "x"));
        cluster.took(fence(1, 1));
        Outcome.Committed again = cluster.took(register(1, "a", "y"));
        assertEquals(again.index(), cluster.node(1).incarnation());
        assertEquals(2, cluster.node(2).incarnation());
    }

    /** It may have been asked for twice, and be at work when the second one takes effect. */
    @Test
    void aRunHasOneIncarnation() {
        cluster.took(register(1, "a", "x"));
        cluster.took(create("t", 1, 1));
        assertEquals(1, cluster.took(register(1, "a", "x")).id());
        assertEquals(1, cluster.node(1).incarnation());
        assertEquals(new Leader(1, 1), cluster.partition(1).leader());
        cluster.took(fence(1, 1));
        cluster.took(register(1, "a", "x"));
        assertTrue(cluster.node(1).fenced(), "its next heartbeat says whether it lives");
        assertEquals(1, cluster.node(1).incarnation());
    }

    @Test
    void remembersWhatANodeSaysOfItself() {
        cluster.took(register(RegisterNode.newBuilder()
                .setNodeId(1)
                .setDirectoryId("a")
                .setRun("x")
                .setClientEndpoint("h:1")
                .setPeerEndpoint("h:2")
                .setRack("r")
                .addFeatures(feature("metadata", 1, 3))));
        NodeInfo.Details details = cluster.node(1).details();
        assertEquals("h:1", details.clientEndpoint());
        assertEquals("h:2", details.peerEndpoint());
        assertEquals("r", details.rack());
        assertEquals(new FeatureRange(1, 3), details.features().get("metadata"));
        assertEquals("x", cluster.node(1).run());
    }

    @Test
    void aCopyOfALiveNodesDirectoryCannotRegister() {
        cluster.took(register(1, "a", "x"));
        String message = cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(1, "a", "y"));
        assertTrue(message.contains("run x"), message);
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(0, "a", "y"));
        cluster.took(fence(1, 1));
        cluster.took(register(1, "a", "y"));
        assertEquals("y", cluster.node(1).run());
        assertFalse(cluster.node(1).fenced());
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(1, "a", "x"));
    }

    @Test
    void theSameRunRegistersAgainAndSoDoesANodeWhoseLockAllowsOnlyOne() {
        cluster.took(register(1, "a", "x"));
        cluster.took(register(1, "a", "x"));
        cluster.took(register(2, "b", ""));
        cluster.took(register(2, "b", ""));
        cluster.took(register(2, "b", "now in a cluster"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(2, "b", ""));
    }

    @Test
    void anotherDirectoryIsTakenOnlyWhenTheNodeIsFencedAndIsAnotherReplica() {
        cluster.took(register(1, "a", "x"));
        cluster.took(create("t", 1, 1));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(1, "b", "x"));
        cluster.took(fence(1, 1));
        cluster.took(register(1, "b", "y"));
        PartitionInfo partition = cluster.partition(1);
        assertEquals(new Replica(1, "a"), partition.replicas().voters().get(0));
        assertEquals(1, partition.epoch(), "the new directory has nothing and leads nothing");
        assertEquals(new Leader(1, 1), partition.leader());
        assertFalse(partition.replicas().isVoter(cluster.replica(1)));
    }

    @Test
    void aDirectoryBelongsToOneNode() {
        cluster.took(register(1, "a", "x"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(2, "a", "x"));
    }

    @Test
    void refusesWhatIsNoNode() {
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(-1, "a", "x"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(NodeCommands.MAX_NODE_ID + 1, "a", "x"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(1, "", "x"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(1, "a", "x".repeat(301)));
        RegisterNode.Builder node =
                RegisterNode.newBuilder().setNodeId(1).setDirectoryId("a").addFeatures(feature("f", 1, 2));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(node.clone().addFeatures(feature("f", 1, 2))));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, register(node.clone().addFeatures(feature("g", 2, 1))));
        cluster.took(register(node));
    }

    @Test
    void leadsAtOnceWhatOnlyItVotesOn() {
        TestCluster two = TestCluster.of(2);
        two.took(create("alone", 4, 1));
        two.took(create("both", 4, 2));
        two.took(fence(1, two.node(1).incarnation()));
        two.took(register(1, "d1", "again"));
        for (PartitionInfo partition : two.topic("alone").partitions()) {
            boolean mine = partition.replicas().voters().equals(two.replicas(1));
            assertEquals(mine ? 2 : 1, partition.epoch());
            assertEquals(mine ? two.leader(1) : two.leader(2), partition.leader());
        }
        for (PartitionInfo partition : two.topic("both").partitions()) {
            assertEquals(1, partition.epoch(), "others have to be asked");
        }
    }

    @Test
    void fencesOnlyTheIncarnationThatWasMeant() {
        cluster.took(register(1, "a", "x"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, fence(2, 1));
        cluster.refused(ErrorCode.ERROR_INVALID_REQUEST, fence(1, 2));
        cluster.took(fence(1, 1));
        assertTrue(cluster.node(1).fenced());
        cluster.refused(ErrorCode.ERROR_INVALID_REQUEST, unfence(1, 2));
        cluster.took(unfence(1, 1));
        assertFalse(cluster.node(1).fenced());
        cluster.took(fence(1, 1));
        cluster.took(register(1, "a", "y"));
        cluster.refused(ErrorCode.ERROR_INVALID_REQUEST, fence(1, 1));
    }

    @Test
    void aNodeThatIsLeavingGetsNothingNewEvenAfterARestart() {
        TestCluster two = TestCluster.of(2);
        two.refused(ErrorCode.ERROR_INVALID_CONFIG, drain(3));
        two.took(drain(2));
        two.took(fence(2, two.node(2).incarnation()));
        two.took(register(2, "d2", "again"));
        assertTrue(two.node(2).draining());
        two.took(create("t", 3, 1));
        for (PartitionInfo partition : two.topic("t").partitions()) {
            assertEquals(two.replicas(1), partition.replicas().voters());
        }
    }

    @Test
    void aNodeCannotGoWhileItHoldsAnything() {
        TestCluster two = TestCluster.of(2);
        two.refused(ErrorCode.ERROR_INVALID_CONFIG, unregister(3));
        two.took(create("t", 1, 2));
        two.refused(ErrorCode.ERROR_INVALID_CONFIG, unregister(2));
        two.took(Commands.delete("t"));
        two.took(create("u", 1, 1));
        two.took(ClusterCommands.addLearner(2, two.replica(2)));
        two.refused(ErrorCode.ERROR_INVALID_CONFIG, unregister(2));
        two.took(ClusterCommands.dropLearner(2, two.replica(2)));
        two.took(unregister(2));
        assertNull(two.image.node(2));
    }

    @Test
    void aFeatureHoldsWhenEveryNodeSupportsItAndNeverGoesBack() {
        cluster.took(register(
                RegisterNode.newBuilder().setNodeId(1).setDirectoryId("a").addFeatures(feature("f", 1, 3))));
        cluster.took(register(
                RegisterNode.newBuilder().setNodeId(2).setDirectoryId("b").addFeatures(feature("f", 1, 2))));
        cluster.refused(ErrorCode.ERROR_UNSUPPORTED_VERSION, setFeature("f", 3));
        cluster.refused(ErrorCode.ERROR_UNSUPPORTED_VERSION, setFeature("g", 1));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, setFeature("f", 0));
        cluster.refused(ErrorCode.ERROR_INVALID_NAME, setFeature("", 1));
        assertEquals(0, cluster.image.featureLevel("f"));
        cluster.took(setFeature("f", 2));
        cluster.took(setFeature("f", 2));
        assertEquals(2, cluster.image.featureLevel("f"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, setFeature("f", 1));
    }

    @Test
    void aNodeThatIsTooOldForWhatHoldsCannotRegister() {
        cluster.took(register(
                RegisterNode.newBuilder().setNodeId(1).setDirectoryId("a").addFeatures(feature("f", 1, 3))));
        cluster.took(setFeature("f", 2));
        cluster.refused(ErrorCode.ERROR_UNSUPPORTED_VERSION, register(2, "b", "x"));
        RegisterNode.Builder node = RegisterNode.newBuilder().setNodeId(2).setDirectoryId("b");
        cluster.refused(
                ErrorCode.ERROR_UNSUPPORTED_VERSION, register(node.clone().addFeatures(feature("f", 3, 4))));
        cluster.took(register(node.clone().addFeatures(feature("f", 2, 2))));
    }
}
