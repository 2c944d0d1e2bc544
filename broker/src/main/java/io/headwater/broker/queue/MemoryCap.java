package io.headwater.broker.queue;

/** How much heap a group may take: beyond it what needs more waits until something is settled. */
final class MemoryCap {
    /** What a record takes at most that has a key of its own. */
    private static final long RECORD_BYTES = 72;
    /** What any group may have, whatever the others took: its work goes on. */
    private static final long FREE_BYTES = 256 << 10;
    /** What any group may keep of how its records came to be done. */
    private static final long FREE_HISTORY_BYTES = 64 << 10;
    /** For so long tables have to be too large: one that empties and fills again all the time stays as it is. */
    private static final long SPARSE_MS = 1_000;

    private final QueueState state;
    private final HeapBudget budget;
    private long toldBytes;
    private long toldReasons;
    private long toldHistory;
    private long shrinkAtMs = Timers.NEVER;

    MemoryCap(QueueState state, HeapBudget budget) {
        this.state = state;
        this.budget = budget;
    }

    long bytes() {
        return slotBytes()
                + state.done.bytes()
                + state.unacknowledged.bytes()
                + state.timers.bytes()
                + state.reasons.bytes()
                + state.slots.scheduledBytes()
                + state.wokenBytes()
                + state.order().bytes();
    }

    /** Gives back what has not been needed for a while, and tells the budget what the group takes by now. */
    void turn(long nowMs) {
        if (!state.isSparse()) {
            shrinkAtMs = Timers.NEVER;
        } else if (shrinkAtMs == Timers.NEVER) {
            shrinkAtMs = nowMs + SPARSE_MS;
        } else if (nowMs >= shrinkAtMs) {
            state.shrink();
            shrinkAtMs = Timers.NEVER;
        }
        tellReasons(state.reasons.textBytes());
        boundHistory();
        tell(bytes() - toldReasons - toldHistory);
    }

    private void boundHistory() {
        long bytes = state.unacknowledged.bytes();
        if (bytes > FREE_HISTORY_BYTES && !budget.admitsHistory(bytes - toldHistory)) {
            state.unacknowledged.forgetHalf();
        }
        tellHistory(state.unacknowledged.bytes());
    }

    private void tellHistory(long bytes) {
        budget.changed(HeapBudget.Use.HISTORY, bytes - toldHistory);
        toldHistory = bytes;
    }

    /** When a {@link #turn} gives something back, on the monotonic clock; the largest long: never, as things are. */
    long nextShrinkMs() {
        return shrinkAtMs;
    }

    /** The group is gone. */
    void giveBack() {
        tellReasons(0);
        tellHistory(0);
        tell(0);
    }

    private void tell(long bytes) {
        budget.changed(HeapBudget.Use.RECORDS, bytes - toldBytes);
        toldBytes = bytes;
    }

    /** At once, and not only with the next turn: all groups share what there is for reasons. */
    private void tellReasons(long bytes) {
        if (bytes != toldReasons) {
            budget.changed(HeapBudget.Use.REASONS, bytes - toldReasons);
            toldReasons = bytes;
        }
    }

    /** Whether a reason may be kept. To be asked before it goes into the log. */
    boolean admitsReason(String text) {
        tellReasons(state.reasons.textBytes());
        return budget.admitsReasons(state.reasons.bytesFor(text));
    }

    /** Whether a record may be granted that needs a slot. */
    boolean admitsGrant() {
        return state.slots.size() < state.slots.capacity() || admits(slotBytes());
    }

    /** An eighth is kept for grants: a group full of scheduled records still delivers the others. */
    boolean admitsPublish(int records) {
        if (!admits(records * RECORD_BYTES)) {
            return false;
        }
        int capacity = state.slots.capacity();
        return admits(slotBytes()) || state.slots.size() + records <= capacity - capacity / 8;
    }

    private boolean admits(long moreBytes) {
        long bytes = bytes();
        return bytes + moreBytes <= Math.min(FREE_BYTES, budget.maxBytes() / 2)
                || budget.admits(bytes - toldBytes - toldReasons - toldHistory + moreBytes);
    }

    private long slotBytes() {
        return (long) state.slots.capacity() * SlotTable.SLOT_BYTES;
    }
}
