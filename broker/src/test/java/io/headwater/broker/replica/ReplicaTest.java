package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.B;
import static io.headwater.broker.replica.LoneReplica.C;
import static io.headwater.broker.replica.LoneReplica.INCARNATION;
import static io.headwater.broker.replica.LoneReplica.ME;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ControllerMessage.LearnerReady;
import io.headwater.broker.replica.ControllerMessage.MarkCommitted;
import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.ControllerMessage.SealWanted;
import io.headwater.broker.replica.ControllerMessage.TransferReady;
import io.headwater.broker.replica.ReplicaMessage.Ack;
import io.headwater.broker.replica.ReplicaMessage.Append;
import io.headwater.broker.replica.ReplicaMessage.Attach;
import io.headwater.broker.replica.ReplicaMessage.AttachOk;
import io.headwater.broker.replica.ReplicaMessage.Commit;
import io.headwater.broker.replica.ReplicaMessage.CopyFirst;
import io.headwater.broker.replica.ReplicaMessage.TellMore;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReplicaTest {
    private static final Configuration ALONE = new Configuration(1, List.of(ME), List.of(), 0);

    @Test
    void aSealIsAnsweredWhenThePromiseAndTheTailAreDurable() {
        LoneReplica lone = LoneReplica.following(3, 1, 1);
        lone.receive(3, 2, 0, 3);

        lone.replica.onSealRequest(100, 4);
        assertEquals(List.of(3, 4), lone.promises);
        lone.replica.onPromiseDurable(4);
        assertEquals(List.of(), lone.told);
        lone.sync();

        assertEquals(List.of(new SealReport(4, ME, INCARNATION, 3, 3)), lone.told);
        assertTrue(lone.events.contains("report to 100"));
    }

    @Test
    void twoControllersThatAskAreBothAnsweredAndAnOlderSealIsNot() {
        LoneReplica lone = new LoneReplica(5, 1);

        lone.replica.onSealRequest(100, 6);
        lone.replica.onSealRequest(101, 6);
        lone.replica.onSealRequest(102, 5);
        lone.replica.onPromiseDurable(6);

        assertEquals(List.of("report to 100", "report to 101"), lone.events);
    }

    @Test
    void whoPromisedTakesNothingOfOlderEpochs() {
        LoneReplica lone = LoneReplica.following(3, 1);

        lone.replica.onSealRequest(100, 4);
        lone.receive(3, 1, 0, 3);

        assertEquals(1, lone.log.endIndex());
    }

    @Test
    void aDescribedLogDoesNotChangeUntilTheLeaderHasAnswered() {
        LoneReplica lone = LoneReplica.following(3, 1);

        lone.view(4, new Leader(B, 52), THREE);
        lone.receive(3, 1, 0, 3);

        assertEquals(1, lone.log.endIndex());
        assertEquals(1, lone.sent(Attach.class).get(0).log().endIndex());
    }

    @Test
    void whoAttachesBeforeTheLeaderKnowsThatItLeadsIsAnsweredWhenItDoes() {
        LoneReplica lone = new LoneReplica(0, 1);
        lone.attach(3, new AttachId(A, 61, 2), 1);
        lone.attach(3, new AttachId(A, 61, 1), 1);
        lone.attach(2, B, 1);
        lone.sealed(3);
        lone.view(3, new Leader(ME, INCARNATION), THREE);
        lone.attach(5, new AttachId(A, 61, 3), 1);
        lone.view(5, new Leader(ME, INCARNATION), THREE); // of the one in between it has not heard
        assertEquals(
                List.of(new AttachId(A, 61, 2), new AttachId(A, 61, 3)),
                lone.sent(AttachOk.class).stream().map(AttachOk::id).toList());
    }

    @Test
    void anAnswerToAnotherAttemptIsVoid() {
        LoneReplica lone = new LoneReplica(0, 1, 1, 1);
        lone.view(3, new Leader(A, 51), THREE);

        lone.replica.receive(new AttachOk(3, new AttachId(ME, INCARNATION - 1, 1), 0, 0, 0));
        lone.replica.receive(new AttachOk(3, new AttachId(ME, INCARNATION, 2), 0, 0, 0));
        assertEquals(3, lone.log.endIndex());
        lone.replica.receive(new AttachOk(3, new AttachId(ME, INCARNATION, 1), 2, 0, 2));
        assertEquals(2, lone.log.endIndex());
    }

    private static void assertAsksAgain(LoneReplica lone) {
        lone.sent.clear();
        assertTrue(lone.replica.needsTicks());
        lone.replica.tick(1_000);
        assertEquals(List.of(), lone.sent, "not at once");
        lone.replica.tick(2_000);
        assertEquals(1, lone.sent(Attach.class).get(0).id().attempt());
    }

    @Test
    void aLogThatCannotBeCutForLackOfRoomIsCutLater() {
        LoneReplica lone = new LoneReplica(0, 1, 1, 1);
        lone.view(3, new Leader(A, 51), THREE);
        AttachOk ok = new AttachOk(3, new AttachId(ME, INCARNATION, 1), 2, 0, 2);
        lone.log.full = true;

        assertThrows(UncheckedIOException.class, () -> lone.replica.receive(ok));
        assertEquals(3, lone.log.endIndex());
        assertAsksAgain(lone);
        lone.log.full = false;
        lone.replica.receive(ok);

        assertEquals(2, lone.log.endIndex());
        assertFalse(lone.replica.needsTicks());
    }

    @Test
    void aLogThatCannotBeginAnewForLackOfRoomDoesSoLater() {
        LoneReplica lone = new LoneReplica(0, 1, 1, 1);
        lone.view(3, new Leader(A, 51), THREE);
        CopyFirst first = new CopyFirst(3, new AttachId(ME, INCARNATION, 1), 5, false, 9);

        lone.replica.receive(first);
        assertFalse(lone.replica.needsTicks());
        lone.replica.onNotCopied();
        assertAsksAgain(lone);
        lone.replica.receive(first);

        assertEquals(List.of("copy 5", "copy 5"), lone.events);
    }

    @Test
    void acknowledgesWhatIsOnDiskAndNotBeforeItsPromiseIs() {
        LoneReplica lone = new LoneReplica(0, 1);
        lone.view(3, new Leader(A, 51), THREE);
        lone.replica.receive(new AttachOk(3, new AttachId(ME, INCARNATION, 1), 1, 0, 1));
        assertEquals(List.of(), lone.sent(Ack.class));

        lone.replica.onPromiseDurable(3);
        lone.receive(3, 1, 0, 3, 3);
        assertEquals(List.of(new Ack(3, ME, 1)), lone.sent(Ack.class));
        lone.sync();

        assertEquals(new Ack(3, ME, 3), lone.sent(Ack.class).get(1));
    }

    @Test
    void aGapIsLeftOutAndWhatIsSentAgainIsAcknowledgedAgain() {
        LoneReplica lone = LoneReplica.following(3, 1);

        lone.receive(3, 2, 0, 3);
        assertEquals(1, lone.log.endIndex());
        lone.receive(3, 1, 0, 3, 3);
        lone.sync();
        lone.receive(3, 1, 0, 3, 3);
        lone.receive(3, 2, 0, 3, 3);

        assertEquals(4, lone.log.endIndex());
        assertEquals(List.of(new Ack(3, ME, 3), new Ack(3, ME, 3)), lone.sent(Ack.class));
    }

    /** It has heard of what this copy had before it was cut, and would send the rest for ever. */
    @Test
    void whoIsSentTheSameAgainAndAgainThatItCannotTakeAttachesAnew() {
        LoneReplica lone = LoneReplica.following(3, 1);

        for (int times = 0; times < 3; times++) {
            lone.receive(3, 5, 0, 3);
            lone.receive(3, 6, 0, 3);
        }
        assertEquals(List.of(), lone.sent(Attach.class));
        lone.receive(3, 5, 0, 3);

        assertEquals(1, lone.sent(Attach.class).get(0).log().endIndex());
    }

    @Test
    void whoLacksAWordNowAndThenStaysAttached() {
        LoneReplica lone = LoneReplica.following(3, 1);

        for (int end = 1; end < 20; end++) {
            lone.receive(3, end + 1, 0, 3);
            lone.receive(3, end + 1, 0, 3);
            lone.receive(3, end, 0, 3);
        }

        assertEquals(20, lone.log.endIndex());
        assertEquals(List.of(), lone.sent(Attach.class));
    }

    @Test
    void otherEpochsThanInTheLogHaltTheReplica() {
        LoneReplica lone = LoneReplica.following(3, 1, 2);

        lone.receive(3, 0, 0, 1, 1);

        assertEquals(List.of("halted"), lone.events);
    }

    @Test
    void aCutBelowWhatIsCommittedHaltsTheReplicaAndLeavesItsLog() {
        LoneReplica lone = LoneReplica.following(3, 1, 1);
        lone.replica.receive(new Commit(3, ME, 2));
        lone.view(4, new Leader(B, 52), THREE);

        lone.replica.receive(new AttachOk(4, new AttachId(ME, INCARNATION, 2), 1, 0, 1));

        assertEquals(List.of("committed 2", "halted"), lone.events);
        assertEquals(2, lone.log.endIndex());
        lone.replica.onSealRequest(100, 5);
        lone.replica.onPromiseDurable(5);
        assertEquals(List.of(), lone.told);
    }

    @Test
    void aFollowerCommitsNoMoreThanItHas() {
        LoneReplica lone = LoneReplica.following(3, 1);

        lone.replica.receive(new Commit(3, ME, 9));
        lone.receive(3, 1, 9, 3);

        assertEquals(List.of("committed 1", "committed 2"), lone.events);
        assertFalse(lone.replica.knowsEnd());
    }

    @Test
    void whoLacksWhatTheLeaderHasDeletedAttachesAgainAfterCopying() {
        LoneReplica lone = new LoneReplica(0, 1);
        lone.view(3, new Leader(A, 51), THREE);

        lone.replica.receive(new CopyFirst(3, new AttachId(ME, INCARNATION, 1), 40, false, 50));
        lone.replica.tick(1_000);
        assertEquals(1, lone.sent(Attach.class).size());
        lone.replica.onCopied(0);

        assertEquals(List.of("copy 40"), lone.events);
        assertEquals(2, lone.sent(Attach.class).get(1).id().attempt());
    }

    @Test
    void tellsOlderEpochsWhenAskedAndRepeatsWhatGotNoAnswer() {
        LoneReplica lone = new LoneReplica(0, IntStream.rangeClosed(1, 70).toArray());
        lone.view(80, new Leader(A, 51), THREE);
        AttachId id = new AttachId(ME, INCARNATION, 1);

        lone.replica.receive(new TellMore(80, id, 6));
        lone.replica.tick(1_000);
        lone.replica.tick(1_099);
        lone.replica.tick(1_100);

        LogTail first = lone.log.epochs().tail(0, 70, 64);
        LogTail older = lone.log.epochs().tail(0, 6, 64);
        assertEquals(6, first.olderRows());
        assertEquals(
                List.of(
                        new Attach(80, id, first, false),
                        new Attach(80, id, older, false),
                        new Attach(80, id, older, false)),
                lone.sent(Attach.class));
    }

    @Test
    void leadsOnlyInTheIncarnationThatWasElectedAndEachEpochOnce() {
        LoneReplica lone = new LoneReplica(0, 1);

        lone.view(3, new Leader(ME, INCARNATION - 1), THREE);
        assertEquals(List.of(), lone.events);
        lone.view(4, new Leader(ME, INCARNATION), THREE);
        lone.view(4, new Leader(ME, INCARNATION), new Configuration(2, List.of(A, B, C), List.of(), 0));
        lone.view(4, new Leader(ME, INCARNATION), new Configuration(3, List.of(ME, A, B), List.of(), 0));

        assertEquals(List.of("leads 4", "stops 4"), lone.events);
    }

    @Test
    void aLeaderWhoseEpochIsSealedAnswersOnceItsTailIsDurable() {
        LoneReplica lone = LoneReplica.leading(3, THREE, 1);
        lone.append(3);

        lone.replica.onSealRequest(100, 4);
        lone.replica.onPromiseDurable(4);
        assertFalse(lone.replica.isLeading());
        assertEquals(List.of(), lone.told);
        lone.sync();

        assertEquals(List.of(new SealReport(4, ME, INCARNATION, 3, 3)), lone.told);
    }

    @Test
    void ownEntriesCountWhenTheyAndThePromiseAreOnDisk() {
        LoneReplica lone = new LoneReplica(0);
        lone.view(3, new Leader(ME, INCARNATION), THREE);
        lone.attach(3, A, 0);
        lone.ack(3, A, 1);
        assertEquals(0, lone.replica.commit());
        lone.sync();
        assertEquals(0, lone.replica.commit());
        lone.replica.onPromiseDurable(3);
        assertEquals(1, lone.replica.commit());
    }

    @Test
    void entriesOfOlderEpochsCommitWithTheFirstOfTheOwn() {
        LoneReplica lone = LoneReplica.leading(3, THREE, 1, 1);
        lone.attach(3, A, 0);

        lone.ack(3, A, 2);
        assertEquals(0, lone.replica.commit());
        assertFalse(lone.replica.knowsEnd());
        lone.ack(3, A, 3);
        assertEquals(3, lone.replica.commit());
        assertTrue(lone.replica.knowsEnd());
    }

    @Test
    void moreCopiesThanAMajorityMayBeAskedForButNeverFewer() {
        LoneReplica all = LoneReplica.leading(3, new Configuration(1, List.of(ME, A, B), List.of(), 3));
        all.attach(3, A, 0);
        all.attach(3, B, 0);
        all.ack(3, A, 1);
        assertEquals(0, all.replica.commit());
        all.ack(3, B, 1);
        assertEquals(1, all.replica.commit());

        LoneReplica one = LoneReplica.leading(3, new Configuration(1, List.of(ME, A, B), List.of(), 1));
        one.sync();
        assertEquals(0, one.replica.commit());
    }

    @Test
    void whileVotersChangeBothSetsMustHaveIt() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.ack(3, A, 1);
        lone.attach(3, C, 1);
        lone.view(3, new Leader(ME, INCARNATION), new Configuration(2, List.of(ME, A, B), List.of(ME, B, C), 0));
        lone.sync();
        assertEquals(2, lone.log.endIndex());

        lone.ack(3, A, 2);
        assertEquals(1, lone.replica.commit());
        assertEquals(List.of(), lone.told(MarkCommitted.class));
        lone.ack(3, C, 2);
        assertEquals(2, lone.replica.commit());
        assertEquals(new MarkCommitted(3, 2), lone.told(MarkCommitted.class).get(0));
    }

    @Test
    void aSlowFollowerFillsItsWindowAndCostsACursorThen() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        for (int i = 0; i < 10; i++) {
            lone.append(3);
        }
        assertEquals(3, lone.sent(Append.class).size());

        lone.ack(3, A, 4);

        List<Append> sent = lone.sent(Append.class);
        assertEquals(5, sent.size());
        assertEquals(4, sent.get(3).entries().fromIndex());
        assertEquals(7, sent.get(4).entries().endIndex());
    }

    @Test
    void whatGotNoAnswerOrWasCutOffIsSentAgainFromTheLastAcknowledged() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.append(3);
        lone.append(3);
        lone.ack(3, A, 2);
        lone.sent.clear();

        lone.replica.tick(1_000);
        lone.replica.tick(1_099);
        assertEquals(List.of(), lone.sent(Append.class));
        lone.replica.tick(1_100);
        assertEquals(2, lone.sent(Append.class).get(0).entries().fromIndex());
        lone.replica.onDisconnected(1);
        lone.replica.tick(1_101);
        assertEquals(2, lone.sent(Append.class).get(1).entries().fromIndex());
        assertEquals(2, lone.sent(Append.class).size());
    }

    @Test
    void aFollowerThatComesBackIsOpenedAnewAndALateAttachOfItsFormerLifeIsNot() {
        LoneReplica lone = LoneReplica.leading(3, THREE, 1, 1);
        lone.attach(3, new AttachId(A, 61, 1), 2);
        lone.ack(3, A, 2);
        lone.attach(3, new AttachId(A, 70, 1), 2);
        lone.attach(3, new AttachId(A, 61, 1), 1);
        lone.attach(3, new AttachId(A, 70, 1), 2);

        assertEquals(
                List.of(61L, 70L, 70L),
                lone.sent(AttachOk.class).stream()
                        .map(ok -> ok.id().incarnation())
                        .toList());
    }

    @Test
    void aCommitTravelsWithEntriesOrAloneAMomentLater() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.ack(3, A, 1);
        lone.append(3);
        assertEquals(1, lone.sent(Append.class).get(0).commit());

        lone.sync();
        lone.ack(3, A, 2);
        lone.replica.tick(4);
        assertEquals(List.of(), lone.sent(Commit.class));
        lone.replica.tick(5);
        lone.replica.tick(50);
        assertEquals(List.of(new Commit(3, A, 2)), lone.sent(Commit.class));
        assertFalse(lone.replica.needsTicks());
    }

    @Test
    void whoHandsOverAppendsNoMoreAndNamesAVoterThatHasEverything() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.append(3);

        lone.replica.onTransferRequest(3, 0);
        assertFalse(lone.replica.acceptsAppends());
        lone.ack(3, A, 1);
        assertEquals(List.of(), lone.told(TransferReady.class));
        lone.ack(3, A, 2);
        assertEquals(List.of(new TransferReady(3, A, 61)), lone.told(TransferReady.class));
        lone.view(3, new Leader(ME, INCARNATION), new Configuration(2, List.of(ME, A, B), List.of(ME, A, C), 0));
        assertEquals(2, lone.log.endIndex());
    }

    @Test
    void theWantedVoterGetsTheLeadUnlessItIsLate() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.attach(3, B, 1);
        lone.replica.onTransferRequest(3, B.node());
        lone.replica.tick(1_000);
        lone.ack(3, A, 1);
        assertEquals(List.of(), lone.told(TransferReady.class));
        lone.replica.tick(1_249);
        assertEquals(List.of(), lone.told(TransferReady.class));
        lone.replica.tick(1_250);
        assertEquals(List.of(new TransferReady(3, A, 61)), lone.told(TransferReady.class));

        LoneReplica other = LoneReplica.leading(3, THREE);
        other.attach(3, A, 1);
        other.attach(3, B, 1);
        other.ack(3, A, 1);
        other.replica.onTransferRequest(3, B.node());
        assertEquals(List.of(), other.told(TransferReady.class));
        other.ack(3, B, 1);
        assertEquals(List.of(new TransferReady(3, B, 62)), other.told(TransferReady.class));
    }

    @Test
    void aTransferThatDoesNotComeAboutEndsInASeal() {
        LoneReplica lone = LoneReplica.leading(3, THREE);

        lone.replica.onTransferRequest(3, 0);
        lone.replica.tick(1_000);
        lone.replica.tick(1_499);
        assertEquals(List.of(), lone.told);
        lone.replica.tick(1_599);
        assertEquals(List.of(new SealWanted(3)), lone.told);
        assertFalse(lone.replica.acceptsAppends());
    }

    @Test
    void aLearnerThatHasWhatIsCommittedIsReady() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.withLearner(3, C);
        lone.attach(3, C, 0);
        lone.ack(3, A, 1);
        lone.replica.tick(100);
        assertEquals(List.of(), lone.told(LearnerReady.class));

        lone.ack(3, C, 1);
        lone.replica.tick(200);
        assertEquals(List.of(new LearnerReady(3, C)), lone.told(LearnerReady.class));
    }

    @Test
    void aViewThatIsSealedOrNewerEndsTheLeadership() {
        LoneReplica lone = LoneReplica.leading(3, THREE);

        lone.sealed(4);

        assertEquals(List.of("leads 3", "stops 3"), lone.events);
        assertFalse(lone.replica.acceptsAppends());
    }

    @Test
    void aSingleVoterCommitsByItsOwnSyncAndStartsItsEpochWithTheFirstAppend() {
        LoneReplica lone = LoneReplica.leading(3, ALONE, 2);

        assertEquals(1, lone.replica.commit());
        assertTrue(lone.replica.knowsEnd());
        assertEquals(List.of(), lone.promises);
        assertEquals(1, lone.log.endIndex());

        lone.replica.beforeAppend();
        lone.replica.beforeAppend();
        lone.append(3);
        assertEquals(3, lone.log.endIndex());
        assertEquals(1, lone.replica.commit());
        lone.sync();
        assertEquals(3, lone.replica.commit());
        assertEquals(List.of(), lone.promises);
    }

    @Test
    void aSingleVoterPromisesItsEpochBeforeItCountsOthers() {
        LoneReplica lone = LoneReplica.leading(3, ALONE, 2);

        lone.view(3, new Leader(ME, INCARNATION), new Configuration(2, List.of(ME), List.of(ME, A, B), 0));
        lone.sync();

        assertEquals(List.of(3), lone.promises);
        assertEquals(3, lone.log.endIndex());
        assertEquals(1, lone.replica.commit());
    }

    @Test
    void whatIsInTheLogIsPromised() {
        LoneReplica lone = new LoneReplica(0, 2, 5);

        lone.view(4, new Leader(A, 51), THREE);

        assertEquals(List.of(), lone.sent);
    }

    @Test
    void aFollowerThatRetentionHasLeftBehindIsToldToAttachAgain() {
        LoneReplica leader = LoneReplica.leading(3, THREE, 1, 1, 1, 1);
        leader.attach(3, A, 1);
        leader.sent.clear();
        for (int i = 0; i < 10; i++) {
            leader.append(3);
        }
        leader.sync();
        leader.log.dropBefore(4);
        leader.sent.clear();
        leader.append(3);
        assertTrue(leader.replica.needsTicks());
        for (int now = 0; now <= 300; now += 50) {
            leader.replica.tick(now);
        }
        List<ReplicaMessage.CopyFirst> told = leader.sent(ReplicaMessage.CopyFirst.class);
        assertTrue(told.size() > 1 && told.size() < 4, "told: " + told);
        assertEquals(
                new ReplicaMessage.CopyFirst(3, new AttachId(A, 61, 1), 4, false, leader.log.endIndex()), told.get(0));
        assertEquals(List.of(), leader.sent(ReplicaMessage.Append.class));
        // It has more than the leader knew.
        leader.attach(3, new AttachId(A, 61, 2), 4);
        assertEquals(
                4, leader.sent(ReplicaMessage.Append.class).get(0).entries().fromIndex());
    }

    @Test
    void aFollowerThatIsLeftBehindSaysAgainWhatItHas() {
        LoneReplica follower = LoneReplica.following(3, 1, 1);
        AttachId attached = new AttachId(ME, LoneReplica.INCARNATION, 1);
        follower.replica.receive(new ReplicaMessage.CopyFirst(2, attached, 9, false, 20));
        follower.replica.receive(
                new ReplicaMessage.CopyFirst(3, new AttachId(ME, LoneReplica.INCARNATION, 0), 9, false, 20));
        assertEquals(List.of(), follower.sent);
        follower.replica.receive(new ReplicaMessage.CopyFirst(3, attached, 9, false, 20));
        AttachId second = new AttachId(ME, LoneReplica.INCARNATION, 2);
        assertEquals(second, follower.sent(ReplicaMessage.Attach.class).get(0).id());
        assertEquals(List.of(), follower.events);
        follower.receive(3, 2, 0, 3);
        assertEquals(2, follower.log.endIndex(), "what it has described does not change");
        follower.replica.receive(new ReplicaMessage.CopyFirst(3, second, 9, false, 20));
        assertEquals(List.of("copy 9"), follower.events);
    }

    @Test
    void entriesFromBeforeTheStartOfTheLogAreNotCompared() {
        LoneReplica follower = LoneReplica.following(3, 1, 1, 2, 2, 2);
        follower.log.dropBefore(4);
        follower.receive(3, 0, 0, 1, 1, 2);
        follower.receive(3, 0, 0, 1, 1, 2, 2, 2, 3);
        assertEquals(6, follower.log.endIndex());
        assertEquals(List.of(), follower.events);
        follower.receive(3, 0, 0, 1, 1, 2, 2, 3, 3);
        assertEquals(List.of("halted"), follower.events);
    }

    @Test
    void aCopyThatWasTakenAwayAndBeginsAnewIsSentEverything() {
        LoneReplica lone = LoneReplica.leading(3, THREE, 1, 1);
        lone.attach(3, A, 2);
        lone.ack(3, A, 3);
        lone.sent.clear();

        lone.attach(3, new AttachId(A, 60 + A.node(), 1L << 32 | 1), 0);

        assertEquals(0, lone.sent(AttachOk.class).get(0).truncateTo());
        assertEquals(0, lone.sent(Append.class).get(0).entries().fromIndex());
    }

    @Test
    void whoIsChosenByHandMarksTheLossOnceAndBeforeAnythingElse() {
        LoneReplica lone = new LoneReplica(0, 1, 1);
        lone.recovered(4, new Leader(ME, INCARNATION), ALONE, 4);
        assertEquals(4, lone.log.endIndex());
        assertEquals(new SimLog.Entry(4, Long.MIN_VALUE), lone.log.get(3));

        lone.sync();
        lone.recovered(5, new Leader(ME, INCARNATION), ALONE, 4);

        assertEquals(4, lone.log.endIndex());
        assertEquals(4, lone.replica.commit());
    }

    @Test
    void whatWasCommittedBeforeAnotherCopyWasChosenByHandGoesWithItsCopy() {
        LoneReplica lone = LoneReplica.following(3, 1, 1);
        lone.replica.receive(new Commit(3, ME, 2));
        lone.recovered(5, new Leader(B, 52), THREE, 4);

        lone.replica.receive(new AttachOk(5, new AttachId(ME, INCARNATION, 2), 1, 0, 1));

        assertEquals(List.of("committed 2", "begins anew"), lone.events);
    }

    @Test
    void whatWasCommittedSinceIsAsSafeAsEver() {
        LoneReplica lone = LoneReplica.following(4, 1, 4);
        lone.replica.receive(new Commit(4, ME, 2));
        lone.recovered(5, new Leader(B, 52), THREE, 4);

        lone.replica.receive(new AttachOk(5, new AttachId(ME, INCARNATION, 2), 1, 0, 1));

        assertEquals(List.of("committed 2", "halted"), lone.events);
    }

    /** The leader has heard an acknowledgement from before this copy was cut. */
    @Test
    void whoIsSentFromBehindItsEndAgainAndAgainSaysAnewWhatItHas() {
        LoneReplica lone = LoneReplica.following(3, 1);
        lone.receive(3, 5, 0, 3);
        lone.receive(3, 6, 0, 3);
        lone.receive(3, 5, 0, 3);
        lone.receive(3, 6, 0, 3);
        assertEquals(List.of(), lone.sent(Attach.class), "lost on the way, as far as it can tell");
        lone.receive(3, 6, 0, 3);
        lone.receive(3, 6, 0, 3);
        assertEquals(1, lone.sent(Attach.class).size());
        lone.replica.receive(new AttachOk(3, new AttachId(ME, INCARNATION, 2), 1, 0, 7));
        lone.receive(3, 1, 0, 3, 3);
        assertEquals(3, lone.log.endIndex());
    }

    // A copy that has lost what it acknowledged

    private static LoneReplica suspect(int promised, int... epochsOfEntries) {
        return new LoneReplica(promised, Lack.ANYTHING, epochsOfEntries);
    }

    @Test
    void aSuspectPromisesAndReportsNothing() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.sealed(2);
        lone.replica.onSealRequest(7, 2);
        lone.replica.onPromiseDurable(2);
        assertEquals(List.of(2), lone.promises);
        assertEquals(List.of(), lone.told(SealReport.class));
    }

    /** A log that does not end before has all that it has ever acknowledged. */
    @Test
    void aSuspectSaysHowFarItsLogWentIfItKnowsThatAndWhatItTookSince() {
        for (LogEnd had : List.of(new LogEnd(1, 9), new LogEnd(0, 9))) {
            LoneReplica lone = new LoneReplica(1, Lack.ANYTHING, had, 1, 1);
            lone.sealed(2);
            lone.replica.onSealRequest(7, 2);
            lone.replica.onPromiseDurable(2);
            long end = had.lastEpoch() == 1 ? 9 : 2;
            assertEquals(List.of(new SealReport(2, ME, INCARNATION, 1, end, Lack.ANYTHING)), lone.told);
        }
    }

    @Test
    void aSuspectHasASayAgainWhenItHasAllThatItsLeaderHad() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.view(2, new Leader(A, 51), THREE);
        lone.replica.onPromiseDurable(2);
        lone.replica.receive(new AttachOk(2, new AttachId(ME, INCARNATION, 1), 2, 2, 4));
        lone.receive(2, 2, 2, 1);
        lone.sync();
        assertFalse(lone.events.contains("whole again"), "the leader had one more");
        lone.receive(2, 3, 2, 2);
        assertFalse(lone.events.contains("whole again"), "it is not on disk");
        lone.sync();
        assertTrue(lone.events.contains("whole again"));
        lone.sealed(3);
        lone.replica.onSealRequest(7, 3);
        lone.replica.onPromiseDurable(3);
        assertEquals(4, lone.told(SealReport.class).get(0).endIndex());
    }

    @Test
    void aSuspectThatCannotKeepThatItIsWholeTriesAgain() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.view(2, new Leader(A, 51), THREE);
        lone.replica.onPromiseDurable(2);
        lone.keepsNothing = true;
        AttachOk ok = new AttachOk(2, new AttachId(ME, INCARNATION, 1), 2, 2, 2);
        assertThrows(UncheckedIOException.class, () -> lone.replica.receive(ok));
        assertTrue(lone.replica.needsTicks());
        lone.sealed(3);
        lone.view(4, new Leader(A, 51), THREE);
        lone.replica.onPromiseDurable(4);
        lone.replica.receive(new AttachOk(4, new AttachId(ME, INCARNATION, 2), 2, 2, 3));
        lone.receive(4, 2, 2, 4);
        assertThrows(UncheckedIOException.class, lone::sync);
        assertThrows(UncheckedIOException.class, () -> lone.replica.tick(1_000));
        lone.keepsNothing = false;
        lone.replica.tick(1_010);
        assertFalse(lone.events.contains("whole again"), "not at once");
        lone.replica.tick(2_000);
        assertTrue(lone.events.contains("whole again"));
        assertFalse(lone.replica.needsTicks());
        assertEquals(
                3, lone.sent(Ack.class).get(lone.sent(Ack.class).size() - 1).durableEnd());
    }

    @Test
    void aSuspectThatIsChosenByHandLeadsAsSoonAsThatCanBeKept() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.keepsNothing = true;
        Configuration alone = new Configuration(2, List.of(ME), List.of(), 0);
        assertThrows(UncheckedIOException.class, () -> lone.recovered(2, new Leader(ME, INCARNATION), alone, 2));
        lone.keepsNothing = false;
        lone.replica.tick(1_000);
        assertTrue(lone.replica.isLeading());
    }

    /** Another leader has another log: what the first one had says nothing of that. */
    @Test
    void aSuspectBeginsToOweAnewWithEachLeader() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.view(2, new Leader(A, 51), THREE);
        lone.replica.onPromiseDurable(2);
        lone.replica.receive(new AttachOk(2, new AttachId(ME, INCARNATION, 1), 2, 2, 3));
        lone.receive(2, 2, 2, 1);
        lone.view(3, new Leader(B, 52), THREE);
        lone.replica.onPromiseDurable(3);
        lone.sync();
        assertFalse(lone.events.contains("whole again"));
        lone.replica.receive(new AttachOk(3, new AttachId(ME, INCARNATION, 2), 3, 2, 3));
        assertTrue(lone.events.contains("whole again"));
    }

    @Test
    void aSuspectThatIsToLeadAsksForAnother() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.view(2, new Leader(ME, INCARNATION), THREE);
        assertFalse(lone.replica.isLeading());
        assertTrue(lone.replica.needsTicks());
        lone.replica.tick(1_000);
        lone.replica.tick(1_010);
        assertEquals(List.of(new SealWanted(2)), lone.told(SealWanted.class));
    }

    /** Who chooses it knows that it lacks something: nobody else is left. */
    @Test
    void aSuspectThatIsChosenByHandLeads() {
        LoneReplica lone = suspect(1, 1, 1);
        lone.recovered(2, new Leader(ME, INCARNATION), new Configuration(2, List.of(ME), List.of(), 0), 2);
        assertTrue(lone.replica.isLeading());
        assertTrue(lone.events.contains("whole again"));
    }
}
