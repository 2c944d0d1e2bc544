package io.headwater.broker.queue;

/** How much heap a group may take: beyond it what needs more waits until something is settled. */
final class MemoryCap {
    /** What a record takes at most that has a key of its own. */
    private static final long RECORD_BYTES = 72;

    private final QueueState state;
    private long maxBytes;

    MemoryCap(QueueState state, long maxBytes) {
        this.state = state;
        this.maxBytes = maxBytes;
    }

    void maxBytes(long newMaxBytes) {
        maxBytes = newMaxBytes;
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

    /** Whether a record may be granted that needs a slot. */
    boolean admitsGrant() {
        return state.slots.size() < state.slots.capacity() || mayGrow();
    }

    /** An eighth is kept for grants: a group full of scheduled records still delivers the others. */
    boolean admitsPublish(int records) {
        int capacity = state.slots.capacity();
        if (records * RECORD_BYTES > maxBytes - bytes()) {
            return false;
        }
        return mayGrow() || (state.slots.size() + records <= capacity - capacity / 8 && bytes() <= maxBytes);
    }

    private boolean mayGrow() {
        return bytes() + slotBytes() <= maxBytes;
    }

    private long slotBytes() {
        return (long) state.slots.capacity() * SlotTable.SLOT_BYTES;
    }
}
