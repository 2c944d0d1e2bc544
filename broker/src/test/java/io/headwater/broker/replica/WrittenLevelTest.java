package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.B;
import static io.headwater.broker.replica.LoneReplica.INCARNATION;
import static io.headwater.broker.replica.LoneReplica.ME;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.ReplicaMessage.Ack;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A replica of a topic at level replicated, where what a write quorum has written is committed. */
class WrittenLevelTest {
    private static final Configuration ALONE = new Configuration(1, List.of(ME), List.of(), 0);

    private static void toWritten(LoneReplica lone, int epoch, Leader leader) {
        lone.commitsWritten = true;
        lone.view(epoch, leader, THREE);
    }

    private static LoneReplica following() {
        LoneReplica lone = LoneReplica.following(3, 1);
        toWritten(lone, 3, new Leader(A, 51));
        return lone;
    }

    private static LoneReplica leading() {
        LoneReplica lone = LoneReplica.leading(4, THREE, 1);
        toWritten(lone, 4, new Leader(ME, INCARNATION));
        lone.attach(4, A, 1);
        return lone;
    }

    @Test
    void aFollowerAcknowledgesWhatIsWrittenBeforeItIsSynced() {
        LoneReplica lone = following();
        lone.receive(3, 1, 0, 3);
        assertEquals(List.of(), lone.sent(Ack.class), "it is not written before the turn ends");
        lone.replica.onAppended();
        lone.sync();
        assertEquals(List.of(new Ack(3, ME, 1, 2), new Ack(3, ME, 2, 2)), lone.sent(Ack.class));
    }

    @Test
    void notUnlessADurableMarkSaysThatItDoes() {
        LoneReplica lone = following();
        lone.keepsUnsynced = false;
        lone.receive(3, 1, 0, 3);
        lone.replica.onAppended();
        assertEquals(List.of(new Ack(3, ME, 1, 1)), lone.sent(Ack.class));
    }

    @Test
    void aLeaderCommitsWhatAQuorumHasWritten() {
        LoneReplica lone = leading();
        lone.append(4);
        lone.replica.receive(new Ack(4, A, 1, 2));
        assertEquals(2, lone.replica.commit(), "with the start of its epoch, which both have");
        lone.replica.receive(new Ack(4, A, 1, 3));
        assertEquals(3, lone.replica.commit());
        assertEquals(0, lone.replica.persisted());

        lone.replica.receive(new Ack(4, A, 3, 3));
        assertEquals(2, lone.replica.persisted(), "as far as its own disk");
        lone.sync();
        assertEquals(3, lone.replica.persisted());
    }

    @Test
    void aLeaderDoesNotCountItsOwnUnlessADurableMarkSaysThatItDoes() {
        LoneReplica lone = leading();
        lone.keepsUnsynced = false;
        lone.append(4);
        lone.replica.receive(new Ack(4, A, 1, 3));
        assertEquals(2, lone.replica.commit(), "as far as its own disk");
    }

    @Test
    void theStrongerLevelHoldsFromTheViewOnThatBringsIt() {
        LoneReplica lone = leading();
        lone.commitsWritten = false;
        lone.view(4, new Leader(ME, INCARNATION), THREE);
        lone.append(4);
        lone.replica.receive(new Ack(4, A, 1, 3));
        assertEquals(0, lone.replica.commit());
        lone.replica.receive(new Ack(4, A, 3, 3));
        lone.sync();
        assertEquals(3, lone.replica.commit());
        assertEquals(3, lone.replica.persisted());
    }

    /** What was written and is not acknowledged as durable is sent again by the one that it is for. */
    @Test
    void aCopyThatLostItsTailIsSentItAgain() {
        LoneReplica lone = leading();
        lone.append(4);
        lone.replica.receive(new Ack(4, A, 1, 3));
        lone.sent.clear();
        lone.attach(4, new AttachId(A, 99, 1), 1);
        assertEquals(1, lone.sent(ReplicaMessage.Append.class).get(0).entries().fromIndex());
    }

    @Test
    void whoLacksItsTailSaysSoAndDoesNotLead() {
        LoneReplica lone = new LoneReplica(1, Lack.TAIL, 1, 1);
        lone.sealed(2);
        lone.replica.onSealRequest(7, 2);
        lone.replica.onPromiseDurable(2);
        assertEquals(List.of(new SealReport(2, ME, INCARNATION, 1, 2, Lack.TAIL)), lone.told);
        lone.view(2, new Leader(ME, INCARNATION), THREE);
        assertFalse(lone.replica.isLeading());
    }

    private static LoneReplica named(Lack lack, Configuration configuration, int recoveredEpoch) {
        LoneReplica lone = new LoneReplica(1, lack, 1, 1);
        lone.recovered(2, new Leader(ME, INCARNATION), configuration, recoveredEpoch);
        return lone;
    }

    @Test
    void unlessItIsTheBestOfAllThatAreLeftOrTheOnlyOne() {
        for (LoneReplica lone : List.of(named(Lack.TAIL, THREE, 2), named(Lack.TAIL, ALONE, 0))) {
            assertTrue(lone.replica.isLeading());
            assertEquals(List.of("whole again", "leads 2"), lone.events);
            assertEquals(Long.MIN_VALUE, lone.log.get(3).value(), "the loss is in the log");
        }
        assertFalse(named(Lack.ANYTHING, ALONE, 0).replica.isLeading(), "nor a damaged one");
    }

    /** It was chosen for what it had reported, and that is not there any more: what others have is not given up for it. */
    @Test
    void notIfItWasFoundDamagedSince() {
        LoneReplica lone = named(Lack.ANYTHING, THREE, 2);
        assertFalse(lone.replica.isLeading());
        assertEquals(List.of(), lone.events);
        lone.replica.tick(1_000);
        assertEquals(List.of(new ControllerMessage.SealWanted(2)), lone.told);
    }

    @Test
    void whoLacksItsTailCountsAgainWhenItHasAllThatItsLeaderHad() {
        LoneReplica lone = new LoneReplica(1, Lack.TAIL, 1);
        lone.commitsWritten = true;
        lone.view(3, new Leader(B, 52), THREE);
        lone.replica.onPromiseDurable(3);
        lone.replica.receive(new ReplicaMessage.AttachOk(3, new AttachId(ME, INCARNATION, 1), 1, 0, 2));
        lone.receive(3, 1, 0, 3);
        lone.replica.onAppended();
        assertFalse(lone.events.contains("whole again"), "written is not enough");
        lone.sync();
        assertTrue(lone.events.contains("whole again"));
    }
}
