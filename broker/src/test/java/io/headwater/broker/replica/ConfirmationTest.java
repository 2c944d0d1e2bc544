package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.B;
import static io.headwater.broker.replica.LoneReplica.C;
import static io.headwater.broker.replica.LoneReplica.ME;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ReplicaMessage.Confirm;
import io.headwater.broker.replica.ReplicaMessage.Confirmed;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Whether a leader still leads, before it says where its log ends. */
class ConfirmationTest {
    /** Leads epoch 3, and both others have attached. */
    private static LoneReplica leading(Configuration configuration) {
        LoneReplica lone = LoneReplica.leading(3, configuration, 1);
        lone.attach(3, A, 1);
        lone.attach(3, B, 1);
        lone.sent.clear();
        return lone;
    }

    private static boolean isConfirmed(LoneReplica lone, long round) {
        return lone.replica.confirmedRound() >= round;
    }

    @Test
    void oneOfTwoOthersIsEnoughAndWhoSaysSoTwiceIsOne() {
        Configuration five = new Configuration(1, List.of(ME, A, B, C, new ReplicaId(4, new UUID(0, 0))), List.of(), 0);
        LoneReplica three = leading(THREE);
        long round = three.replica.askToConfirm();
        assertEquals(List.of(new Confirm(3, A, round), new Confirm(3, B, round)), three.sent(Confirm.class));
        assertFalse(isConfirmed(three, round));
        three.replica.receive(new Confirmed(3, B, round));
        assertTrue(isConfirmed(three, round));

        LoneReplica lone = leading(five);
        long ofFive = lone.replica.askToConfirm();
        lone.replica.receive(new Confirmed(3, B, ofFive));
        lone.replica.receive(new Confirmed(3, B, ofFive));
        assertFalse(isConfirmed(lone, ofFive));
        lone.replica.receive(new Confirmed(3, A, ofFive));
        assertTrue(isConfirmed(lone, ofFive));
    }

    /** Who asks later has to hear of what was committed in between. */
    @Test
    void aRoundThatBeganBeforeTheQuestionIsNotEnoughAndALaterOneIs() {
        LoneReplica lone = leading(THREE);
        long first = lone.replica.askToConfirm();
        long second = lone.replica.askToConfirm();

        lone.replica.receive(new Confirmed(3, A, first));
        assertTrue(isConfirmed(lone, first));
        assertFalse(isConfirmed(lone, second));
        long third = lone.replica.askToConfirm();
        lone.replica.receive(new Confirmed(3, B, third));
        lone.replica.receive(new Confirmed(3, B, first));

        assertTrue(isConfirmed(lone, second) && isConfirmed(lone, third));
    }

    @Test
    void whatBelongsToAnotherEpochOrComesFromAnotherDiskOrALearnerCountsForNothing() {
        LoneReplica lone = leading(THREE);
        lone.withLearner(3, C);
        lone.attach(3, C, 1);
        lone.sent.clear();
        long round = lone.replica.askToConfirm();

        lone.replica.receive(new Confirmed(2, A, round));
        lone.replica.receive(new Confirmed(4, A, round));
        lone.replica.receive(new Confirmed(3, new ReplicaId(A.node(), new UUID(0, 1)), round));
        lone.replica.receive(new Confirmed(3, C, round));

        assertEquals(2, lone.sent(Confirm.class).size());
        assertFalse(isConfirmed(lone, round));
    }

    @Test
    void whileVotersChangeBothSetsConfirm() {
        ReplicaId other = new ReplicaId(4, new UUID(0, 0));
        LoneReplica lone = leading(new Configuration(1, List.of(ME, A, B), List.of(ME, C, other), 0));
        lone.attach(3, C, 1);
        long round = lone.replica.askToConfirm();

        lone.replica.receive(new Confirmed(3, A, round));
        lone.replica.receive(new Confirmed(3, B, round));
        assertFalse(isConfirmed(lone, round));
        lone.replica.receive(new Confirmed(3, C, round));

        assertTrue(isConfirmed(lone, round));
    }

    @Test
    void whoeverIsAloneAsksNobody() {
        LoneReplica lone = LoneReplica.leading(3, new Configuration(1, List.of(ME), List.of(), 0), 1);

        assertFalse(lone.replica.mustConfirm());
        assertTrue(isConfirmed(lone, lone.replica.askToConfirm()));
        assertEquals(List.of(), lone.sent(Confirm.class));
    }

    @Test
    void aFollowerConfirmsUntilItPromisesItselfAway() {
        LoneReplica lone = LoneReplica.following(3, 1);
        lone.replica.receive(new Confirm(3, ME, 7));
        assertEquals(List.of(new Confirmed(3, ME, 7)), lone.sent(Confirmed.class));

        lone.replica.receive(new Confirm(2, ME, 8));
        lone.replica.receive(new Confirm(3, new ReplicaId(ME.node(), new UUID(0, 1)), 8));
        lone.replica.onSealRequest(100, 4);
        lone.replica.receive(new Confirm(3, ME, 9));
        assertEquals(1, lone.sent(Confirmed.class).size());

        LoneReplica turned = LoneReplica.following(3, 1);
        turned.view(4, new Leader(B, 52), THREE);
        turned.replica.receive(new Confirm(3, ME, 9));
        turned.replica.receive(new Confirm(4, ME, 9));
        assertEquals(List.of(), turned.sent(Confirmed.class));
    }

    @Test
    void roundsOfAnEpochThatIsOverAreNotConfirmedInTheNextByWhatWasSaidBefore() {
        LoneReplica lone = leading(THREE);
        long round = lone.replica.askToConfirm();
        lone.replica.receive(new Confirmed(3, A, round));
        lone.view(4, new Leader(ME, LoneReplica.INCARNATION), THREE);
        lone.attach(4, A, 2);

        assertFalse(isConfirmed(lone, round));
        long again = lone.replica.askToConfirm();
        assertTrue(again > round);
        lone.replica.receive(new Confirmed(3, A, again));
        assertFalse(isConfirmed(lone, again));
        lone.replica.receive(new Confirmed(4, A, again));
        assertTrue(isConfirmed(lone, again));
    }
}
