package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.Explanation.Reason;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QueueEngineTest {
    private static final int LEASE_MS = 30_000;
    private static final long PLENTY = Long.MAX_VALUE / 2;

    private final QueueOps ops = new QueueOps();
    private Now now = new Now(0, 1_000_000);

    private QueueEngine plain(long records) {
        QueueEngine engine = new QueueEngine(1, QueuePolicy.PLAIN, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.open(records, now);
        return engine;
    }

    private QueueEngine keyed(OnDead onDead, long... keys) {
        QueuePolicy policy = new QueuePolicy(true, 2, Backoff.NONE, onDead, false, 5_000);
        QueueEngine engine = new QueueEngine(1, policy, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.open(0, now);
        for (long key : keys) {
            engine.append(key);
        }
        return engine;
    }

    private Receiver receive(QueueEngine engine, long session, int records) {
        Receiver receiver = new Receiver(session).waitFor(records, PLENTY, LEASE_MS);
        engine.advance(now, ops);
        engine.grant(List.of(receiver), offset -> 1, now, ops);
        return receiver;
    }

    private static long[] offsets(Receiver receiver) {
        long[] offsets = new long[receiver.size()];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = receiver.offset(i);
        }
        return offsets;
    }

    private Settled settle(QueueEngine engine, Verb verb, Receiver receiver, int index) {
        return engine.settle(Settle.of(verb, receiver.offset(index), receiver.attempt(index)), now, ops);
    }

    private void pass(long ms) {
        now = new Now(now.monotonicMs() + ms, now.wallMs() + ms);
    }

    /** One of a thousand records kills every consumer that begins with it. */
    @Test
    void onePoisonAmongAThousandDiesAlone() {
        QueueEngine engine = plain(1_000);
        long poison = 700;
        int deaths = 0;
        for (long session = 1; engine.counts().ready() + engine.counts().waiting() > 0; session++) {
            assertTrue(session < 10_000, "it does not end");
            Receiver receiver = receive(engine, session, 1_000);
            boolean died = false;
            for (int i = 0; i < receiver.size() && !died; i++) {
                died = receiver.offset(i) == poison;
                if (!died) {
                    settle(engine, Verb.ACK, receiver, i);
                }
            }
            if (died) {
                deaths++;
                engine.sessionLost(session, now);
                pass(5_000);
            } else {
                pass(300_000);
            }
            engine.advance(now, ops);
        }
        assertEquals(new Counts(0, 0, 0, 1, 0), engine.counts());
        assertEquals(16, engine.explain(poison).failures());
        assertEquals(Reason.DEAD, engine.explain(poison).reason());
        assertEquals(17, deaths, "one with the others, then each alone");
    }

    @Test
    void aSuspectWaitsForAConsumerThatHoldsNothingAndTheOthersGoOn() {
        QueueEngine engine = plain(20);
        receive(engine, 1, 3);
        Receiver second = receive(engine, 2, 1);
        Receiver third = receive(engine, 3, 1);
        engine.sessionLost(1, now);
        pass(5_000);

        Receiver tester = receive(engine, 2, 5);
        assertEquals(0, tester.size(), "it holds something: it is drained");
        assertEquals(Reason.SUSPECT, engine.explain(0).reason());
        Receiver two = new Receiver(2).waitFor(5, PLENTY, LEASE_MS);
        Receiver three = new Receiver(3).waitFor(5, PLENTY, LEASE_MS);
        engine.grant(List.of(three, two), offset -> 1, now, ops);
        assertEquals(0, two.size(), "the same one");
        assertEquals(5, three.size(), "and no other");

        settle(engine, Verb.ACK, second, 0);
        settle(engine, Verb.ACK, third, 0);
        assertArrayEquals(new long[] {0}, offsets(receive(engine, 2, 5)), "a suspect, alone");
        assertEquals(0, receive(engine, 2, 5).size());
        assertArrayEquals(new long[] {10, 11}, offsets(receive(engine, 4, 2)), "one suspect at a time");
    }

    @Test
    void aLostSessionKeepsItsLeasesForItsGrace() {
        QueueEngine engine = plain(10);
        Receiver receiver = receive(engine, 1, 2);
        engine.sessionLost(1, now);
        pass(4_999);
        engine.advance(now, ops);
        assertEquals(2, engine.counts().leased());

        engine.sessionResumed(1);
        pass(10_000);
        engine.advance(now, ops);

        assertEquals(Settled.APPLIED, settle(engine, Verb.ACK, receiver, 0));
        engine.sessionLost(1, now);
        pass(5_000);
        engine.advance(now, ops);
        assertEquals(Settled.STALE, settle(engine, Verb.ACK, receiver, 1));
        assertEquals(1, engine.explain(1).failures(), "it was its only lease: charged");
        assertEquals(Reason.BACKOFF, engine.explain(1).reason());
    }

    @Test
    void aDetachedLeaseOutlivesItsConnection() {
        QueueEngine engine = plain(10);
        Receiver receiver = receive(engine, 0, 2);
        engine.sessionLost(0, now);
        pass(LEASE_MS - 1);
        engine.advance(now, ops);
        assertEquals(Settled.APPLIED, settle(engine, Verb.ACK, receiver, 0));

        pass(1);
        engine.advance(now, ops);

        assertEquals(Settled.STALE, settle(engine, Verb.ACK, receiver, 1));
        assertEquals(1, engine.explain(1).failures());
    }

    @Test
    void theHighestPriorityComesFirstAndKeepsIt() {
        QueueEngine engine = plain(0);
        engine.announce(3, 2, 9, 0, ops);
        engine.announce(1, 1, 0, 0, ops);
        engine.extend(6);

        Receiver first = receive(engine, 1, 3);
        assertArrayEquals(new long[] {3, 4, 0}, offsets(first));
        settle(engine, Verb.RELEASE, first, 0);
        settle(engine, Verb.RELEASE, first, 2);

        assertArrayEquals(new long[] {3, 0, 2, 5, 1}, offsets(receive(engine, 1, 9)));
    }

    @Test
    void aScheduledRecordComesWhenItIsDueOrIsCancelled() {
        QueueEngine engine = plain(0);
        engine.announce(0, 2, 4, now.wallMs() + 1_000, ops);
        engine.extend(2);
        assertEquals(0, receive(engine, 1, 9).size());
        assertEquals(Reason.SCHEDULED, engine.explain(0).reason());
        assertEquals(now.wallMs() + 1_000, engine.nextDueMs());

        assertEquals(1, engine.cancel(new long[] {1}, ops));
        assertEquals(0, engine.cancel(new long[] {1}, ops));
        pass(1_000);

        assertArrayEquals(new long[] {0}, offsets(receive(engine, 1, 9)));
        assertEquals(0, engine.cancel(new long[] {0}, ops), "it is leased");
    }

    @Test
    void whatIsDueSoonIsToldOnceInItsOrderAndComesInItsTime() {
        QueueEngine engine = plain(0);
        for (int offset = 0; offset < 6; offset++) {
            engine.announce(offset, 1, 4, now.wallMs() + 600 - 100 * offset, ops);
        }
        engine.extend(6);
        long inHalfASecond = now.wallMs() + 500;
        assertArrayEquals(new long[] {5, 4}, engine.dueSoon(inHalfASecond, 2));
        assertEquals(1, engine.cancel(new long[] {4}, ops));
        assertArrayEquals(new long[] {3, 2, 1}, engine.dueSoon(inHalfASecond, 9));
        assertEquals(0, engine.dueSoon(inHalfASecond, 9).length);
        // It is due before what was told.
        engine.announce(6, 1, 4, now.wallMs() + 50, ops);
        engine.extend(7);
        assertEquals(now.wallMs() + 50, engine.nextDueMs());

        pass(300);
        assertArrayEquals(
                new long[] {3, 5, 6},
                LongStream.of(offsets(receive(engine, 1, 9))).sorted().toArray());
        pass(300);
        assertArrayEquals(
                new long[] {0, 1, 2},
                LongStream.of(offsets(receive(engine, 1, 9))).sorted().toArray());
        assertEquals(Long.MAX_VALUE, engine.nextDueMs());
    }

    @Test
    void whatWasAnnouncedAndDidNotComeIsForgotten() {
        QueueEngine engine = plain(0);
        engine.announce(0, 3, 9, now.wallMs() + 1_000, ops);
        engine.withdraw(0, ops);
        engine.extend(3);

        assertArrayEquals(new long[] {0, 1, 2}, offsets(receive(engine, 1, 9)));
        assertEquals(4, engine.explain(0).priority());
        assertThrows(IllegalArgumentException.class, () -> engine.withdraw(2, ops));
    }

    @Test
    void sharesWhatThereIsAmongThoseThatWait() {
        QueueEngine engine = plain(11);
        Receiver modest = new Receiver(1).waitFor(2, PLENTY, LEASE_MS);
        Receiver one = new Receiver(2).waitFor(100, PLENTY, LEASE_MS);
        Receiver two = new Receiver(3).waitFor(100, PLENTY, LEASE_MS);

        engine.grant(List.of(modest, one, two), offset -> 1, now, ops);

        assertArrayEquals(new long[] {0, 1}, offsets(modest));
        assertArrayEquals(new long[] {2, 3, 4, 5, 6}, offsets(one), "the odd one goes to who waits longer");
        assertArrayEquals(new long[] {7, 8, 9, 10}, offsets(two));
    }

    @Test
    void creditInBytesIsKeptButForALargeFirstRecord() {
        QueueEngine engine = plain(10);
        Receiver receiver = new Receiver(1).waitFor(10, 25, LEASE_MS);
        engine.grant(List.of(receiver), offset -> 10, now, ops);
        assertEquals(2, receiver.size());

        receiver.waitFor(10, 5, LEASE_MS);
        engine.grant(List.of(receiver), offset -> 10, now, ops);
        assertEquals(1, receiver.size());

        receiver.waitFor(10, 0, LEASE_MS);
        engine.grant(List.of(receiver), offset -> 10, now, ops);
        assertEquals(0, receiver.size());
    }

    @Test
    void aSlowKeyHoldsNobodyElse() {
        QueueEngine engine = keyed(OnDead.SKIP, 1, 1, 2, 1, 2, 3);
        Receiver first = receive(engine, 1, 9);
        assertArrayEquals(new long[] {0, 2, 5}, offsets(first));
        assertEquals(Reason.KEY_HELD, engine.explain(1).reason());
        assertEquals(0, engine.explain(1).behind());
        assertEquals(0, engine.keyFront(1));

        settle(engine, Verb.ACK, first, 1);
        assertArrayEquals(new long[] {4}, offsets(receive(engine, 1, 9)));
        settle(engine, Verb.RELEASE, first, 0);
        assertArrayEquals(new long[] {0}, offsets(receive(engine, 1, 9)), "not the one behind it");
    }

    @Test
    void anEarlierRecordOfTheKeyInheritsThePriority() {
        QueueEngine engine = keyed(OnDead.SKIP, 1, 2);
        engine.announce(2, 1, 7, 0, ops);
        engine.append(2);

        Receiver receiver = receive(engine, 1, 1);
        assertArrayEquals(new long[] {1}, offsets(receiver));
        settle(engine, Verb.ACK, receiver, 0);
        assertArrayEquals(new long[] {2, 0}, offsets(receive(engine, 1, 2)));
    }

    @Test
    void aDeadRecordIsPassedOverOrHoldsItsKeyOrStopsTheGroup() {
        for (OnDead onDead : OnDead.values()) {
            QueueEngine engine = keyed(onDead, 1, 1, 2);
            Receiver receiver = receive(engine, 1, 1);
            settle(engine, Verb.REJECT, receiver, 0);

            long[] next = offsets(receive(engine, 1, 9));

            assertArrayEquals(
                    switch (onDead) {
                        case SKIP -> new long[] {1, 2};
                        case HOLD_KEY -> new long[] {2};
                        case STOP -> new long[0];
                    },
                    next,
                    onDead.toString());
            assertEquals(onDead == OnDead.STOP, engine.isPaused());
            assertEquals(1, engine.redrive(new long[] {0, 1, 2}, ops));
            engine.resume(ops);
            long[] redriven = offsets(receive(engine, 1, 9));
            assertArrayEquals(
                    switch (onDead) {
                        case SKIP -> new long[0];
                        case HOLD_KEY -> new long[] {0};
                        case STOP -> new long[] {0, 2};
                    },
                    redriven,
                    onDead.toString());
        }
    }

    @Test
    void purgeTakesWhatItIsToldAndLeavesWhatIsLeased() {
        QueueEngine engine = plain(0);
        engine.announce(5, 1, 4, now.wallMs() + 1_000, ops);
        engine.extend(10);
        Receiver receiver = receive(engine, 1, 2);
        settle(engine, Verb.REJECT, receiver, 0);

        assertEquals(6, engine.purge(EnumSet.of(RecordState.READY), 0, 9, ops));
        assertEquals(new Counts(1, 1, 1, 1, 0), engine.counts());
        assertEquals(2, engine.purge(EnumSet.of(RecordState.DEAD, RecordState.WAITING), 0, 99, ops));
        assertEquals(9, engine.oldestReady(Long.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> engine.purge(EnumSet.of(RecordState.LEASED), 0, 99, ops));
    }

    @Test
    void atTheCapOnlyWhatIsSettledMakesRoom() {
        QueuePolicy policy = new QueuePolicy(false, 16, Backoff.NONE, OnDead.SKIP, false, 5_000);
        QueueEngine engine = new QueueEngine(1, policy, 0, new HeapBudget(60_000), bound -> 0);
        engine.open(0, now);
        int announced = 0;
        while (engine.hasRoomFor(10)) {
            engine.announce(announced, 10, 4, now.wallMs() + 1_000, ops);
            announced += 10;
            assertTrue(announced < 10_000, "no cap");
        }
        engine.extend(1_000_000);
        Receiver receiver = receive(engine, 1, 100_000);
        assertTrue(receiver.size() > 10, "an eighth is kept for grants: " + receiver.size());
        assertTrue(engine.bytes() <= 60_000, "bytes: " + engine.bytes());
        assertEquals(0, receive(engine, 2, 10).size());

        settle(engine, Verb.ACK, receiver, 0);
        settle(engine, Verb.ACK, receiver, 1);

        assertEquals(2, receive(engine, 2, 10).size());
    }

    @Test
    void groupsShareTheirMemoryAndEachHasAlwaysSome() {
        HeapBudget budget = new HeapBudget(4 << 20);
        QueueEngine greedy = new QueueEngine(1, QueuePolicy.PLAIN, 0, budget, bound -> 0);
        QueueEngine modest = new QueueEngine(2, QueuePolicy.PLAIN, 0, budget, bound -> 0);
        greedy.open(0, now);
        modest.open(1_000, now);
        int announced = 0;
        while (greedy.hasRoomFor(10)) {
            greedy.announce(announced, 10, 4, now.wallMs() + 1_000, ops);
            greedy.advance(now, ops);
            announced += 10;
            assertTrue(announced < 1_000_000, "no cap");
        }
        // An array that doubles may take it a little further.
        assertTrue(budget.usedBytes() > 2 << 20 && budget.usedBytes() <= 5 << 20, "used: " + budget.usedBytes());

        assertEquals(1_000, receive(modest, 1, 1_000).size());
        modest.announce(1_000, 10_000, 4, now.wallMs() + 1_000, ops);
        assertFalse(modest.hasRoomFor(1), "it has more than what each may always have");

        greedy.close();
        assertTrue(modest.hasRoomFor(1_000));
        modest.close();
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void oneOldDeadRecordPinsNoMemory() {
        for (QueueEngine engine : List.of(plain(0), keyed(OnDead.SKIP))) {
            boolean keyed = engine.policy().keyed();
            long before = engine.bytes();
            for (int turn = 0; turn < 300; turn++) {
                for (int i = 0; i < 100 && keyed; i++) {
                    engine.append(i);
                }
                if (!keyed) {
                    engine.extend(engine.end() + 100);
                }
                Receiver receiver = receive(engine, 1, 100);
                assertEquals(100, receiver.size());
                for (int i = 0; i < 100; i++) {
                    settle(engine, receiver.offset(i) == 50 ? Verb.REJECT : Verb.ACK, receiver, i);
                }
                ops.clear();
            }
            long grown = engine.bytes() - before;
            assertTrue(grown < 100_000, "bytes more: " + grown);
            assertEquals(50, engine.floor());

            assertEquals(1, engine.redrive(new long[] {50}, ops));
            assertArrayEquals(new long[] {50}, offsets(receive(engine, 1, 9)));
        }
    }

    @Test
    void aLeaseRunsAnewAfterARestartAndItsSessionHasItsGrace() {
        QueueEngine engine = plain(10);
        receive(engine, 1, 1);
        receive(engine, 0, 1);
        pass(LEASE_MS - 1);
        QueueEngine again = new QueueEngine(1, QueuePolicy.PLAIN, 0, new HeapBudget(256 << 20), bound -> 0);
        QueueOps.replay(ops.payload(), group -> again);
        now = new Now(77, now.wallMs());
        again.open(10, now);
        assertEquals(77 + 5_000, again.nextTimerMs());

        again.sessionResumed(1);
        pass(LEASE_MS - 1);
        again.advance(now, ops);
        assertEquals(2, again.counts().leased());
        pass(1);
        again.advance(now, ops);

        assertEquals(0, again.counts().leased());
        assertEquals(1, again.explain(0).failures());
    }

    @Test
    void refusesCallsOutOfTurn() {
        QueueEngine engine = plain(1);

        assertThrows(IllegalStateException.class, () -> engine.append(5));
        assertThrows(IllegalStateException.class, () -> engine.retract(5));
        assertThrows(IllegalStateException.class, () -> keyed(OnDead.SKIP).extend(5));
        assertThrows(IllegalArgumentException.class, () -> engine.policy(QueuePolicy.KEYED));
        assertThrows(IllegalArgumentException.class, () -> engine.announce(1, 1, 10, 0, ops));
        assertThrows(IllegalArgumentException.class, () -> new Settle(Verb.EXTEND, 0, 1, 0, ""));
    }

    /** After a restart a keyed group may have no room for the keys of its last records: its dead go all the same. */
    @Test
    void whatWasMovingIsMovedThoughItsKeyIsNotKnownYet() {
        QueuePolicy policy = new QueuePolicy(true, 1, Backoff.NONE, OnDead.SKIP, true, 5_000);
        QueueEngine before = new QueueEngine(1, policy, 0, new HeapBudget(256 << 20), bound -> 0);
        before.open(0, now);
        before.append(7);
        before.append(8);
        Receiver receiver = receive(before, 1, 2);
        settle(before, Verb.REJECT, receiver, 0);
        settle(before, Verb.REJECT, receiver, 1);
        assertEquals(2, before.moving(10).length);

        QueueEngine engine = new QueueEngine(1, policy, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.restore(before.snapshot());
        engine.open(2, now);
        engine.append(7);
        assertArrayEquals(new long[] {0, 1}, engine.moving(10));
        engine.keep(0, Kept.TOO_LARGE, ops);
        engine.send(5, engine.moving(10), ops);
        engine.arrived(ops);
        assertFalse(engine.hasMoving());
        engine.append(8);
        assertEquals(RecordState.DEAD, engine.stateOf(0));
        assertEquals(RecordState.DONE, engine.stateOf(1));
    }

    /** Every other record of a long line of one key: the line is walked once, not once for each. */
    @Test
    @Timeout(20)
    void manyRecordsOfOneKeyArePurgedInOneWalk() {
        int records = 400_000;
        QueueEngine engine = keyed(OnDead.SKIP);
        for (int i = 0; i < records; i++) {
            engine.append(7);
        }
        long[] odd = LongStream.range(0, records / 2).map(n -> 2 * n + 1).toArray();
        assertEquals(odd.length, engine.purge(EnumSet.of(RecordState.READY), odd, ops));
        assertArrayEquals(new long[] {0}, offsets(receive(engine, 1, 2)));
        assertEquals(records - odd.length - 1, engine.counts().ready());
    }
}
