package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.B;
import static io.headwater.broker.replica.LoneReplica.C;
import static io.headwater.broker.replica.LoneReplica.ME;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.broker.replica.ControllerMessage.LearnerReady;
import io.headwater.broker.replica.ControllerMessage.MarkCommitted;
import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.ControllerMessage.SealWanted;
import io.headwater.broker.replica.ControllerMessage.TransferReady;
import io.headwater.broker.replica.MetadataCommand.AbortJoint;
import io.headwater.broker.replica.MetadataCommand.AddLearner;
import io.headwater.broker.replica.MetadataCommand.BeginJoint;
import io.headwater.broker.replica.MetadataCommand.Elect;
import io.headwater.broker.replica.MetadataCommand.FinishJoint;
import io.headwater.broker.replica.MetadataCommand.Seal;
import io.headwater.broker.replica.MetadataCommand.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ControllerTest implements ControllerPorts {
    private static final long P = 9;
    private static final Leader LEADER = new Leader(ME, 50);

    private final List<MetadataCommand> proposed = new ArrayList<>();
    private final List<String> requested = new ArrayList<>();
    private final Controller controller = new Controller(this, new ControllerSettings(20, 500));
    private long index;

    @Override
    public void propose(MetadataCommand command) {
        proposed.add(command);
    }

    @Override
    public void requestSeal(int node, long partition, int epoch) {
        requested.add("seal " + epoch + " of " + partition + " on " + node);
    }

    @Override
    public void requestTransfer(int node, long partition, int epoch, int to) {
        requested.add("transfer " + epoch + " of " + partition + " on " + node + (to == 0 ? "" : " to " + to));
    }

    private void view(int epoch, @Nullable Leader leader, Configuration configuration, ReplicaId... learners) {
        controller.onView(P, new PartitionView(++index, epoch, leader, configuration, List.of(learners)));
    }

    private void report(int epoch, ReplicaId replica, int lastEpoch, long end) {
        controller.receive(P, new SealReport(epoch, replica, 50 + replica.node(), lastEpoch, end));
    }

    private void reportOfLost(int epoch, ReplicaId replica, int lastEpoch, long end) {
        controller.receive(P, new SealReport(epoch, replica, 50 + replica.node(), lastEpoch, end, Lack.TAIL));
    }

    @Test
    void whoLacksItsTailIsNotHeardWhereEnoughOthersAre() {
        view(4, null, THREE);
        reportOfLost(4, ME, 3, 12);
        report(4, B, 3, 9);
        assertEquals(List.of(), proposed);
        report(4, A, 3, 10);
        assertEquals(List.of(new Elect(P, 4, 1, new Leader(A, 51))), proposed);
    }

    private void reportOfHealing(int epoch, ReplicaId replica, int lastEpoch, long end) {
        controller.receive(P, new SealReport(epoch, replica, 50 + replica.node(), lastEpoch, end, Lack.ANYTHING));
    }

    @Test
    void whoHealsIsHeardForOneThatHasAllThatItHad() {
        view(4, null, THREE);
        reportOfHealing(4, ME, 3, 10);
        report(4, A, 3, 9);
        controller.tick(1_000);
        assertEquals(List.of(), proposed);
        view(5, null, THREE);
        reportOfHealing(5, ME, 3, 10);
        report(5, A, 3, 10);
        assertEquals(List.of(new Elect(P, 5, 1, new Leader(A, 51))), proposed);
    }

    /** It does not have what it says that it had; and whether all is lost that nobody says to have, nobody knows. */
    @Test
    void whoHealsNeitherLeadsNorSaysThatAllWereHeard() {
        view(4, null, THREE);
        reportOfHealing(4, ME, 3, 12);
        reportOfHealing(4, A, 3, 9);
        assertEquals(List.of(), controller.reports(P), "what an operator may choose from");
        reportOfLost(4, B, 3, 9);
        controller.tick(1_000);
        assertEquals(List.of(), proposed);
        assertEquals(1, controller.reports(P).size());
    }

    @Test
    void whereTooFewAreSureTheMostCompleteOfAllLeadsAndThatIsKept() {
        view(4, null, THREE);
        reportOfLost(4, ME, 3, 10);
        report(4, B, 3, 11);
        controller.tick(499);
        assertEquals(List.of(), proposed, "the third one may have everything");
        reportOfLost(4, A, 3, 12);
        assertEquals(List.of(new Elect(P, 4, 1, new Leader(A, 51), true)), proposed);
    }

    @Test
    void asksAllVotersOfASealedEpochAndAgainThoseThatHaveNotAnswered() {
        view(4, null, THREE);
        assertEquals(List.of("seal 4 of 9 on 0", "seal 4 of 9 on 1", "seal 4 of 9 on 2"), requested);
        report(4, B, 3, 10);
        requested.clear();

        controller.tick(499);
        assertEquals(List.of(), requested);
        controller.tick(500);
        assertEquals(List.of("seal 4 of 9 on 0", "seal 4 of 9 on 1"), requested);
    }

    @Test
    void thePreferredLeaderIsNotWaitedForWhereItsNodeWasLost() {
        view(3, LEADER, THREE);
        controller.onNodeLost(LEADER.node(), LEADER.incarnation());
        proposed.clear();
        view(4, null, THREE);
        report(4, A, 3, 10);
        report(4, B, 3, 10);
        assertEquals(List.of(new Elect(P, 4, 1, new Leader(A, 51))), proposed);
    }

    @Test
    void whoWasToLeadAndDidNotIsNotWaitedFor() {
        view(4, null, THREE);
        report(4, B, 3, 12);
        report(4, A, 3, 11);
        report(4, ME, 3, 10);
        assertEquals(List.of(new Elect(P, 4, 1, new Leader(B, 52))), proposed);
        proposed.clear();
        requested.clear();

        controller.tick(500);
        assertEquals(List.of("seal 4 of 9 on 0", "seal 4 of 9 on 1", "seal 4 of 9 on 2"), requested);
        report(4, ME, 3, 10);
        controller.receive(P, new SealReport(4, A, 99, 3, 11));

        assertEquals(List.of(new Elect(P, 4, 1, new Leader(A, 99))), proposed, "in the run that it is in now");
    }

    @Test
    void theLaterLastEpochLeadsHoweverShortItsLog() {
        view(4, null, THREE);

        report(4, ME, 2, 100);
        assertEquals(List.of(), proposed);
        report(4, A, 3, 10);

        assertEquals(List.of(new Elect(P, 4, 1, new Leader(A, 51))), proposed);
    }

    @Test
    void aDecisionWaitsAMomentForThePreferredLeaderWhichLeadsAmongEquals() {
        view(4, null, THREE);
        report(4, B, 3, 10);
        report(4, A, 3, 10);
        controller.tick(19);
        assertEquals(List.of(), proposed);

        report(4, ME, 3, 10);
        assertEquals(List.of(new Elect(P, 4, 1, new Leader(ME, 50))), proposed);
    }

    @Test
    void aPreferredLeaderThatSaysNothingIsNotWaitedForLong() {
        view(4, null, THREE);
        report(4, B, 3, 11);
        report(4, A, 3, 10);

        controller.tick(20);

        assertEquals(List.of(new Elect(P, 4, 1, new Leader(B, 52))), proposed);
    }

    @Test
    void reportsOfStrangersAndOfOtherEpochsDoNotCount() {
        view(4, null, THREE);
        report(4, ME, 3, 10);

        report(4, new ReplicaId(1, new UUID(0, 1)), 3, 10);
        report(4, C, 3, 10);
        report(3, A, 3, 10);
        report(5, A, 3, 10);
        controller.tick(400);

        assertEquals(List.of(), proposed);
    }

    @Test
    void whileVotersChangeBothSetsMustHaveReported() {
        Configuration joint =
                new Configuration(2, List.of(ME, A, B), List.of(ME, C, new ReplicaId(4, ME.directory())), 0);
        view(4, null, joint);

        report(4, ME, 3, 10);
        report(4, A, 3, 10);
        assertEquals(List.of(), proposed);
        report(4, C, 3, 12);

        assertEquals(List.of(new Elect(P, 4, 2, new Leader(C, 53))), proposed);
    }

    @Test
    void anElectionIsProposedAgainUntilTheMetadataHasIt() {
        view(4, null, THREE);
        report(4, ME, 3, 10);
        report(4, A, 3, 10);
        controller.tick(100);
        assertEquals(1, proposed.size());

        controller.tick(500);
        report(4, ME, 3, 10);
        report(4, A, 3, 10);
        assertEquals(2, proposed.size());
        view(4, LEADER, THREE);
        controller.tick(1_000);
        assertEquals(2, proposed.size());
    }

    @Test
    void aLostLeaderIsSealedInItsIncarnationOnly() {
        view(4, LEADER, THREE);

        controller.onNodeLost(0, 49);
        controller.onNodeLost(1, 50);
        assertEquals(List.of(), proposed);
        controller.onNodeLost(0, 50);

        assertEquals(List.of(new Seal(P, 4)), proposed);
    }

    @Test
    void aLeaderThatIsNoVoterAnyMoreIsSealed() {
        view(4, LEADER, new Configuration(3, List.of(A, B, C), List.of(), 0));

        assertEquals(List.of(new Seal(P, 4)), proposed);
    }

    @Test
    void anotherReplicaOnTheNodeOfAVoterDoesNotLeadForIt() {
        view(4, new Leader(new ReplicaId(0, new UUID(0, 1)), 50), THREE);

        assertEquals(List.of(new Seal(P, 4)), proposed);
    }

    @Test
    void aTransferIsProposedWhenTheLeaderIsReadyAndSealedWhenItFails() {
        view(4, LEADER, THREE);
        controller.transfer(P, 2);
        assertEquals(List.of("transfer 4 of 9 on 0 to 2"), requested);

        controller.receive(P, new TransferReady(3, A, 51));
        controller.receive(P, new TransferReady(4, A, 51));
        controller.receive(P, new SealWanted(3));
        controller.receive(P, new SealWanted(4));

        assertEquals(List.of(new Transfer(P, 4, new Leader(A, 51)), new Seal(P, 4)), proposed);
    }

    @Test
    void votersChangeByWayOfLearnersAndBothSets() {
        List<ReplicaId> wanted = List.of(ME, A, C);
        view(4, LEADER, THREE);
        controller.move(P, wanted);
        view(4, LEADER, THREE, C);
        controller.receive(P, new LearnerReady(4, C));
        Configuration joint = new Configuration(2, THREE.voters(), wanted, 0);
        view(4, LEADER, joint);
        controller.receive(P, new MarkCommitted(4, 1));
        controller.receive(P, new MarkCommitted(4, 2));
        view(4, LEADER, new Configuration(3, wanted, List.of(), 0));
        controller.tick(10_000);

        assertEquals(List.of(new AddLearner(P, C), new BeginJoint(P, 1, wanted), new FinishJoint(P, 2)), proposed);
    }

    @Test
    void aLeaderThatIsToGoHandsOverFirst() {
        view(4, LEADER, THREE, C);
        controller.move(P, List.of(A, B, C));
        assertEquals(List.of(), requested);

        controller.receive(P, new LearnerReady(4, C));

        assertEquals(List.of("transfer 4 of 9 on 0 to 1"), requested);
        assertEquals(List.of(), proposed);
    }

    @Test
    void votersOfWhomNoneStaysChangeInTwoStepsWithTheirLeaderAmongThem() {
        Configuration alone = new Configuration(1, List.of(ME), List.of(), 0);
        view(4, LEADER, alone);
        controller.move(P, List.of(C));
        view(4, LEADER, alone, C);
        controller.receive(P, new LearnerReady(4, C));
        view(4, LEADER, new Configuration(2, List.of(ME), List.of(C, ME), 0));
        controller.receive(P, new MarkCommitted(4, 2));
        assertEquals(
                List.of(new AddLearner(P, C), new BeginJoint(P, 1, List.of(C, ME)), new FinishJoint(P, 2)), proposed);
        assertEquals(List.of(), requested);
        proposed.clear();

        Configuration both = new Configuration(3, List.of(C, ME), List.of(), 0);
        view(4, LEADER, both);
        assertEquals(List.of("transfer 4 of 9 on 0 to 3"), requested);
        view(5, new Leader(C, 63), both);
        assertEquals(List.of(new BeginJoint(P, 3, List.of(C))), proposed);
    }

    /** The only one that stays is dead: whoever is handed the lead instead has to go as well, and so on for ever. */
    @Test
    void whereNobodyThatStaysTakesTheLeadItsLeaderStaysForAWhile() {
        List<ReplicaId> wanted = List.of(B, C);
        view(4, LEADER, THREE, C);
        controller.move(P, wanted);
        controller.receive(P, new LearnerReady(4, C));
        assertEquals(List.of("transfer 4 of 9 on 0 to 2"), requested);

        view(5, new Leader(A, 51), THREE, C);
        controller.receive(P, new LearnerReady(5, C));
        assertEquals(List.of(new BeginJoint(P, 1, List.of(B, C, A))), proposed);
        proposed.clear();
        requested.clear();

        Configuration withLeader = new Configuration(3, List.of(B, C, A), List.of(), 0);
        view(5, new Leader(A, 51), withLeader);
        assertEquals(List.of("transfer 5 of 9 on 1 to 2"), requested);
        view(6, new Leader(C, 63), withLeader);
        assertEquals(List.of(new BeginJoint(P, 3, wanted)), proposed);
    }

    /** Both sets have to agree, and whoever votes in both is dead: nobody could finish it. */
    @Test
    void aChangeThatNobodyCanFinishIsTakenBackAndBegunWithItsLeader() {
        List<ReplicaId> wanted = List.of(B, C);
        Configuration joint = new Configuration(2, THREE.voters(), wanted, 0);
        view(4, LEADER, joint);
        controller.move(P, wanted);
        assertEquals("transfer 4 of 9 on 0 to 2", requested.get(0));
        assertEquals(List.of(), proposed);

        view(5, new Leader(A, 51), joint);
        assertEquals(List.of(new AbortJoint(P, 2)), proposed);
    }

    @Test
    void aChangeCanBeTakenBackUntilItIsFinished() {
        view(4, LEADER, new Configuration(2, THREE.voters(), List.of(ME, A, C), 0));

        controller.abortMove(P);

        assertEquals(List.of(new AbortJoint(P, 2)), proposed);
    }

    @Test
    void anOlderViewChangesNothing() {
        view(5, LEADER, THREE);
        controller.onView(P, new PartitionView(0, 4, null, THREE, List.of()));

        assertEquals(List.of(), requested);
    }
}
