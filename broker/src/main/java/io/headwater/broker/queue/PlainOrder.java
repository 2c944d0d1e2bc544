package io.headwater.broker.queue;

/**
 * Any order but for the priorities: highest first, within one by offset. What has no slot is found by a cursor: behind
 * it, nothing without a slot is left to deliver.
 */
final class PlainOrder implements ReadyOrder {
    private final OffsetBitmap done;
    private final SlotTable slots;
    private final IndexedHeap ready;
    private final IndexedHeap suspects;
    private long fresh;
    private long end;

    PlainOrder(OffsetBitmap done, SlotTable slots, long end) {
        this.done = done;
        this.slots = slots;
        this.fresh = done.floor();
        this.end = end;
        IndexedHeap.Order order = (slot, other) -> {
            int priority = slots.priority(slot);
            int otherPriority = slots.priority(other);
            return priority == otherPriority ? slots.offset(slot) < slots.offset(other) : priority > otherPriority;
        };
        this.ready = new IndexedHeap(order, slots);
        this.suspects = new IndexedHeap(order, slots);
    }

    /** Records up to there may be delivered. */
    void extend(long newEnd) {
        long from = end;
        end = newEnd;
        for (long offset = from; offset < Math.min(newEnd, slots.end()); offset++) {
            int slot = slots.find(offset);
            if (slot != SlotTable.ABSENT) {
                add(slot);
            }
        }
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public void add(int slot) {
        if (slots.state(slot) == RecordState.READY && slots.offset(slot) < end) {
            heapOf(slot).add(slot);
        }
    }

    @Override
    public void remove(int slot) {
        if (slots.state(slot) == RecordState.READY && slots.place(slot) != IndexedHeap.NOWHERE) {
            heapOf(slot).remove(slot);
        }
    }

    @Override
    public void woke(int slot) {
        add(slot);
    }

    @Override
    public void rising(boolean on) {
        // Nothing is looked for by its place.
    }

    @Override
    public void removeRun(long from, long to) {
        // The cursor passes what is done.
    }

    @Override
    public void done(long from, long to) {
        // As above.
    }

    @Override
    public long next() {
        long untouched = untouched();
        if (ready.isEmpty()) {
            return untouched;
        }
        int slot = ready.top();
        int priority = slots.priority(slot);
        if (priority == SlotTable.DEFAULT_PRIORITY) {
            return Math.min(untouched, slots.offset(slot));
        }
        return priority > SlotTable.DEFAULT_PRIORITY || untouched == NONE ? slots.offset(slot) : untouched;
    }

    @Override
    public long nextSuspect() {
        return suspects.isEmpty() ? NONE : slots.offset(suspects.top());
    }

    @Override
    public long follower(long leased) {
        return NONE;
    }

    @Override
    public long heldBehind(long offset) {
        return NONE;
    }

    @Override
    public long eligible() {
        return Math.max(0, end - done.floor() - done.size() - slots.size()) + ready.size();
    }

    @Override
    public void renumbered(int[] numbers) {
        ready.renumbered(numbers);
        suspects.renumbered(numbers);
    }

    @Override
    public boolean isSparse() {
        return false;
    }

    @Override
    public void shrink() {
        // The heaps do by themselves.
    }

    @Override
    public long bytes() {
        return ready.bytes() + suspects.bytes();
    }

    private long untouched() {
        while (fresh < end) {
            fresh = done.nextAbsent(fresh);
            if (fresh >= slots.end() || slots.find(fresh) == SlotTable.ABSENT) {
                break;
            }
            fresh++;
        }
        return fresh < end ? fresh : NONE;
    }

    private IndexedHeap heapOf(int slot) {
        return slots.isSuspect(slot) ? suspects : ready;
    }
}
