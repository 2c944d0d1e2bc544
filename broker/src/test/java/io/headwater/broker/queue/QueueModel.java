package io.headwater.broker.queue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a group should do, as plainly as it can be said: a map of records, and a look at all of them for every question.
 */
final class QueueModel {
    /** A record, done ones included. */
    static final class Rec {
        final long offset;
        final long key;
        RecordState state = RecordState.READY;
        int priority = 4;
        int deliveries;
        /** The attempt of its last lease, in whatever life. */
        int everDelivered;
        /** The attempt from which on it lives this time; 0: for the first time. */
        int bornAt;

        int failures;
        long dueMs;
        long session;
        int leaseMs;
        long deadlineMs;
        boolean suspect;
        boolean holdsKey;
        Cause lastEnd;
        String said = "";
        long heldSinceMs;
        long scheduledMs;
        boolean ageless;
        /** An operator moves it: what it is again if that fails. */
        RecordState before;
        /** DONE: how. */
        HowDone how;

        Rec(long offset, long key) {
            this.offset = offset;
            this.key = key;
        }

        Rec copy() {
            Rec copy = new Rec(offset, key);
            copy.state = state;
            copy.priority = priority;
            copy.deliveries = deliveries;
            copy.everDelivered = everDelivered;
            copy.bornAt = bornAt;
            copy.failures = failures;
            copy.dueMs = dueMs;
            copy.session = session;
            copy.leaseMs = leaseMs;
            copy.deadlineMs = deadlineMs;
            copy.suspect = suspect;
            copy.holdsKey = holdsKey;
            copy.lastEnd = lastEnd;
            copy.said = said;
            copy.scheduledMs = scheduledMs;
            copy.ageless = ageless;
            copy.before = before;
            copy.how = how;
            copy.heldSinceMs = heldSinceMs;
            return copy;
        }

        @Override
        public String toString() {
            return offset + " " + state + " key " + key + " priority " + priority + " deliveries " + deliveries
                    + " failures " + failures + (suspect ? " suspect" : "");
        }
    }

    /** What is known of records that are not in the log yet. */
    record Announced(int priority, long dueMs) {}

    /** A session that has lost its connection. */
    record Lost(long goneAtMs, boolean several) {}

    final QueuePolicy policy;
    final TreeMap<Long, Rec> records = new TreeMap<>();
    final Map<Long, Announced> announced = new HashMap<>();
    final Map<Long, Lost> lost = new HashMap<>();
    boolean paused;
    long end;
    long tooOldBefore;
    long dueBeforeMs;
    /** What is on its way to another topic, and how many such batches there were. */
    List<Long> shipment = List.of();

    long shipments;
    /** To operators, the latest last. */
    List<Answered> answers = List.of();

    QueueModel(QueuePolicy policy, long start) {
        this.policy = policy;
        this.end = start;
    }

    QueueModel copy() {
        QueueModel copy = new QueueModel(policy, end);
        records.forEach((offset, rec) -> copy.records.put(offset, rec.copy()));
        copy.announced.putAll(announced);
        copy.lost.putAll(lost);
        copy.paused = paused;
        copy.tooOldBefore = tooOldBefore;
        copy.dueBeforeMs = dueBeforeMs;
        copy.shipment = shipment;
        copy.shipments = shipments;
        copy.answers = answers;
        return copy;
    }

    void append(long key) {
        Rec rec = new Rec(end, key);
        Announced said = announced.remove(end);
        if (said != null) {
            rec.priority = said.priority;
            rec.dueMs = said.dueMs;
            rec.scheduledMs = said.dueMs;
            rec.state = said.dueMs > 0 ? RecordState.WAITING : RecordState.READY;
        }
        records.put(end, rec);
        end++;
    }

    List<Rec> in(RecordState state) {
        return records.values().stream().filter(rec -> rec.state == state).toList();
    }

    long leasesOf(long session) {
        return session == 0
                ? 0
                : in(RecordState.LEASED).stream()
                        .filter(rec -> rec.session == session)
                        .count();
    }

    RecordState stateOf(long offset) {
        Rec rec = records.get(offset);
        return rec == null ? RecordState.UNCOMMITTED : rec.state;
    }

    /** Those that could be granted now, best first; suspects or the others. */
    List<Rec> eligible(boolean suspects) {
        List<Rec> all = new ArrayList<>();
        if (paused) {
            return all;
        }
        for (Rec rec : in(RecordState.READY)) {
            if (rec.suspect == suspects && (!policy.keyed() || isItsKeysTurn(rec))) {
                all.add(rec);
            }
        }
        all.sort(Comparator.comparingInt((Rec rec) -> -rank(rec)).thenComparingLong(rec -> rec.offset));
        return all;
    }

    boolean isItsKeysTurn(Rec rec) {
        return records.values().stream()
                .filter(other -> other.key == rec.key && other != rec)
                .noneMatch(other -> other.state == RecordState.LEASED || (waits(other) && other.offset < rec.offset));
    }

    static boolean waits(Rec rec) {
        return rec.state == RecordState.READY || rec.state == RecordState.WAITING || rec.holdsKey;
    }

    private int rank(Rec rec) {
        if (!policy.keyed()) {
            return rec.priority;
        }
        return records.values().stream()
                .filter(other -> other.key == rec.key && waits(other))
                .mapToInt(other -> other.priority)
                .max()
                .orElseThrow();
    }

    void grant(Rec rec, long session, int leaseMs, long nowMs) {
        rec.state = RecordState.LEASED;
        rec.deliveries++;
        rec.everDelivered = rec.deliveries;
        rec.session = session;
        rec.leaseMs = leaseMs;
        rec.deadlineMs = nowMs + leaseMs;
        rec.heldSinceMs = nowMs;
        rec.dueMs = 0;
    }

    Settled settle(Settle settle, Now now) {
        Rec rec = records.get(settle.offset());
        if (rec == null) {
            return Settled.STALE;
        }
        if (rec.state == RecordState.DONE) {
            return settle.verb() == Verb.ACK ? Settled.REPEATED : Settled.STALE;
        }
        boolean leased = rec.state == RecordState.LEASED;
        if (!leased || rec.deliveries != settle.attempt()) {
            int ended = leased ? rec.deliveries - 1 : rec.deliveries;
            boolean again = ended == settle.attempt() && rec.lastEnd != null && verbOf(rec.lastEnd) == settle.verb();
            return again ? Settled.REPEATED : Settled.STALE;
        }
        switch (settle.verb()) {
            case ACK -> done(rec, HowDone.ACKNOWLEDGED);
            case RELEASE -> {
                rec.lastEnd = Cause.RELEASED;
                rec.suspect = false;
                back(rec, Math.max(0, settle.delayMs()), now);
                takeKeyBack(rec, now);
            }
            case FAIL -> {
                rec.lastEnd = Cause.FAILED;
                rec.said = settle.reason();
                rec.suspect = false;
                charge(rec, settle.delayMs(), now);
                takeKeyBack(rec, now);
            }
            case REJECT -> {
                rec.lastEnd = Cause.REJECTED;
                rec.said = settle.reason();
                rec.suspect = false;
                die(rec);
                takeKeyBack(rec, now);
            }
            case EXTEND -> {
                rec.leaseMs = (int) settle.delayMs();
                rec.deadlineMs = now.monotonicMs() + settle.delayMs();
            }
        }
        forgetIdle();
        return Settled.APPLIED;
    }

    private static Verb verbOf(Cause end) {
        return switch (end) {
            case RELEASED -> Verb.RELEASE;
            case FAILED -> Verb.FAIL;
            case REJECTED -> Verb.REJECT;
            default -> null;
        };
    }

    private void done(Rec rec, HowDone how) {
        rec.state = RecordState.DONE;
        rec.how = how;
        rec.before = null;
        rec.holdsKey = false;
    }

    /** The leased ones of a key behind one that comes back come back too. */
    private void takeKeyBack(Rec first, Now now) {
        for (Rec rec : in(RecordState.LEASED)) {
            if (policy.keyed() && rec.key == first.key && rec.offset > first.offset) {
                rec.lastEnd = Cause.KEY_TAKEN_BACK;
                back(rec, 0, now);
            }
        }
    }

    private void back(Rec rec, long delayMs, Now now) {
        rec.dueMs = delayMs == 0 ? 0 : now.wallMs() + delayMs;
        rec.state = delayMs == 0 ? RecordState.READY : RecordState.WAITING;
        dieIfTooOld(rec);
    }

    private void dieIfTooOld(Rec rec) {
        boolean waits = rec.state == RecordState.READY || (rec.state == RecordState.WAITING && rec.deliveries > 0);
        boolean old = rec.offset < tooOldBefore && (rec.scheduledMs == 0 || rec.scheduledMs < dueBeforeMs);
        if (waits && old && !rec.ageless) {
            rec.lastEnd = Cause.TOO_OLD;
            die(rec);
        }
    }

    /** Bounds as in the engine. */
    void age(long newTooOldBefore, long newDueBeforeMs) {
        tooOldBefore = Math.max(tooOldBefore, newTooOldBefore);
        dueBeforeMs = Math.max(dueBeforeMs, newDueBeforeMs);
        records.values().forEach(this::dieIfTooOld);
    }

    void ageNoMore() {
        tooOldBefore = 0;
        dueBeforeMs = 0;
    }

    private void charge(Rec rec, long delayMs, Now now) {
        rec.failures++;
        if (policy.maxFailures() > 0 && rec.failures >= policy.maxFailures()) {
            die(rec);
        } else {
            back(rec, delayMs == -1 ? policy.backoff().delayMs(rec.failures, bound -> 0) : delayMs, now);
        }
    }

    private void die(Rec rec) {
        boolean moves = policy.deadLetters() && policy.onDead() == OnDead.SKIP;
        rec.state = moves ? RecordState.MOVING : RecordState.DEAD;
        rec.holdsKey = policy.onDead() == OnDead.HOLD_KEY;
        rec.dueMs = 0;
        paused |= policy.onDead() == OnDead.STOP;
    }

    void advance(Now now) {
        List<Rec> leased = new ArrayList<>(in(RecordState.LEASED));
        leased.sort(Comparator.comparingLong((Rec rec) -> rec.deadlineMs).thenComparingLong(rec -> rec.offset));
        for (Rec rec : leased) {
            if (rec.state == RecordState.LEASED && rec.deadlineMs <= now.monotonicMs()) {
                ended(rec, now);
                takeKeyBack(rec, now);
            }
        }
        for (Rec rec : in(RecordState.LEASED)) {
            Lost gone = lost.get(rec.session);
            if (gone != null && gone.goneAtMs <= now.monotonicMs()) {
                ended(rec, now);
            }
        }
        forgetIdle();
        for (Rec rec : in(RecordState.WAITING)) {
            if (rec.dueMs <= now.wallMs()) {
                rec.state = RecordState.READY;
            }
        }
    }

    /** By the clock. */
    private void ended(Rec rec, Now now) {
        Lost gone = lost.get(rec.session);
        if (gone != null && gone.several) {
            rec.lastEnd = Cause.LOST_AMONG_OTHERS;
            rec.suspect = true;
            back(rec, 0, now);
        } else {
            rec.lastEnd = gone == null ? Cause.EXPIRED : Cause.LOST_ALONE;
            rec.said = "";
            charge(rec, -1, now);
        }
    }

    private void forgetIdle() {
        lost.keySet().removeIf(session -> leasesOf(session) == 0);
    }

    void sessionLost(long session, long nowMs) {
        long leases = leasesOf(session);
        if (leases > 0) {
            lost.putIfAbsent(session, new Lost(nowMs + policy.graceMs(), leases > 1));
        }
    }

    void sessionClosed(long session) {
        for (Rec rec : in(RecordState.LEASED)) {
            if (rec.session == session) {
                rec.lastEnd = Cause.CLOSED;
                back(rec, 0, new Now(0, 0));
            }
        }
        forgetIdle();
    }

    /** What of it is not among these never reached it. */
    void sessionHolds(long session, Map<Long, Integer> held) {
        for (Rec rec : in(RecordState.LEASED)) {
            boolean isLost = held.getOrDefault(rec.offset, 0) != rec.deliveries;
            if (rec.state == RecordState.LEASED && rec.session == session && isLost) {
                rec.lastEnd = Cause.CLOSED;
                back(rec, 0, new Now(0, 0));
                takeKeyBack(rec, new Now(0, 0));
            }
        }
        forgetIdle();
    }

    int redrive(long from, long to) {
        int count = 0;
        for (Rec rec : records.subMap(from, to).values()) {
            if (rec.state == RecordState.DEAD) {
                rec.state = RecordState.READY;
                rec.failures = 0;
                rec.suspect = false;
                rec.holdsKey = false;
                rec.ageless = true;
                count++;
            }
        }
        return count;
    }

    long purge(Set<RecordState> states, long from, long to) {
        long count = 0;
        for (Rec rec : records.subMap(from, to).values()) {
            if (states.contains(rec.state)) {
                done(rec, HowDone.REMOVED);
                count++;
            }
        }
        return count;
    }

    /** Of any lease that there ever was. */
    int highestAttempt() {
        return records.values().stream()
                .mapToInt(rec -> rec.everDelivered)
                .max()
                .orElse(0);
    }

    /** A second life: of the first one nothing is left but its key. */
    boolean replay(Again record, int highestAttempt, long forgotten) {
        Rec rec = records.get(record.offset());
        if (rec.state != RecordState.DONE || rec.how != HowDone.ACKNOWLEDGED || rec.offset < forgotten) {
            return false;
        }
        Rec again = new Rec(rec.offset, rec.key);
        again.everDelivered = rec.everDelivered;
        again.deliveries = highestAttempt;
        again.bornAt = highestAttempt;
        again.priority = record.priority();
        again.dueMs = record.dueMs();
        again.scheduledMs = record.dueMs();
        again.ageless = true;
        again.state = record.dueMs() > 0 ? RecordState.WAITING : RecordState.READY;
        records.put(rec.offset, again);
        return true;
    }

    void answered(Answered answer) {
        List<Answered> now = new ArrayList<>(answers);
        now.removeIf(before -> before.requestId() == answer.requestId());
        now.add(answer);
        answers = List.copyOf(now.subList(Math.max(0, now.size() - 16), now.size()));
    }

    boolean cancel(long offset) {
        Rec rec = records.get(offset);
        boolean scheduled = rec != null && rec.state == RecordState.WAITING && rec.deliveries == 0;
        if (scheduled) {
            done(rec, HowDone.REMOVED);
        }
        return scheduled;
    }

    /** Those that may be sent: in no batch. */
    List<Long> waitingToMove() {
        return in(RecordState.MOVING).stream()
                .map(rec -> rec.offset)
                .filter(offset -> !shipment.contains(offset))
                .toList();
    }

    void send(List<Long> offsets) {
        shipment = offsets;
        shipments++;
    }

    /** Those that an operator may move. */
    List<Long> movable() {
        return records.values().stream()
                .filter(rec -> Set.of(RecordState.READY, RecordState.WAITING, RecordState.DEAD)
                        .contains(rec.state))
                .map(rec -> rec.offset)
                .toList();
    }

    /** By an operator. What waits keeps its place in its key's line. */
    void move(List<Long> offsets) {
        send(offsets);
        for (long offset : offsets) {
            Rec rec = records.get(offset);
            // Whether it is due is looked at anew when it comes back.
            rec.before = rec.state == RecordState.READY && rec.dueMs > 0 ? RecordState.WAITING : rec.state;
            rec.holdsKey |= rec.before != RecordState.DEAD;
            rec.state = RecordState.MOVING;
        }
    }

    boolean operatorMoves() {
        return !shipment.isEmpty() && records.get(shipment.get(0)).before != null;
    }

    void recall() {
        List<Long> back = shipment;
        shipment = List.of();
        for (long offset : back) {
            Rec rec = records.get(offset);
            if (rec.before != null) {
                rec.state = rec.before;
                rec.holdsKey &= rec.before == RecordState.DEAD;
                rec.before = null;
                dieIfTooOld(rec);
            }
        }
    }

    void arrived() {
        shipment.forEach(offset -> done(records.get(offset), HowDone.MOVED));
        shipment = List.of();
    }

    void keep(long offset) {
        records.get(offset).state = RecordState.DEAD;
    }

    /** Nobody is connected, clocks are new, and what was never appended was never announced. */
    void restarted(Now now) {
        announced.clear();
        lost.clear();
        ageNoMore();
        for (Rec rec : in(RecordState.LEASED)) {
            rec.deadlineMs = now.monotonicMs() + rec.leaseMs;
            rec.heldSinceMs = Explanation.BEFORE;
        }
        for (Rec rec : in(RecordState.LEASED)) {
            if (rec.session != 0) {
                sessionLost(rec.session, now.monotonicMs());
            }
        }
        for (Rec rec : in(RecordState.READY)) {
            if (rec.dueMs > 0) {
                rec.state = RecordState.WAITING;
            }
        }
    }
}
