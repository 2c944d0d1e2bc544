package io.headwater.broker.queue;

/** How much heap a group may take: beyond it what needs more waits until something is settled. */
final class MemoryCap {
    /** What a record takes at most that has a key of its own. */
    private static final long RECORD_BYTES = 72;
    /** What any group may have, whatever the others took: its work goes on. */
    private static final long FREE_BYTES = 256 << 10;

    private final QueueState state;
    private final HeapBudget budget;
    private long toldBytes;

    MemoryCap(QueueState state, HeapBudget budget) {
        this.state = state;
        this.budget = budget;
    }

    long bytes() {
        return slotBytes()
                + state.done.bytes()
                + state.timers.bytes()
                + state.reasons.bytes()
                + state.slots.scheduledBytes()
                + state.wokenBytes()
                + state.order().bytes();
    }

    long budgetBytes() {
        return budget.maxBytes();
    }

    /** Tells the budget what the group takes by now. */
    void tell() {
        tell(bytes());
    }

    /** The group is gone. */
    void giveBack() {
        tell(0);
    }

    private void tell(long bytes) {
        budget.changed(bytes - toldBytes);
        toldBytes = bytes;
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
                || budget.admits(bytes - toldBytes + moreBytes);
    }

    private long slotBytes() {
        return (long) state.slots.capacity() * SlotTable.SLOT_BYTES;
    }
}
