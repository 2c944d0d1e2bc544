package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;

/**
 * An engine over a log that a crash cuts, its consumers, and the model beside it. After every step each record must be
 * in the engine what it is in the model. A ledger of what was confirmed, which knows nothing of either, says what must
 * never happen.
 */
final class QueueWorld {
    private static final int GROUP = 7;
    private static final int SIZE = 10;
    private static final List<String> REASONS =
            List.of("", "card declined", "no such mailbox", "\u00e4".repeat(Reasons.MAX_BYTES / 2));
    private static final long[] SESSIONS = {SessionTable.DETACHED, 11, 12, 13, Long.MIN_VALUE + 5};

    /** One entry of the log, and what the group should be when the log ends behind it. */
    private static final class Entry {
        final QueueModel after;
        byte @Nullable [] ops;
        byte @Nullable [] snapshot;
        long @Nullable [] keys;
        long epochBase = -1;
        /** The snapshot was taken between operations and their entry. */
        boolean opsWerePending;

        Entry(QueueModel after) {
            this.after = after;
        }
    }

    private record Token(long offset, int attempt) {}

    private final SplittableRandom random;
    private final QueuePolicy policy;
    /** Often just before a page of the bitmap ends. */
    private final long start;

    private final int numberOfKeys;
    /** Whether records become too old. */
    private final boolean ages;

    private final List<Entry> log = new ArrayList<>();
    private final QueueOps ops = new QueueOps();
    private final List<Token> tokens = new ArrayList<>();
    private final TreeSet<Long> connected = new TreeSet<>();
    private QueueEngine engine;
    private QueueModel model;
    private Now now = new Now(1_000, 1_000_000);
    private @Nullable Settle lastSettle;

    // The ledger.
    private final Set<Token> confirmedGrants = new HashSet<>();
    private final Set<Long> confirmedAcks = new HashSet<>();
    /** Of records that were replayed, which a crash may undo. */
    private final Set<Long> replayedAcks = new HashSet<>();

    private final Map<Long, Integer> confirmedDeliveries = new HashMap<>();
    private final List<Token> unconfirmedGrants = new ArrayList<>();
    private final List<Long> unconfirmedAcks = new ArrayList<>();
    private int durable;
    /** Before it nobody asks any more how records came to be done. */
    private long forgotten;

    int grants;
    int restarts;
    int suspectGrants;
    int followers;
    int secondLives;
    int shrinks;
    int looks;
    int movedByHand;
    int recalled;

    QueueWorld(SplittableRandom random, QueuePolicy policy) {
        this.random = random;
        this.policy = policy;
        this.ages = random.nextInt(3) == 0;
        this.numberOfKeys = 1 + random.nextInt(random.nextBoolean() ? 60 : 10);
        this.start = random.nextInt(3) * 2L * OffsetBitmap.PAGE
                + (random.nextBoolean() ? 0 : OffsetBitmap.PAGE - random.nextInt(100));
        this.model = new QueueModel(policy, start);
        this.engine = newEngine();
        engine.open(start, now);
        for (long session : SESSIONS) {
            connected.add(session);
        }
    }

    private QueueEngine newEngine() {
        return new QueueEngine(GROUP, policy, start, new HeapBudget(256 << 20), bound -> 0);
    }

    void step() {
        int dice = random.nextInt(100);
        if (dice < 12) {
            publish();
        } else if (dice < 18) {
            publishExceptional();
        } else if (dice < 40) {
            grant();
        } else if (dice < 66) {
            settle();
        } else if (dice < 74) {
            pass();
        } else if (dice < 82) {
            session();
        } else if (dice < 87) {
            operate();
        } else if (dice < 91) {
            move();
        } else if (dice < 96) {
            flush();
        } else if (dice < 98) {
            checkpoint();
        } else {
            crash();
        }
        check();
    }

    private void publish() {
        appendData(1 + random.nextInt(5));
    }

    private void appendData(int count) {
        long[] keys = new long[count];
        Entry entry = new Entry(
                log.isEmpty() ? new QueueModel(policy, start) : last().after.copy());
        for (int i = 0; i < count; i++) {
            keys[i] = random.nextInt(numberOfKeys);
            entry.after.append(keys[i]);
            model.append(keys[i]);
        }
        entry.keys = keys;
        log.add(entry);
        append(engine, keys, model.end);
    }

    private void append(QueueEngine to, long[] keys, long end) {
        if (policy.keyed()) {
            for (long key : keys) {
                to.append(key);
            }
        } else {
            to.extend(end);
        }
    }

    private void publishExceptional() {
        // Crowds come and go, so that tables grow and shrink.
        int count = random.nextInt(10) == 0 ? 20 + random.nextInt(20) : 1 + random.nextInt(3);
        int priority = random.nextInt(3) == 0 ? 4 : random.nextInt(10);
        long dueMs = random.nextBoolean() ? 0 : now.wallMs() + random.nextInt(3_000);
        engine.announce(model.end, count, priority, dueMs, ops);
        for (long offset = model.end; offset < model.end + count; offset++) {
            model.announced.put(offset, new QueueModel.Announced(priority, dueMs));
        }
        flush();
        if (random.nextInt(10) == 0) {
            engine.withdraw(model.end, ops);
            model.announced.clear();
            flush();
        } else {
            appendData(count);
        }
    }

    private void grant() {
        boolean bytesMatter = random.nextInt(4) == 0;
        List<Receiver> receivers = new ArrayList<>();
        for (long session : connected) {
            if (random.nextInt(3) > 0) {
                long bytes = bytesMatter ? random.nextInt(60) : Long.MAX_VALUE / 2;
                receivers.add(
                        random.nextInt(receivers.size() + 1),
                        receiver(session).waitFor(random.nextInt(7), bytes, 200 + random.nextInt(2_000)));
            }
        }
        advance();
        engine.grant(receivers, offset -> SIZE, now, ops);
        Grants grants = new Grants(model, receivers, SIZE);
        grants.check(!bytesMatter);
        suspectGrants += grants.suspects();
        followers += grants.followers();
        for (Receiver receiver : receivers) {
            for (int i = 0; i < receiver.size(); i++) {
                Token token = new Token(receiver.offset(i), receiver.attempt(i));
                assertFalse(confirmedAcks.contains(token.offset), "delivered after its acknowledgement: " + token);
                assertFalse(confirmedGrants.contains(token), "a token that somebody else has: " + token);
                QueueModel.Rec rec = model.records.get(token.offset);
                model.grant(rec, receiver.session(), receiver.leaseMs(), now.monotonicMs());
                assertEquals(rec.deliveries, token.attempt);
                tokens.add(token);
                unconfirmedGrants.add(token);
                this.grants++;
            }
        }
    }

    /** Sometimes with several records of a key. */
    private Receiver receiver(long session) {
        boolean several = session != SessionTable.DETACHED && random.nextBoolean();
        return new Receiver(session, several ? 2 + random.nextInt(4) : 1);
    }

    private void settle() {
        if (tokens.isEmpty()) {
            return;
        }
        Settle settle;
        if (lastSettle != null && random.nextInt(6) == 0) {
            settle = lastSettle;
        } else {
            int back = random.nextInt(5) == 0 ? tokens.size() : Math.min(tokens.size(), 8);
            Token token = tokens.get(tokens.size() - 1 - random.nextInt(back));
            int dice = random.nextInt(10);
            Verb verb = dice < 4
                    ? Verb.ACK
                    : List.of(Verb.RELEASE, Verb.FAIL, Verb.FAIL, Verb.REJECT, Verb.EXTEND, Verb.RELEASE)
                            .get(dice - 4);
            long delayMs = verb == Verb.EXTEND ? 1 + random.nextInt(3_000) : random.nextInt(5) * 300L - 1;
            int attempt = random.nextInt(20) == 0 ? token.attempt + random.nextInt(3) - 1 : token.attempt;
            settle = new Settle(
                    verb, token.offset, attempt, delayMs == 299 && verb != Verb.EXTEND ? 0 : delayMs, reason());
        }
        lastSettle = settle;
        Settled expected = model.settle(settle, now);
        assertEquals(expected, engine.settle(settle, now, ops), settle.toString());
        QueueModel.Rec rec = model.records.get(settle.offset());
        assertFalse(
                expected != Settled.STALE && rec.state != RecordState.DONE && settle.attempt() <= rec.bornAt,
                "a lease of a life before counts: " + settle);
        if (settle.verb() == Verb.ACK && expected != Settled.STALE) {
            unconfirmedAcks.add(settle.offset());
        }
    }

    private String reason() {
        return REASONS.get(random.nextInt(REASONS.size()));
    }

    private void pass() {
        long ms = random.nextInt(5) == 0 ? random.nextInt(5_000) : random.nextInt(300);
        long jump = random.nextInt(8) == 0 ? random.nextInt(8_000) - 4_000 : 0;
        now = new Now(now.monotonicMs() + ms, Math.max(1, now.wallMs() + ms + jump));
        if (random.nextBoolean()) {
            lookAhead();
        }
        advance();
        if (ages) {
            age();
        }
    }

    /** Which changes nothing. */
    private void lookAhead() {
        long untilMs = now.wallMs() + random.nextInt(3_000);
        long last = Long.MIN_VALUE;
        for (long offset : engine.dueSoon(untilMs, 1 + random.nextInt(5))) {
            assertEquals(RecordState.WAITING, model.stateOf(offset));
            long dueMs = engine.explain(offset).untilMs();
            assertTrue(dueMs <= untilMs && dueMs >= last, "due at " + dueMs + " behind " + last);
            last = dueMs;
            looks++;
        }
    }

    private void advance() {
        long before = engine.bytes();
        engine.advance(now, ops);
        shrinks += engine.bytes() < before ? 1 : 0;
        model.advance(now);
    }

    private void age() {
        if (random.nextInt(20) == 0) {
            engine.ageNoMore();
            model.ageNoMore();
        } else {
            long tooOldBefore = random.nextInt(4) == 0 ? model.end : random.nextLong(start, model.end + 1);
            long dueBeforeMs = now.wallMs() - random.nextInt(1_000);
            assertFalse(engine.age(tooOldBefore, dueBeforeMs, now, ops));
            model.age(tooOldBefore, dueBeforeMs);
        }
    }

    private void session() {
        long session = SESSIONS[1 + random.nextInt(SESSIONS.length - 1)];
        if (!connected.contains(session)) {
            engine.sessionResumed(session);
            model.lost.remove(session);
            connected.add(session);
            if (random.nextBoolean()) {
                says(session);
            }
        } else if (random.nextInt(4) == 0) {
            engine.sessionClosed(session, now, ops);
            model.sessionClosed(session);
        } else {
            engine.sessionLost(session, now);
            model.sessionLost(session, now.monotonicMs());
            connected.remove(session);
        }
    }

    /** What has reached a session that comes back: some of what it holds, and of what it held. */
    private void says(long session) {
        Map<Long, Integer> held = new HashMap<>();
        for (QueueModel.Rec rec : model.records.values()) {
            int dice = random.nextInt(8);
            if (dice < 6 && rec.session == session) {
                held.put(rec.offset, Math.max(1, dice == 5 ? rec.deliveries - 1 : rec.deliveries));
            }
        }
        Long2LongHashMap told = new Long2LongHashMap(0);
        held.forEach(told::put);
        engine.sessionHolds(session, told, now, ops);
        model.sessionHolds(session, held);
    }

    private void operate() {
        if (model.end == start) {
            return;
        }
        long from = random.nextLong(start, model.end);
        long to = Math.min(model.end, from + 1 + random.nextInt(random.nextInt(4) == 0 ? 100 : 6));
        switch (random.nextInt(10)) {
            case 0 -> {
                long[] some = someBetween(from, to);
                long expected = 0;
                for (long offset : some) {
                    expected += model.redrive(offset, offset + 1);
                }
                assertEquals(expected, engine.redrive(some, ops));
                assertEquals(
                        model.redrive(from, to),
                        engine.redrive(LongStream.range(from, to).toArray(), ops));
            }
            case 1 -> {
                Set<RecordState> states = EnumSet.noneOf(RecordState.class);
                for (RecordState state : List.of(RecordState.READY, RecordState.WAITING, RecordState.DEAD)) {
                    if (random.nextBoolean()) {
                        states.add(state);
                    }
                }
                long[] some = someBetween(from, to);
                long expected = 0;
                for (long offset : some) {
                    expected += model.purge(states, offset, offset + 1);
                }
                assertEquals(expected, engine.purge(states, some, ops));
                if (random.nextBoolean()) {
                    assertEquals(model.purge(states, from, to), engine.purge(states, from, to, ops));
                }
            }
            case 2 -> {
                long offset = anyOf(RecordState.WAITING, from);
                assertEquals(model.cancel(offset) ? 1 : 0, engine.cancel(new long[] {offset}, ops));
            }
            case 3, 7, 8 -> {
                long first = anyOf(RecordState.DONE, from);
                replay(first, Math.min(model.end, first + 1 + random.nextInt(30)));
            }
            case 6 -> {
                // Sometimes one that was answered before.
                Answered answer = new Answered(1 + random.nextInt(40), from, random.nextInt(3) - 1, to);
                engine.answered(answer, ops);
                model.answered(answer);
            }
            case 4 -> {
                engine.pause(ops);
                model.paused = true;
            }
            default -> {
                engine.resume(ops);
                model.paused = false;
            }
        }
    }

    /** A few offsets, rising. */
    private long[] someBetween(long from, long to) {
        return LongStream.range(from, Math.min(to, from + 40))
                .filter(offset -> random.nextInt(3) == 0)
                .toArray();
    }

    /** Something of what may be moved, wherever it stands, or nothing. */
    private List<Long> someMovable() {
        List<Long> movable = model.movable();
        int skipped = movable.isEmpty() ? 0 : random.nextInt(movable.size());
        return movable.stream()
                .skip(skipped)
                .limit(8)
                .filter(offset -> random.nextInt(3) > 0)
                .toList();
    }

    /** A step of what an operator moves; false: nothing of that kind can be done now. */
    private boolean moveByHand() {
        if (model.operatorMoves()) {
            if (random.nextBoolean()) {
                engine.arrived(ops);
                model.arrived();
                movedByHand++;
            } else {
                engine.recall(now, ops);
                model.recall();
                recalled++;
            }
            return true;
        }
        List<Long> movable = someMovable();
        if (!model.shipment.isEmpty() || movable.isEmpty() || random.nextInt(4) == 0) {
            return false;
        }
        model.move(movable);
        Shipment.Cargo cargo = random.nextBoolean() ? Shipment.Cargo.AS_THEY_ARE : Shipment.Cargo.TO_ORIGIN;
        engine.move(
                cargo,
                model.shipments,
                movable.stream().mapToLong(Long::longValue).toArray(),
                ops);
        assertEquals(cargo, engine.shipment().cargo());
        return true;
    }

    /** A step on the way to another topic. */
    private void move() {
        if (moveByHand()) {
            return;
        }
        List<Long> waiting = model.waitingToMove();
        long[] offered = engine.moving(1 + random.nextInt(4));
        for (long offset : offered) {
            assertTrue(waiting.contains(offset), "record " + offset);
        }
        assertTrue(offered.length > 0 || waiting.isEmpty());
        if (!model.shipment.isEmpty() && random.nextInt(3) > 0) {
            model.arrived();
            engine.arrived(ops);
        } else if (offered.length == 0) {
            model.recall();
            engine.recall(now, ops);
        } else if (random.nextInt(4) == 0) {
            model.keep(offered[0]);
            engine.keep(offered[0], Kept.TOO_LARGE, ops);
        } else {
            model.send(Arrays.stream(offered).boxed().toList());
            engine.send(model.shipments, offered, ops);
        }
    }

    /** Some of these, whatever state they are in. */
    private void replay(long from, long to) {
        List<Again> records = new ArrayList<>();
        int expected = 0;
        for (long offset = from; offset < to; offset++) {
            if (random.nextInt(4) == 0) {
                continue;
            }
            int priority = random.nextInt(3) == 0 ? random.nextInt(10) : 4;
            long dueMs = random.nextInt(4) == 0 ? now.wallMs() + 1 + random.nextInt(3_000) : 0;
            records.add(new Again(offset, model.records.get(offset).key, priority, dueMs));
        }
        int highest = model.highestAttempt();
        for (Again record : records) {
            if (model.replay(record, highest, forgotten)) {
                expected++;
                secondLives++;
                if (confirmedAcks.remove(record.offset())) {
                    replayedAcks.add(record.offset());
                }
                unconfirmedAcks.removeIf(offset -> offset == record.offset());
            }
        }
        assertEquals(expected, engine.replay(records, ops));
    }

    private long anyOf(RecordState state, long otherwise) {
        List<QueueModel.Rec> all = model.in(state);
        return all.isEmpty() ? otherwise : all.get(random.nextInt(all.size())).offset;
    }

    private void flush() {
        if (!ops.isEmpty()) {
            Entry entry = new Entry(model.copy());
            entry.ops = bytes(ops.payload());
            log.add(entry);
            ops.clear();
        }
        if (random.nextBoolean()) {
            durable = log.size();
            confirmedAcks.addAll(unconfirmedAcks);
            replayedAcks.clear();
            confirmedGrants.addAll(unconfirmedGrants);
            unconfirmedGrants.forEach(token -> confirmedDeliveries.merge(token.offset, token.attempt, Math::max));
            unconfirmedAcks.clear();
            unconfirmedGrants.clear();
        }
    }

    /** Also between operations that are not in the log yet. */
    private void checkpoint() {
        Entry entry = new Entry(model.copy());
        entry.snapshot = bytes(engine.snapshot());
        entry.opsWerePending = !ops.isEmpty();
        log.add(entry);
        if (durable > 0 && random.nextInt(4) == 0) {
            // As when the log's start moves, which no crash undoes.
            long durableEnd = log.get(durable - 1).after.end;
            forgotten = Math.max(forgotten, random.nextLong(start, durableEnd + 1));
            engine.forget(forgotten);
        }
    }

    private Entry last() {
        return log.get(log.size() - 1);
    }

    /** What is not durable may survive up to any entry. */
    private void crash() {
        int kept = durable + random.nextInt(log.size() - durable + 1);
        log.subList(kept, log.size()).clear();
        ops.clear();
        model = log.isEmpty() ? new QueueModel(policy, start) : last().after.copy();
        now = new Now(random.nextInt(100_000), now.wallMs());
        engine = replayed(firstReplayed());
        QueueEngine fromTheLatest = replayed(latestCheckpoint());
        assertSameBytes(fromTheLatest, engine);
        assertEquals(List.of(), QueueAudit.differences(fromTheLatest, engine, true));
        engine.open(model.end, now);
        if (policy.keyed()) {
            for (long offset = engine.end(); offset < model.end; offset++) {
                engine.append(model.records.get(offset).key);
            }
        }
        model.restarted(now);
        Entry epoch = new Entry(model.copy());
        epoch.epochBase = model.end;
        log.add(epoch);
        connected.clear();
        connected.add(SessionTable.DETACHED);
        unconfirmedAcks.clear();
        unconfirmedGrants.clear();
        lastSettle = null;
        // Of what nobody was told, anything may be gone; a token that never left is nobody's.
        tokens.removeIf(token -> !confirmedGrants.contains(token));
        replayedAcks.stream()
                .filter(offset -> model.stateOf(offset) == RecordState.DONE)
                .forEach(confirmedAcks::add);
        replayedAcks.clear();
        confirmedDeliveries.forEach((offset, deliveries) -> {
            if (model.stateOf(offset) != RecordState.DONE) {
                assertTrue(model.records.get(offset).deliveries >= deliveries, "deliveries of " + offset);
            }
        });
        confirmedAcks.forEach(
                offset -> assertEquals(RecordState.DONE, model.stateOf(offset), "acknowledged: " + offset));
        restarts++;
    }

    /** Where a replay may begin: at any checkpoint behind which the log says everything; -1: at the log's start. */
    private int firstReplayed() {
        List<Integer> places = new ArrayList<>();
        places.add(-1);
        for (int i = 0; i < log.size(); i++) {
            if (log.get(i).snapshot != null) {
                if (holdsMoreThanTheLog(i)) {
                    places.clear();
                }
                places.add(i);
            }
        }
        return places.get(random.nextInt(places.size()));
    }

    /** Operations that this snapshot holds were never written: a replay must not pass it over. */
    private boolean holdsMoreThanTheLog(int checkpoint) {
        if (!log.get(checkpoint).opsWerePending) {
            return false;
        }
        for (Entry entry : log.subList(checkpoint + 1, log.size())) {
            if (entry.ops != null || entry.epochBase >= 0) {
                return entry.epochBase >= 0;
            }
        }
        return true;
    }

    private int latestCheckpoint() {
        int latest = -1;
        for (int i = 0; i < log.size(); i++) {
            latest = log.get(i).snapshot != null ? i : latest;
        }
        return latest;
    }

    private QueueEngine replayed(int from) {
        QueueEngine replayed = newEngine();
        if (from >= 0) {
            // A snapshot may be a part of something longer.
            byte[] snapshot = log.get(from).snapshot;
            ByteBuffer longer =
                    ByteBuffer.allocate(snapshot.length + 3).put(snapshot).rewind();
            replayed.restore(longer);
            assertEquals(3, longer.remaining());
        }
        for (Entry entry : log.subList(from + 1, log.size())) {
            if (entry.ops != null) {
                QueueOps.replay(ByteBuffer.wrap(entry.ops), group -> group == GROUP ? replayed : null);
            } else if (entry.epochBase >= 0) {
                replayed.retract(entry.epochBase);
            }
        }
        replayed.forget(forgotten);
        return replayed;
    }

    private void check() {
        for (QueueModel.Rec rec : model.records.values()) {
            assertEquals(rec.state, engine.stateOf(rec.offset), rec.toString());
            if (rec.state != RecordState.DONE) {
                check(rec);
            } else {
                assertEquals(
                        rec.offset < forgotten ? HowDone.FORGOTTEN : rec.how,
                        engine.howDone(rec.offset),
                        rec.toString());
            }
        }
        assertArrayEquals(
                model.in(RecordState.DONE).stream()
                        .filter(rec -> rec.how == HowDone.ACKNOWLEDGED && rec.offset >= forgotten)
                        .mapToLong(rec -> rec.offset)
                        .toArray(),
                engine.select(Set.of(RecordState.DONE), 0, Long.MAX_VALUE, 1_000)
                        .offsets());
        assertEquals(RecordState.UNCOMMITTED, engine.stateOf(model.end));
        Counts counts = engine.counts();
        assertEquals(model.in(RecordState.READY).size(), counts.ready(), "ready");
        assertEquals(model.in(RecordState.WAITING).size(), counts.waiting(), "waiting");
        assertEquals(model.in(RecordState.LEASED).size(), counts.leased(), "leased");
        assertEquals(model.in(RecordState.DEAD).size(), counts.dead(), "dead");
        assertEquals(model.in(RecordState.MOVING).size(), counts.moving(), "moving");
        Shipment shipment = engine.shipment();
        assertEquals(
                model.shipment,
                shipment == null
                        ? List.of()
                        : Arrays.stream(shipment.offsets()).boxed().toList());
        assertEquals(model.shipments, shipment == null ? model.shipments : shipment.number());
        assertEquals(model.shipments, shipment == null ? model.shipments : shipment.partitionId());
        assertEquals(model.waitingToMove().size(), engine.moving(1_000).length);
        assertEquals(model.paused, engine.isPaused());
        for (Answered answer : model.answers) {
            assertEquals(answer, engine.answered(answer.requestId()));
        }
        for (RecordState state : List.of(RecordState.READY, RecordState.LEASED, RecordState.DEAD)) {
            assertArrayEquals(
                    model.in(state).stream().mapToLong(rec -> rec.offset).toArray(),
                    engine.select(Set.of(state), 0, Long.MAX_VALUE, 1_000).offsets());
        }
        assertEquals(
                model.in(RecordState.READY).stream()
                        .mapToLong(rec -> rec.offset)
                        .findFirst()
                        .orElse(-1),
                engine.oldestReady(Long.MAX_VALUE));
        if (ops.isEmpty() && random.nextInt(4) == 0) {
            assertSameBytes(replayed(firstReplayed()), engine);
        }
    }

    private void check(QueueModel.Rec rec) {
        Explanation explained = engine.explain(rec.offset);
        assertEquals(rec.deliveries, explained.deliveries(), rec.toString());
        assertEquals(rec.failures, explained.failures(), rec.toString());
        assertEquals(rec.priority, explained.priority(), rec.toString());
        assertEquals(rec.lastEnd, explained.lastEnd(), rec.toString());
        assertEquals(rec.said, explained.said(), rec.toString());
        if (rec.state == RecordState.LEASED) {
            assertEquals(rec.session, explained.session());
            long first = model.in(RecordState.LEASED).stream()
                    .filter(other -> policy.keyed() && other.key == rec.key && other.offset < rec.offset)
                    .mapToLong(other -> other.offset)
                    .findFirst()
                    .orElse(KeyTable.NO_OFFSET);
            assertEquals(first, explained.behind(), rec.toString());
            assertEquals(rec.deadlineMs, explained.untilMs());
            boolean isKnown = rec.heldSinceMs != Explanation.BEFORE;
            assertEquals(isKnown, explained.sinceMs() != Explanation.BEFORE, rec.toString());
            assertTrue(!isKnown || Math.abs(rec.heldSinceMs - explained.sinceMs()) < 100, explained.toString());
        } else if (rec.state == RecordState.READY) {
            boolean turn = !policy.keyed() || model.isItsKeysTurn(rec);
            assertEquals(turn, explained.behind() == KeyTable.NO_OFFSET, explained.toString());
            Explanation.Reason free = rec.suspect ? Explanation.Reason.SUSPECT : Explanation.Reason.ELIGIBLE;
            if (turn) {
                assertEquals(model.paused ? Explanation.Reason.PAUSED : free, explained.reason());
            }
        }
    }

    private static void assertSameBytes(QueueEngine expected, QueueEngine actual) {
        assertArrayEquals(bytes(expected.snapshot()), bytes(actual.snapshot()));
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** Everything that can be finished is finished: no record is forgotten. */
    void drain() {
        engine.resume(ops);
        model.paused = false;
        for (int round = 0; round < 2_000; round++) {
            now = new Now(now.monotonicMs() + 1_000, now.wallMs() + 5_000);
            advance();
            Receiver receiver = new Receiver(99).waitFor(5, Long.MAX_VALUE / 2, 60_000);
            int granted = engine.grant(List.of(receiver), offset -> SIZE, now, ops);
            for (int i = 0; i < receiver.size(); i++) {
                Settle ack = Settle.of(Verb.ACK, receiver.offset(i), receiver.attempt(i));
                model.grant(model.records.get(receiver.offset(i)), 99, 60_000, now.monotonicMs());
                assertEquals(model.settle(ack, now), engine.settle(ack, now, ops));
            }
            engine.redrive(LongStream.range(0, model.end).toArray(), ops);
            model.redrive(0, model.end);
            while (engine.hasMoving()) {
                if (engine.shipment() == null) {
                    engine.send(1, engine.moving(3), ops);
                    model.send(
                            Arrays.stream(engine.shipment().offsets()).boxed().toList());
                }
                engine.arrived(ops);
                model.arrived();
            }
            engine.resume(ops);
            model.paused = false;
            if (granted == 0 && engine.counts().outstanding() == 0) {
                break;
            }
        }
        check();
        assertEquals(0, engine.counts().outstanding(), "records that are left");
        assertEquals(model.end, engine.floor());
    }
}
