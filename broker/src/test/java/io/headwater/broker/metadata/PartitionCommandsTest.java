package io.headwater.broker.metadata;

import static io.headwater.broker.metadata.ClusterCommands.abortJoint;
import static io.headwater.broker.metadata.ClusterCommands.addLearner;
import static io.headwater.broker.metadata.ClusterCommands.beginJoint;
import static io.headwater.broker.metadata.ClusterCommands.create;
import static io.headwater.broker.metadata.ClusterCommands.drain;
import static io.headwater.broker.metadata.ClusterCommands.dropLearner;
import static io.headwater.broker.metadata.ClusterCommands.elect;
import static io.headwater.broker.metadata.ClusterCommands.electItem;
import static io.headwater.broker.metadata.ClusterCommands.fence;
import static io.headwater.broker.metadata.ClusterCommands.finishJoint;
import static io.headwater.broker.metadata.ClusterCommands.recover;
import static io.headwater.broker.metadata.ClusterCommands.recoverMetadata;
import static io.headwater.broker.metadata.ClusterCommands.register;
import static io.headwater.broker.metadata.ClusterCommands.seal;
import static io.headwater.broker.metadata.ClusterCommands.sealItem;
import static io.headwater.broker.metadata.ClusterCommands.transfer;
import static io.headwater.broker.metadata.ClusterCommands.unfence;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.protocol.wire.ErrorCode;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Six nodes; partitions 1 and 2 of topic t with the voters 1, 2, 3, led by 1 and 4, 5, 6, led by 4, in epoch 1. */
class PartitionCommandsTest {
    private static final ErrorCode STALE = ErrorCode.ERROR_INVALID_REQUEST;

    private final TestCluster cluster = TestCluster.of(6);

    PartitionCommandsTest() {
        cluster.took(create("t", 2, 3));
        assertEquals(cluster.replicas(1, 2, 3), partition().replicas().voters());
        assertEquals(cluster.leader(1), partition().leader());
    }

    private PartitionInfo partition() {
        return cluster.partition(1);
    }

    private void items(boolean expected, Command command) {
        PartitionInfo before = partition();
        cluster.tookItems(List.of(expected), command);
        assertEquals(!expected, before.equals(partition()));
    }

    @Test
    void sealsTheEpochThatWasMeant() {
        items(false, seal(1, 0));
        items(false, seal(1, 2));
        cluster.tookItems(List.of(false), seal(99, 1));
        items(true, seal(1, 1));
        assertEquals(2, partition().epoch());
        assertNull(partition().leader());
        assertEquals(PartitionInfo.Phase.SEALING, partition().phase());
        items(false, seal(1, 1));
        items(true, seal(1, 2));
        assertEquals(3, partition().epoch());
    }

    @Test
    void eachItemOfABatchSpeaksForItselfAndSeesThoseBeforeIt() {
        cluster.tookItems(
                List.of(true, false, true, false, true),
                seal(sealItem(1, 1), sealItem(1, 1), sealItem(1, 2), sealItem(99, 1), sealItem(2, 1)));
        assertEquals(3, partition().epoch());
        assertEquals(2, cluster.partition(2).epoch());
        assertEquals(cluster.topic("t").partitions(), List.of(cluster.partition(1), cluster.partition(2)));
        cluster.tookItems(
                List.of(false, true, false),
                elect(
                        electItem(1, 2, 1, cluster.leader(1)),
                        electItem(1, 3, 1, cluster.leader(2)),
                        electItem(1, 3, 1, cluster.leader(3))));
        assertEquals(cluster.leader(2), partition().leader());
    }

    @Test
    void electsOnlyAVoterThatIsAliveInTheIncarnationThatReported() {
        items(false, elect(1, 1, 1, cluster.leader(2)));
        items(true, seal(1, 1));
        items(false, elect(1, 1, 1, cluster.leader(2)));
        items(false, elect(1, 3, 1, cluster.leader(2)));
        items(false, elect(1, 2, 2, cluster.leader(2)));
        items(false, elect(1, 2, 1, cluster.leader(4)));
        items(false, elect(1, 2, 1, new Leader(2, 1)));
        items(false, elect(1, 2, 1, new Leader(9, 1)));
        cluster.took(fence(2, cluster.node(2).incarnation()));
        items(false, elect(1, 2, 1, cluster.leader(2)));
        cluster.took(register(2, "d2", "another"));
        items(true, elect(1, 2, 1, cluster.leader(2)));
        assertEquals(PartitionInfo.Phase.ACTIVE, partition().phase());
        assertEquals(2, partition().epoch());
        items(false, elect(1, 2, 1, cluster.leader(3)));
    }

    @Test
    void anElectionThatMayLoseSomethingIsKeptForPeople() {
        items(true, seal(1, 1));
        cluster.tookItems(
                List.of(true),
                elect(electItem(1, 2, 1, cluster.leader(2)).toBuilder()
                        .setMayLose(true)
                        .build()));
        assertEquals(2, partition().recoveredEpoch());
        assertEquals(cluster.replicas(1, 2, 3), partition().replicas().voters(), "nobody has lost a vote");
        Recovery kept = cluster.image.recoveries().get(0);
        assertEquals(1, kept.partitionId());
        assertEquals(2, kept.epoch());
        assertEquals(2, kept.replica().nodeId());
        assertEquals(Recovery.NOBODY, kept.operator());

        items(true, seal(1, 2));
        items(true, elect(1, 3, 1, cluster.leader(1)));
        assertEquals(2, partition().recoveredEpoch(), "this one lost nothing");
        assertEquals(1, cluster.image.recoveries().size());
    }

    @Test
    void aNodeWithAnotherDirectoryIsNobody() {
        cluster.took(fence(2, cluster.node(2).incarnation()));
        cluster.took(register(2, "blank", "another"));
        items(true, seal(1, 1));
        items(false, elect(1, 2, 1, cluster.leader(2)));
        items(true, elect(1, 2, 1, cluster.leader(3)));
        cluster.refused(STALE, transfer(1, 2, cluster.leader(2)));
        cluster.refused(STALE, beginJoint(1, 1, cluster.replicas(1, 2, 3)));
        cluster.took(addLearner(1, cluster.replica(2)));
        cluster.took(beginJoint(1, 1, cluster.replicas(1, 2, 3)));
        cluster.took(finishJoint(1, 2));
        cluster.took(transfer(1, 2, cluster.leader(2)));
    }

    @Test
    void transfersFromALeaderToAVoterWithoutASeal() {
        cluster.refused(ErrorCode.ERROR_UNKNOWN_PARTITION, transfer(99, 1, cluster.leader(2)));
        cluster.refused(STALE, transfer(1, 2, cluster.leader(2)));
        cluster.refused(STALE, transfer(1, 1, cluster.leader(4)));
        cluster.refused(STALE, transfer(1, 1, new Leader(2, 99)));
        cluster.took(transfer(1, 1, cluster.leader(2)));
        assertEquals(2, partition().epoch());
        assertEquals(cluster.leader(2), partition().leader());
        cluster.took(fence(3, cluster.node(3).incarnation()));
        cluster.refused(STALE, transfer(1, 2, cluster.leader(3)));
        items(true, seal(1, 2));
        cluster.refused(STALE, transfer(1, 3, cluster.leader(1)));
    }

    @Test
    void learnersAreReplicasOfLiveDirectoriesThatDoNotVote() {
        cluster.refused(ErrorCode.ERROR_UNKNOWN_PARTITION, addLearner(99, cluster.replica(4)));
        cluster.refused(STALE, addLearner(1, cluster.replica(3)));
        cluster.refused(STALE, addLearner(1, new Replica(4, "another")));
        cluster.refused(STALE, addLearner(1, new Replica(9, "d9")));
        cluster.took(drain(5));
        cluster.refused(STALE, addLearner(1, cluster.replica(5)));
        cluster.took(addLearner(1, cluster.replica(4)));
        cluster.took(addLearner(1, cluster.replica(4)));
        assertEquals(cluster.replicas(4), partition().replicas().learners());
        assertEquals(1, partition().cfgVer());
        cluster.refused(ErrorCode.ERROR_UNKNOWN_PARTITION, dropLearner(99, cluster.replica(4)));
        cluster.refused(STALE, dropLearner(1, cluster.replica(3)));
        cluster.took(dropLearner(1, cluster.replica(4)));
        assertEquals(List.of(), partition().replicas().learners());
    }

    @Test
    void votersChangeInTwoStepsAndBothSetsCountBetweenThem() {
        cluster.took(addLearner(1, cluster.replica(4)));
        cluster.took(addLearner(1, cluster.replica(5)));
        cluster.took(beginJoint(1, 1, cluster.replicas(1, 2, 4)));
        assertEquals(2, partition().cfgVer());
        assertTrue(partition().replicas().isJoint());
        assertEquals(cluster.replicas(1, 2, 3), partition().replicas().voters());
        assertEquals(cluster.replicas(1, 2, 4), partition().replicas().nextVoters());
        assertEquals(cluster.replicas(5), partition().replicas().learners(), "who is not called stays a learner");
        cluster.refused(STALE, beginJoint(1, 2, cluster.replicas(1, 2, 4)));
        cluster.refused(STALE, finishJoint(1, 1));
        cluster.refused(STALE, addLearner(1, cluster.replica(4)));
        cluster.took(finishJoint(1, 2));
        assertEquals(3, partition().cfgVer());
        assertEquals(cluster.replicas(1, 2, 4), partition().replicas().voters());
        assertEquals(cluster.replicas(5), partition().replicas().learners());
        cluster.refused(STALE, finishJoint(1, 3));
        cluster.refused(STALE, abortJoint(1, 3));
    }

    @Test
    void anAbortedChangeLeavesEverythingAsItWasButForTheVersion() {
        cluster.took(addLearner(1, cluster.replica(4)));
        cluster.took(addLearner(1, cluster.replica(5)));
        cluster.took(beginJoint(1, 1, cluster.replicas(1, 4, 2)));
        cluster.refused(STALE, abortJoint(1, 1));
        cluster.took(abortJoint(1, 2));
        assertEquals(3, partition().cfgVer());
        assertEquals(
                new ReplicaSet(cluster.replicas(1, 2, 3), List.of(), cluster.replicas(5, 4)),
                partition().replicas());
    }

    @Test
    void refusesSetsOfVotersThatMakeNoSense() {
        cluster.took(addLearner(1, cluster.replica(4)));
        cluster.refused(ErrorCode.ERROR_UNKNOWN_PARTITION, beginJoint(99, 1, cluster.replicas(1, 2, 4)));
        cluster.refused(STALE, beginJoint(1, 2, cluster.replicas(1, 2, 4)));
        cluster.refused(STALE, beginJoint(1, 1, List.of()));
        cluster.refused(STALE, beginJoint(1, 1, cluster.replicas(1, 2, 2)));
        cluster.refused(STALE, beginJoint(1, 1, List.of(cluster.replica(1), new Replica(1, "another"))));
        cluster.refused(STALE, beginJoint(1, 1, cluster.replicas(1, 2, 5)));
        cluster.refused(STALE, beginJoint(1, 1, List.of(cluster.replica(1), new Replica(4, "another"))));
        cluster.took(fence(4, cluster.node(4).incarnation()));
        cluster.took(register(4, "blank", "another"));
        cluster.refused(STALE, beginJoint(1, 1, List.of(cluster.replica(1), new Replica(4, "d4"))));
        // A voter that is gone for good may stay one while another is replaced.
        cluster.took(fence(3, cluster.node(3).incarnation()));
        cluster.took(register(3, "blank 3", "another"));
        cluster.took(beginJoint(1, 1, List.of(cluster.replica(1), new Replica(3, "d3"))));
    }

    @Test
    void aLeaderAlwaysVotes() {
        cluster.took(addLearner(1, cluster.replica(4)));
        cluster.took(beginJoint(1, 1, cluster.replicas(2, 3, 4)));
        cluster.refused(STALE, finishJoint(1, 2));
        cluster.took(transfer(1, 1, cluster.leader(4)));
        cluster.refused(STALE, abortJoint(1, 2));
        cluster.took(finishJoint(1, 2));
        assertEquals(cluster.leader(4), partition().leader());
        // Without a leader there is nobody to ask.
        cluster.took(addLearner(1, cluster.replica(1)));
        cluster.took(beginJoint(1, 3, cluster.replicas(1, 2, 3)));
        items(true, seal(1, 2));
        cluster.took(finishJoint(1, 4));
        items(false, elect(1, 3, 5, cluster.leader(4)));
        items(true, elect(1, 3, 5, cluster.leader(1)));
    }

    @Test
    void anElectionPreparedForOtherVotersIsVoid() {
        cluster.took(addLearner(1, cluster.replica(4)));
        items(true, seal(1, 1));
        cluster.took(beginJoint(1, 1, cluster.replicas(2, 3, 4)));
        items(false, elect(1, 2, 1, cluster.leader(2)));
        items(true, elect(1, 2, 2, cluster.leader(2)));
    }

    @Test
    void recoversByHandOnlyWhereNothingCanBeCommittedAndKeepsItForTheRecord() {
        Replica last = cluster.replica(3);
        cluster.refused(ErrorCode.ERROR_UNKNOWN_PARTITION, recover(99, 1, last, "me", "fire"));
        cluster.refused(STALE, recover(1, 1, last, "me", "fire"));
        cluster.took(addLearner(1, cluster.replica(4)));
        cluster.took(beginJoint(1, 1, cluster.replicas(1, 2, 4)));
        items(true, seal(1, 1));
        cluster.took(fence(1, cluster.node(1).incarnation()));
        cluster.refused(STALE, recover(1, 2, last, "me", "fire"));
        cluster.took(fence(4, cluster.node(4).incarnation()));
        cluster.refused(STALE, recover(1, 1, last, "me", "fire"));
        cluster.refused(STALE, recover(1, 2, cluster.replica(5), "me", "fire"));
        cluster.refused(STALE, recover(1, 2, new Replica(3, "another"), "me", "fire"));
        cluster.refused(STALE, recover(1, 2, last, " ", "fire"));
        cluster.refused(STALE, recover(1, 2, last, "me", ""));
        cluster.refused(STALE, recover(1, 2, last, "me", "x".repeat(501)));
        cluster.took(fence(3, cluster.node(3).incarnation()));
        cluster.refused(STALE, recover(1, 2, last, "me", "fire"));
        cluster.took(register(3, "d3", "another"));
        Outcome.Committed done = cluster.took(recover(1, 2, last, "me", "fire"));
        assertEquals(3, partition().epoch());
        assertEquals(3, partition().cfgVer());
        assertEquals(cluster.leader(3), partition().leader());
        assertEquals(ReplicaSet.of(List.of(last)), partition().replicas());
        assertEquals(3, partition().recoveredEpoch());
        assertEquals(List.of(new Recovery(done.index(), 77, 1, 3, last, "me", "fire")), cluster.image.recoveries());
    }

    @Test
    void theRecordOfRecoveriesIsBounded() {
        cluster.took(fence(3, cluster.node(3).incarnation()));
        for (int round = 0; round < ClusterState.MAX_RECOVERIES + 20; round++) {
            int by = 1 + round % 2;
            int other = 3 - by;
            cluster.took(fence(other, cluster.node(other).incarnation()));
            cluster.took(recover(1, partition().epoch(), cluster.replica(by), "me", "again"));
            cluster.took(unfence(other, cluster.node(other).incarnation()));
            cluster.took(addLearner(1, cluster.replica(other)));
        }
        assertEquals(ClusterState.MAX_RECOVERIES, cluster.image.recoveries().size());
        Recovery last = cluster.image.recoveries().get(ClusterState.MAX_RECOVERIES - 1);
        assertEquals(partition().epoch(), last.epoch());
    }

    @Test
    void metadataThatGoOnFromOneLogGiveNothingTwiceThatOthersMayHaveSeen() {
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, recoverMetadata(9, "me", "fire"));
        cluster.refused(ErrorCode.ERROR_INVALID_CONFIG, recoverMetadata(3, "me", " "));
        MetadataImage before = cluster.image;
        cluster.took(recoverMetadata(3, "me", "fire"));
        MetadataImage after = cluster.image;
        assertTrue(after.appliedIndex() > before.appliedIndex() + 1_000);
        assertTrue(after.nextPartitionId() > before.nextPartitionId() + 1_000);
        assertTrue(after.nextProducerId() > before.nextProducerId() + 1_000);
        assertTrue(partition().epoch() > 1_000);
        assertEquals(PartitionInfo.Phase.SEALING, partition().phase());
        assertEquals(cluster.replicas(1, 2, 3), partition().replicas().voters());
        Recovery recovery = Objects.requireNonNull(after.recoveryOfMetadata());
        assertEquals(cluster.replica(3), recovery.replica());
        assertEquals(
                after.appliedIndex(), recovery.index(), "whoever has agreed on more without it is behind it as well");
    }
}
