package io.headwater.broker.queue;

import org.jspecify.annotations.Nullable;

/**
 * What a group knows of its records. It changes by operations alone, whether they were just decided or come back from
 * the log, so that a replay leads where life led. While a log is replayed there are neither timers nor an order.
 *
 * <p>Everything below {@link #end} that is neither done nor in a slot is ready.
 */
final class QueueState implements QueueChange {
    /** Since when leases are held is told to a person. */
    private static final int HELD_UNIT_MS = 100;

    private static final int HELD_BEFORE = -1;

    final OffsetBitmap done;
    final Unacknowledged unacknowledged;
    final SlotTable slots = new SlotTable();
    final SessionTable sessions = new SessionTable();
    final Timers timers = new Timers(slots);
    final Reasons reasons = new Reasons();
    final Answers answers = new Answers();
    private final int[] counts = new int[RecordState.UNCOMMITTED.id + 1];
    private @Nullable ReadyOrder order;
    /** The highest that any lease has had: what is replayed goes on above it, as nothing is known of it any more. */
    private int highestAttempt;

    private boolean surveyed;
    private @Nullable Shipment shipment;
    private long lastShipment;
    private boolean paused;
    private long nowMs;
    private long openedMs;
    private @Nullable Woken woken;

    private @Nullable DoneListener doneListener;

    QueueState(long startOffset) {
        done = new OffsetBitmap(startOffset);
        unacknowledged = new Unacknowledged(startOffset);
    }

    /** The replay is over: every lease runs anew, and its session has its grace. */
    void open(ReadyOrder newOrder, long timeMs, long graceMs) {
        nowMs = timeMs;
        openedMs = timeMs;
        for (long offset : slots.offsetsBetween(0, Long.MAX_VALUE)) {
            int slot = slots.find(offset);
            if (slots.state(slot) == RecordState.LEASED) {
                slots.timeMs(slot, nowMs + slots.leaseMs(slot));
                slots.heldSince(slot, HELD_BEFORE);
            }
            timers.add(slot);
            newOrder.add(slot);
        }
        sessions.allLost(nowMs + graceMs);
        order = newOrder;
    }

    boolean isOpen() {
        return order != null;
    }

    ReadyOrder order() {
        if (order == null) {
            throw new IllegalStateException("queue: not open");
        }
        return order;
    }

    /** The monotonic clock as of now, for the leases of the operations that follow. */
    void clock(long newNowMs) {
        nowMs = newNowMs;
    }

    boolean isSurveyed() {
        return surveyed;
    }

    boolean isPaused() {
        return paused;
    }

    int highestAttempt() {
        return highestAttempt;
    }

    int count(RecordState state) {
        return counts[state.id];
    }

    RecordState stateOf(long offset) {
        if (done.contains(offset)) {
            return RecordState.DONE;
        }
        if (offset >= order().end()) {
            return RecordState.UNCOMMITTED;
        }
        int slot = slots.find(offset);
        return slot == SlotTable.ABSENT ? RecordState.READY : slots.state(slot);
    }

    boolean isAcknowledged(long offset) {
        return done.contains(offset) && unacknowledged.of(offset) == HowDone.ACKNOWLEDGED;
    }

    /** Leased: since when, on the monotonic clock; {@link Explanation#BEFORE}: it came back from the log. */
    long heldSinceMs(int slot) {
        int held = slots.heldSince(slot);
        return held == HELD_BEFORE ? Explanation.BEFORE : openedMs + (long) held * HELD_UNIT_MS;
    }

    /** Those that are due by now become ready. No operation: which ones they are is in the log, when is on the clock. */
    void wake(long wallMs) {
        for (int slot = timers.due(wallMs); slot != SlotTable.ABSENT; slot = timers.due(wallMs)) {
            timers.remove(slot);
            become(slot, RecordState.READY);
            order().woke(slot);
            if (woken != null && slots.deliveries(slot) == 0) {
                woken.add(slot);
            }
        }
    }

    /** Null: nobody wants to know. */
    void onDone(@Nullable DoneListener listener) {
        doneListener = listener;
    }

    /** Whether {@link #shrink} gives back much. */
    boolean isSparse() {
        return slots.isSparse() || order().isSparse();
    }

    /** Gives back what was needed for more than there is. Between turns only: slots get other numbers. */
    void shrink() {
        if (slots.isSparse()) {
            int[] numbers = slots.shrink();
            timers.renumbered(numbers);
            reasons.renumbered(numbers, slots.capacity());
            if (woken != null) {
                woken.renumbered(numbers);
            }
            order().renumbered(numbers);
        }
        order().shrink();
    }

    /** From now on records become too old. */
    Woken keepWoken() {
        Woken kept = woken;
        if (kept == null) {
            kept = new Woken(slots);
            woken = kept;
        }
        return kept;
    }

    void forgetWoken() {
        woken = null;
    }

    long wokenBytes() {
        return woken == null ? 0 : woken.bytes();
    }

    /** Whether it waits for the first time. */
    boolean isScheduled(int slot) {
        return slots.state(slot) == RecordState.WAITING && slots.deliveries(slot) == 0;
    }

    @Override
    public void published(long offset, long count, int priority, long dueMs) {
        for (long at = offset; at < offset + count; at++) {
            int slot = begin(at);
            if (slot != SlotTable.ABSENT) {
                slots.priority(slot, priority);
                slots.scheduledMs(slot, dueMs);
                end(slot, dueMs > 0 ? RecordState.WAITING : RecordState.READY, dueMs);
            }
        }
    }

    @Override
    public void granted(long offset, long count, int attempt, long session, int leaseMs) {
        highestAttempt = Math.max(highestAttempt, attempt);
        for (long at = offset; at < offset + count; at++) {
            int slot = begin(at);
            if (slot != SlotTable.ABSENT) {
                slots.deliveries(slot, attempt);
                slots.lease(slot, session, leaseMs);
                slots.heldSince(slot, (int) ((nowMs - openedMs) / HELD_UNIT_MS));
                sessions.took(session, slots.isSuspect(slot));
                end(slot, RecordState.LEASED, nowMs + leaseMs);
            }
        }
    }

    @Override
    public void extended(long offset, long count, int leaseMs) {
        for (long at = offset; at < offset + count; at++) {
            int slot = slots.find(at);
            if (slot != SlotTable.ABSENT && slots.state(slot) == RecordState.LEASED) {
                slots.lease(slot, slots.session(slot), leaseMs);
                slots.timeMs(slot, nowMs + leaseMs);
                if (isOpen()) {
                    timers.extended(slot);
                }
            }
        }
    }

    @Override
    public void acked(long offset, long count) {
        finish(offset, offset + count);
    }

    @Override
    public void removed(long offset, long count) {
        finish(offset, offset + count);
        unacknowledged.removed.add(offset, offset + count);
    }

    @Override
    public void returned(long offset, long count, Ending ending, long dueMs) {
        for (long at = offset; at < offset + count; at++) {
            int slot = begin(at);
            if (slot != SlotTable.ABSENT) {
                attemptEnded(slot, ending);
                end(slot, dueMs > 0 ? RecordState.WAITING : RecordState.READY, dueMs);
            }
        }
    }

    @Override
    public void died(long offset, long count, Ending ending, Burial burial, long atMs) {
        for (long at = offset; at < offset + count; at++) {
            int slot = begin(at);
            if (slot != SlotTable.ABSENT) {
                attemptEnded(slot, ending);
                slots.kept(slot, Kept.NOT.id);
                slots.holdsKey(slot, burial == Burial.HOLDS_KEY);
                end(slot, burial == Burial.MOVING ? RecordState.MOVING : RecordState.DEAD, atMs);
            }
        }
    }

    @Override
    public void sent(Shipment next) {
        if (shipment != null) {
            load(shipment, false);
        }
        load(next, true);
        shipment = next.size() == 0 ? null : next;
        lastShipment = next.number();
    }

    /**
     * Its records go, or are what they were before. What waited keeps its place in its key's line meanwhile: it may have to
     * come back, and what follows must not have overtaken it then.
     */
    private void load(Shipment cargo, boolean goes) {
        rising(true);
        for (int i = 0; i < cargo.size(); i++) {
            int slot = begin(cargo.offset(i));
            if (slot != SlotTable.ABSENT) {
                RecordState before = cargo.before(i);
                slots.isInShipment(slot, goes);
                if (before == RecordState.READY || before == RecordState.WAITING) {
                    slots.holdsKey(slot, goes);
                }
                end(slot, goes ? RecordState.MOVING : before, cargo.timeMs(i));
            }
        }
        rising(false);
    }

    private void rising(boolean on) {
        if (order != null) {
            order.rising(on);
        }
    }

    @Override
    public void arrived(long number) {
        Shipment there = shipment;
        if (there == null || there.number() != number) {
            // A replay of what a snapshot holds.
            return;
        }
        rising(true);
        for (int at = 0; at < there.size(); at = there.endOfRun(at)) {
            long from = there.offset(at);
            long to = from + there.endOfRun(at) - at;
            finish(from, to);
            unacknowledged.moved.add(from, to);
        }
        rising(false);
        shipment = null;
    }

    @Override
    public void kept(long offset, long count, Kept why) {
        for (long at = offset; at < offset + count; at++) {
            int slot = begin(at);
            if (slot != SlotTable.ABSENT) {
                slots.isInShipment(slot, false);
                slots.kept(slot, why.id);
                end(slot, RecordState.DEAD, slots.timeMs(slot));
            }
        }
    }

    /** Null: none is under way. */
    @Nullable
    Shipment shipment() {
        return shipment;
    }

    /** The number of the last that was; 0: none ever was. */
    long lastShipment() {
        return lastShipment;
    }

    private void attemptEnded(int slot, Ending ending) {
        Cause cause = ending.cause();
        slots.failures(slot, ending.failures());
        slots.lastCause(slot, cause.id);
        if (cause.isFailure()) {
            reasons.set(slot, ending.reason(), slots.capacity());
        }
        switch (cause.suspicion) {
            case CLEARED -> slots.suspect(slot, false);
            case RAISED -> slots.suspect(slot, true);
            case AS_BEFORE -> {}
        }
    }

    @Override
    public void redriven(long offset, long count) {
        for (long at = offset; at < offset + count; at++) {
            int slot = begin(at);
            if (slot != SlotTable.ABSENT) {
                slots.failures(slot, 0);
                slots.ageless(slot, true);
                slots.suspect(slot, false);
                slots.holdsKey(slot, false);
                slots.kept(slot, Kept.NOT.id);
                end(slot, RecordState.READY, 0);
            }
        }
    }

    @Override
    public void replayed(long offset, long count, int attempt, int priority, long dueMs) {
        for (long at = offset; at < offset + count; at++) {
            // Else it was replayed before, as the snapshot knows that this goes on from, and what followed comes again.
            boolean wasDone = done.contains(at);
            if (wasDone) {
                done.remove(at, at + 1);
                unacknowledged.livesAgain(at);
            } else {
                free(begin(at));
            }
            int slot = restore(at, RecordState.READY);
            slots.deliveries(slot, attempt);
            slots.priority(slot, priority);
            slots.scheduledMs(slot, dueMs);
            slots.ageless(slot, true);
            end(slot, dueMs > 0 ? RecordState.WAITING : RecordState.READY, dueMs);
        }
    }

    @Override
    public void answered(Answered answer) {
        answers.add(answer);
    }

    @Override
    public void retracted(long from) {
        for (long offset : slots.offsetsBetween(from, Long.MAX_VALUE)) {
            free(begin(offset));
        }
    }

    @Override
    public void surveyed() {
        surveyed = true;
    }

    @Override
    public void paused() {
        paused = true;
    }

    @Override
    public void resumed() {
        paused = false;
    }

    /** The slot of a record that changes, out of all indexes; a new one if it had none; {@link SlotTable#ABSENT}: done. */
    private int begin(long offset) {
        if (done.contains(offset)) {
            return SlotTable.ABSENT;
        }
        int slot = slots.find(offset);
        if (slot == SlotTable.ABSENT) {
            slot = slots.add(offset);
            counts[RecordState.READY.id]++;
        }
        if (order != null) {
            timers.remove(slot);
            order.remove(slot);
        }
        if (slots.state(slot) == RecordState.LEASED) {
            sessions.gaveBack(slots.session(slot), slots.isSuspect(slot));
        }
        return slot;
    }

    private void end(int slot, RecordState state, long timeMs) {
        become(slot, state);
        slots.timeMs(slot, timeMs);
        if (order != null) {
            timers.add(slot);
            order.add(slot);
        }
    }

    private void become(int slot, RecordState state) {
        counts[slots.state(slot).id]--;
        counts[state.id]++;
        slots.state(slot, state);
    }

    private void free(int slot) {
        reasons.set(slot, "", slots.capacity());
        if (woken != null) {
            woken.remove(slot);
        }
        counts[slots.state(slot).id]--;
        slots.free(slot);
    }

    private void finish(long from, long to) {
        long gap = from;
        for (long at = from; at < to; at++) {
            int slot = slots.find(at);
            if (slot != SlotTable.ABSENT) {
                finishUntouched(gap, at);
                free(begin(at));
                gap = at + 1;
            }
        }
        finishUntouched(gap, to);
        done.add(from, to);
        if (doneListener != null) {
            doneListener.done(from, to);
        }
        if (order != null) {
            order.done(from, to);
        }
    }

    private void finishUntouched(long from, long to) {
        if (order != null && from < to) {
            order.removeRun(from, to);
        }
    }

    /** Before a snapshot is read into it. */
    void reset(int attempt, boolean wasPaused, boolean wasSurveyed) {
        if (isOpen() || slots.size() > 0) {
            throw new IllegalStateException("queue: a snapshot comes first (expected: nothing before it)");
        }
        highestAttempt = attempt;
        paused = wasPaused;
        surveyed = wasSurveyed;
    }

    /** The slot of a record that a snapshot speaks of, in that state and otherwise as new. */
    int restore(long offset, RecordState state) {
        int slot = slots.add(offset);
        counts[state.id]++;
        slots.state(slot, state);
        return slot;
    }
}
