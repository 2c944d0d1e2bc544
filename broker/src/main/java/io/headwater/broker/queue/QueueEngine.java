package io.headwater.broker.queue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A queue or keyed group in one partition: which record is in which state, and what happens next.
 *
 * <p><b>Deciding.</b> A call that changes something adds operations to the {@link QueueOps} of its turn and has changed
 * the state when it returns. Nothing of it may leave before these operations are durable.
 *
 * <p><b>After a restart.</b> {@link #restore} the snapshot of the last checkpoint, if there is one, {@link
 * QueueOps#replay} what follows it, with {@link #retract} at each start of an epoch, then {@link #open}. A snapshot may
 * hold operations that are replayed once more behind it.
 *
 * <p>Not thread-safe: belongs to the partition's owner.
 */
public final class QueueEngine {
    /** Of time that passes: what else has run out waits for the next turn. */
    private static final int MOST_OPS_OF_A_TURN = 1 << 20;

    private final int groupId;
    private final QueueState state;
    private final Decisions decisions;
    private final Granter granter;
    private final Attempts attempts;
    private final Operator operator;
    private final Inspector inspector;
    private final MemoryCap cap;
    private QueuePolicy policy;
    private @Nullable PlainOrder plain;
    private @Nullable KeyedOrder keyed;

    /**
     * @param startOffset the first record that concerns the group
     * @param budget shared with the other groups
     * @param random a number from 0 to below its argument, for backoff
     */
    public QueueEngine(int groupId, QueuePolicy policy, long startOffset, HeapBudget budget, LongUnaryOperator random) {
        this.groupId = groupId;
        this.policy = policy;
        this.state = new QueueState(startOffset);
        this.decisions = new Decisions(state);
        this.granter = new Granter(state, decisions);
        this.cap = new MemoryCap(state, budget);
        this.attempts = new Attempts(state, decisions, random, cap, policy);
        this.operator = new Operator(state, decisions);
        this.inspector = new Inspector(state);
    }

    public int groupId() {
        return groupId;
    }

    public QueuePolicy policy() {
        return policy;
    }

    /** From now on. Whether the group is keyed cannot change. */
    public void policy(QueuePolicy newPolicy) {
        if (newPolicy.keyed() != policy.keyed()) {
            throw new IllegalArgumentException("keyed: " + newPolicy.keyed() + " (expected: as the group was made)");
        }
        policy = newPolicy;
        attempts.policy(newPolicy);
    }

    /** Takes over a snapshot, before anything else. Borrows it; reads to its end, which may not be the buffer's. */
    public void restore(ByteBuffer snapshot) {
        SnapshotCodec.decode(snapshot, state);
    }

    /** Everything that must be known to go on from here. */
    public ByteBuffer snapshot() {
        return SnapshotCodec.encode(state);
    }

    QueueState replayed() {
        if (state.isOpen()) {
            throw new IllegalStateException("queue: open (expected: a replay, then open)");
        }
        return state;
    }

    /** An epoch starts where the next record gets this offset: what was announced beyond never came into the log. */
    public void retract(long endOffset) {
        replayed().retracted(endOffset);
    }

    /**
     * The replay is over. Every lease runs anew for its full time, and every session that has any gets its grace.
     *
     * @param endOffset one past the last record in the log. A keyed group is told the keys of all records from its
     *     {@link #end()} up to there by {@link #append} before anything else
     */
    public void open(long endOffset, Now now) {
        retract(endOffset);
        if (policy.keyed()) {
            keyed = new KeyedOrder(state.done, state.slots);
            state.open(keyed, now.monotonicMs(), policy.graceMs());
        } else {
            plain = new PlainOrder(state.done, state.slots, Math.max(endOffset, state.done.floor()));
            state.open(plain, now.monotonicMs(), policy.graceMs());
        }
    }

    /** Gives back its share of the heap: the group is gone, or its partition no longer served. */
    public void close() {
        cap.giveBack();
    }

    /** One past the last record that is known here. */
    public long end() {
        return state.order().end();
    }

    /** All below is done. */
    public long floor() {
        return state.done.floor();
    }

    /** A plain group: records up to there are in the log and may be granted. */
    public void extend(long endOffset) {
        if (plain == null) {
            throw new IllegalStateException("queue: keyed or not open (expected: append)");
        }
        plain.extend(endOffset);
    }

    /** A keyed group: the record at {@link #end()} is in the log, has a key of this hash, and may be granted. */
    public void append(long keyHash) {
        if (keyed == null) {
            throw new IllegalStateException("queue: not keyed or not open (expected: extend)");
        }
        keyed.append(keyHash);
    }

    /**
     * Says of records that they have a priority (0 to 9, 4 is the usual one) or are not to be delivered before a wall
     * time (0: at once). To be called before they may be granted; best before they are appended, with {@link #retract
     * retraction} by the next epoch if that fails.
     */
    public void announce(long offset, int count, int priority, long dueMs, QueueOps ops) {
        if (priority < 0 || priority > 9) {
            throw new IllegalArgumentException("priority: " + priority + " (expected: 0 to 9)");
        }
        begin(ops);
        decisions.published(offset, count, priority, Math.max(0, dueMs));
    }

    /**
     * Records from there on, which were announced, will not come: their append failed. This must be in the log before
     * others get their offsets.
     */
    public void withdraw(long endOffset, QueueOps ops) {
        if (endOffset < end()) {
            throw new IllegalArgumentException("withdraw: " + endOffset + " (expected: at least " + end() + ")");
        }
        begin(ops);
        decisions.retracted(endOffset);
    }

    /**
     * Whether so many more records may come that take heap: those that are announced, and all of a keyed group. If not,
     * their producer is to come back later. {@link #grant} stops by itself.
     */
    public boolean hasRoomFor(int records) {
        return cap.admitsPublish(records);
    }

    /**
     * Hands out what is ready. Call {@link #advance} before it in the same turn.
     *
     * @param receivers that wait, longest first; of sessions that are connected
     * @return how many records
     */
    public int grant(List<Receiver> receivers, RecordSizes sizes, Now now, QueueOps ops) {
        begin(ops);
        state.clock(now.monotonicMs());
        return granter.grant(receivers, sizes, cap);
    }

    public Settled settle(Settle settle, Now now, QueueOps ops) {
        begin(ops);
        state.clock(now.monotonicMs());
        return attempts.settle(settle, now.wallMs());
    }

    /** Ends leases and graces that have run out, wakes what is due, and gives back heap that is not needed any more. */
    public void advance(Now now, QueueOps ops) {
        cap.turn(now.monotonicMs());
        begin(ops);
        state.clock(now.monotonicMs());
        attempts.advance(now, () -> ops.sizeInBytes() < MOST_OPS_OF_A_TURN);
        state.wake(now.wallMs());
    }

    /**
     * Records that are ready or sent back die if they are too old: those below an offset, which came too long ago, but for
     * those that their producer wanted at a wall time or later. Neither bound ever falls. To be called behind {@link
     * #advance}.
     *
     * @return true: there is more to do in the next turn
     */
    public boolean age(long tooOldBefore, long dueBeforeMs, Now now, QueueOps ops) {
        begin(ops);
        state.clock(now.monotonicMs());
        return attempts.ageing()
                .advance(tooOldBefore, dueBeforeMs, now.wallMs(), () -> ops.sizeInBytes() < MOST_OPS_OF_A_TURN);
    }

    /** No record is too old any more; what is dead stays so. */
    public void ageNoMore() {
        attempts.ageing().stop();
    }

    /** When {@link #advance} has something to do next, on the monotonic clock; the largest long: never. */
    public long nextTimerMs() {
        return Math.min(cap.nextShrinkMs(), Math.min(state.timers.nextExpiryMs(), state.sessions.nextGoneMs()));
    }

    /** The same on the wall clock. */
    public long nextDueMs() {
        return state.timers.nextDueMs();
    }

    /** The records that are due next, up to a wall time, but for those that were told before: at most so many offsets. */
    public long[] dueSoon(long wallMs, int most) {
        return state.timers.dueSoon(wallMs, most);
    }

    /** Its connection is gone: its leases wait for it to come back, for the group's grace. */
    public void sessionLost(long session, Now now) {
        state.sessions.lost(session, now.monotonicMs() + policy.graceMs());
    }

    /** It has come back, and holds what it held. */
    public void sessionResumed(long session) {
        state.sessions.resumed(session);
    }

    /**
     * What has reached a session that has come back: whatever else it holds was lost on the way, and returns at once,
     * and nobody is charged.
     *
     * @param held attempt by offset
     */
    public void sessionHolds(long session, Long2LongHashMap held, Now now, QueueOps ops) {
        begin(ops);
        attempts.sessionHolds(session, held, now.wallMs());
    }

    /** In order: what it holds returns at once, and nobody is charged. */
    public void sessionClosed(long session, Now now, QueueOps ops) {
        begin(ops);
        attempts.sessionClosed(session, now.wallMs());
    }

    /** What is READY, WAITING or DEAD in {@code [from, to)} is done, as asked for. Returns how many. */
    public long purge(Set<RecordState> states, long from, long to, QueueOps ops) {
        begin(ops);
        return operator.purge(states, from, to);
    }

    /** Those of these that are dead become ready, without failures. By rising offset. Returns how many. */
    public int redrive(long[] offsets, QueueOps ops) {
        begin(ops);
        return operator.redrive(offsets);
    }

    /** As above, with records by rising offset. */
    public long purge(Set<RecordState> states, long[] offsets, QueueOps ops) {
        begin(ops);
        return operator.purge(states, offsets);
    }

    /** Those of these that their producer wants later never come. By rising offset. Returns how many. */
    public int cancel(long[] offsets, QueueOps ops) {
        begin(ops);
        return operator.cancel(offsets);
    }

    /**
     * Records that were acknowledged are to be delivered again, without failures. Leases that they had stay stale: the next one has
     * a higher attempt than any in the group. In a keyed group they come in the order of the log among what is not held.
     *
     * @param records by rising offset; they are in the log and will stay there
     * @return how many: others are passed over
     */
    public int replay(List<Again> records, QueueOps ops) {
        begin(ops);
        return operator.replay(records, keyed);
    }

    /** What a request led to that was asked for before; null: it was not, or too long ago. */
    public @Nullable Answered answered(long requestId) {
        return state.answers.to(requestId);
    }

    /** What was done since the last such call is what the request has led to. */
    public void answered(Answered answer, QueueOps ops) {
        begin(ops);
        decisions.answered(answer);
    }

    /** Whether some record is MOVING, in a batch or not. */
    public boolean hasMoving() {
        return state.count(RecordState.MOVING) > 0;
    }

    /** The offsets of the MOVING records that died first and are in no batch, in order. */
    public long[] moving(int max) {
        return state.timers.moving(max);
    }

    /** The batch that is under way to another topic; null: none is. */
    public @Nullable Shipment shipment() {
        return state.shipment();
    }

    /**
     * These MOVING records are the batch that is under way, in place of another one if there was one. It may be sent when
     * that is durable.
     *
     * @param offsets rising; taken
     */
    public void send(long partitionId, long[] offsets, QueueOps ops) {
        begin(ops);
        operator.send(Shipment.Cargo.DEAD_LETTERS, partitionId, offsets);
    }

    /**
     * The same for an operator, of records that are READY, WAITING or DEAD; nothing else is under way. They are MOVING until
     * {@link #arrived} or {@link #recall}.
     */
    public void move(Shipment.Cargo cargo, long partitionId, long[] offsets, QueueOps ops) {
        if (state.shipment() != null) {
            throw new IllegalStateException("move: " + state.shipment() + " is under way (expected: nothing)");
        }
        begin(ops);
        operator.send(cargo, partitionId, offsets);
    }

    /** The batch that is under way certainly never arrived and never will: its records are what they were before. */
    public void recall(Now now, QueueOps ops) {
        begin(ops);
        Shipment back = operator.recall();
        if (back != null) {
            attempts.cameBack(back, now.wallMs());
        }
    }

    /** The batch that is under way is in the other topic, durably: its records are done here. */
    public void arrived(QueueOps ops) {
        begin(ops);
        operator.arrived();
    }

    /** A MOVING record, which is in no batch, is dead in place after all. */
    public void keep(long offset, Kept why, QueueOps ops) {
        begin(ops);
        operator.keep(offset, why);
    }

    /** Of a record that is dead or MOVING. */
    public Death death(long offset) {
        return operator.death(offset);
    }

    /** What producers asked for the records that were there before the group was made has been {@link #announce}d. */
    public void surveyed(QueueOps ops) {
        begin(ops);
        decisions.surveyed();
    }

    /** There are no records at these offsets any more: they are done, whatever they were. */
    public void skip(long from, long to, QueueOps ops) {
        begin(ops);
        decisions.removed(from, to - from);
    }

    /** Whether {@link #surveyed} was said: if not, its caller goes over all records again after a restart. */
    public boolean isSurveyed() {
        return state.isSurveyed();
    }

    /** Of a record that is done. */
    public HowDone howDone(long offset) {
        return state.unacknowledged.of(offset);
    }

    /** Of what is done before this offset, nobody knows any more whether it was acknowledged. */
    public long acksKnownFrom() {
        return state.unacknowledged.knownFrom();
    }

    /** Nobody will ask any more how records before this offset came to be done. */
    public void forget(long before) {
        state.unacknowledged.forget(before);
    }

    /** The first offset from there on that is done; the largest long: none is. */
    public long nextDone(long from) {
        return from < state.done.floor() ? from : state.done.nextPresent(from);
    }

    /** The first offset from there on that is not done. */
    public long nextNotDone(long from) {
        return state.done.nextAbsent(Math.max(from, state.done.floor()));
    }

    /** From now on; null: nobody wants to know. */
    public void onDone(@Nullable DoneListener listener) {
        state.onDone(listener);
    }

    /** Whether nothing was ever said of this record. */
    public boolean isUntouched(long offset) {
        return state.slots.find(offset) == SlotTable.ABSENT && !state.done.contains(offset);
    }

    /** Nothing is granted until {@link #resume}; settles go on. */
    public void pause(QueueOps ops) {
        begin(ops);
        operator.pause();
    }

    public void resume(QueueOps ops) {
        begin(ops);
        operator.resume();
    }

    public boolean isPaused() {
        return state.isPaused();
    }

    public RecordState stateOf(long offset) {
        return state.stateOf(offset);
    }

    public Explanation explain(long offset) {
        return inspector.explain(offset, keyed);
    }

    /** The record on which all others of that key wait; -1: there is none that is not done, or only dead ones. */
    public long keyFront(long keyHash) {
        int key = keyed == null ? KeyTable.ABSENT : keyed.find(keyHash);
        if (keyed == null || key == KeyTable.ABSENT) {
            return KeyTable.NO_OFFSET;
        }
        return keyed.holder(key) != KeyTable.NO_OFFSET ? keyed.holder(key) : keyed.head(key);
    }

    public Counts counts() {
        return inspector.counts();
    }

    /** Since it was opened. */
    public Tally tally() {
        return decisions.tally();
    }

    /** How many suspects are being tested now, each with a consumer that holds nothing else. */
    public int suspects() {
        return state.sessions.suspects();
    }

    /** How many leases a session holds. */
    public int leasesOf(long session) {
        return state.sessions.leasesOf(session);
    }

    /** The offset of the oldest ready record; -1: none is among the first {@code mostLooked} that are not done. */
    public long oldestReady(long mostLooked) {
        return inspector.oldestReady(mostLooked);
    }

    /**
     * The first records of some states in {@code [from, until)}, in order: some of them, so that nobody stands still. Of
     * what is DONE, those that were acknowledged.
     *
     * @param max how many at most
     */
    public Selection select(Set<RecordState> states, long from, long until, int max) {
        return inspector.select(states, from, until, max);
    }

    /** Heap in use, roughly. */
    public long bytes() {
        return cap.bytes();
    }

    private void begin(QueueOps ops) {
        decisions.writeTo(ops.of(groupId));
    }
}
