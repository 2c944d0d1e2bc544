package io.headwater.broker.queue;

import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2LongHashMap;

/**
 * First in, first out per key: of each key only the first record that waits may be delivered, and only while no other
 * one is leased, but to who has just got that one. The leased ones of a key are a line of their own. Keys stand in a heap
 * by their highest priority, then by their first record, so that finding the next one does not look at the backlog.
 * Derived from the records' states and the hashes of their keys, which are told again after a restart.
 */
final class KeyedOrder implements ReadyOrder {
    private static final byte NO_QUEUE = 0;
    private static final byte READY = 1;
    private static final byte SUSPECTS = 2;
    private static final int PRIORITIES = 10;
    private static final int FEW_PAGES = 4;

    private final OffsetBitmap done;
    private final SlotTable slots;
    private final KeyTable keys = new KeyTable();
    private final RecordChain chain;
    private final IndexedHeap ready;
    private final IndexedHeap suspects;
    /** For keys with a record of another priority than the usual one: how many of each wait. */
    private Int2ObjectHashMap<int[]> priorities = new Int2ObjectHashMap<>();

    /** While records come by rising offsets: a place in a key's line, before which the next one does not stand. */
    private final Long2LongHashMap hints = new Long2LongHashMap(KeyTable.NO_OFFSET);

    private boolean rising;
    private long end;

    KeyedOrder(OffsetBitmap done, SlotTable slots) {
        this.done = done;
        this.slots = slots;
        this.end = done.floor();
        this.chain = new RecordChain(end);
        IndexedHeap.Order order = (key, other) -> {
            int priority = keys.priority(key);
            int otherPriority = keys.priority(other);
            return priority == otherPriority ? keys.head(key) < keys.head(other) : priority > otherPriority;
        };
        this.ready = new IndexedHeap(order, keys);
        this.suspects = new IndexedHeap(order, keys);
    }

    /** The record at the end has a key of this hash. */
    void append(long hash) {
        long offset = end;
        end = offset + 1;
        if (done.contains(offset)) {
            return;
        }
        int key = keys.obtain(hash);
        keys.records(key, keys.records(key) + 1);
        chain.put(offset, key);
        int slot = slots.find(offset);
        if (slot == SlotTable.ABSENT) {
            enter(key, offset, SlotTable.DEFAULT_PRIORITY);
        } else {
            add(slot);
        }
    }

    /** A record that was done is to be delivered again; its slot follows. */
    void revive(long offset, long hash) {
        int key = keys.obtain(hash);
        keys.records(key, keys.records(key) + 1);
        chain.put(offset, key);
    }

    @Override
    public void rising(boolean on) {
        rising = on;
        hints.clear();
        if (!on) {
            hints.compact();
        }
    }

    /** A key that has records which are not done, or {@link KeyTable#ABSENT}. */
    int find(long hash) {
        return keys.find(hash);
    }

    int keyOf(long offset) {
        return chain.key(offset);
    }

    long head(int key) {
        return keys.head(key);
    }

    long holder(int key) {
        return keys.holder(key);
    }

    int keys() {
        return keys.size();
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public void add(int slot) {
        long offset = slots.offset(slot);
        if (offset >= end) {
            return;
        }
        int key = chain.key(offset);
        if (slots.state(slot) == RecordState.LEASED) {
            hold(key, offset);
            refresh(key);
        } else if (waitsForItsTurn(slot)) {
            enter(key, offset, slots.priority(slot));
        }
    }

    @Override
    public void remove(int slot) {
        long offset = slots.offset(slot);
        if (offset >= end) {
            return;
        }
        int key = chain.key(offset);
        if (slots.state(slot) == RecordState.LEASED) {
            unhold(key, offset);
            refresh(key);
        } else if (waitsForItsTurn(slot)) {
            leave(key, offset, slots.priority(slot));
        }
    }

    /** Into the line of the leased ones, which is short. */
    private void hold(int key, long offset) {
        long first = keys.holder(key);
        if (first == KeyTable.NO_OFFSET || offset < first) {
            chain.next(offset, first);
            keys.holder(key, offset);
        } else {
            long before = lastBefore(first, offset);
            chain.next(offset, chain.next(before));
            chain.next(before, offset);
        }
    }

    private void unhold(int key, long offset) {
        long next = chain.next(offset);
        if (keys.holder(key) == offset) {
            keys.holder(key, next);
        } else {
            chain.next(lastBefore(keys.holder(key), offset), next);
        }
    }

    private boolean waitsForItsTurn(int slot) {
        RecordState state = slots.state(slot);
        return state == RecordState.READY || state == RecordState.WAITING || slots.holdsKey(slot);
    }

    @Override
    public void woke(int slot) {
        if (slots.offset(slot) < end) {
            refresh(chain.key(slots.offset(slot)));
        }
    }

    @Override
    public void removeRun(long from, long to) {
        // Where the last one of its key stood: the next one is not looked for from the beginning again.
        Long2LongHashMap befores = rising ? hints : new Long2LongHashMap(KeyTable.NO_OFFSET);
        for (long offset = from; offset < Math.min(to, end); offset++) {
            int key = chain.key(offset);
            long before = leave(key, offset, SlotTable.DEFAULT_PRIORITY, befores.get(key));
            if (before != KeyTable.NO_OFFSET) {
                befores.put(key, before);
            }
        }
    }

    @Override
    public void done(long from, long to) {
        for (long offset = from; offset < Math.min(to, end); offset++) {
            int key = chain.key(offset);
            int left = keys.records(key) - 1;
            keys.records(key, left);
            if (left == 0) {
                keys.free(key);
            }
        }
        for (long offset = from; offset < to; offset = (offset / RecordChain.PAGE + 1) * RecordChain.PAGE) {
            if (done.isPageFull(offset)) {
                chain.drop(offset);
            }
        }
        chain.dropBelow(done.floor());
    }

    @Override
    public long next() {
        return ready.isEmpty() ? NONE : keys.head(ready.top());
    }

    @Override
    public long nextSuspect() {
        return suspects.isEmpty() ? NONE : keys.head(suspects.top());
    }

    @Override
    public long follower(long leased) {
        long head = keys.head(chain.key(leased));
        return head > leased && queueOf(head) == READY ? head : NONE;
    }

    @Override
    public long heldBehind(long offset) {
        if (offset >= end) {
            return NONE;
        }
        long at = keys.holder(chain.key(offset));
        while (at != KeyTable.NO_OFFSET && at <= offset) {
            at = chain.next(at);
        }
        return at == KeyTable.NO_OFFSET ? NONE : at;
    }

    @Override
    public long eligible() {
        return ready.size();
    }

    @Override
    public void renumbered(int[] numbers) {
        // Here the heaps are of keys.
    }

    /** Of many records of few keys, looking for the keys' numbers would cost more than the keys take. */
    @Override
    public boolean isSparse() {
        return keys.isSparse() && chain.pages() <= FEW_PAGES + keys.capacity() / (RecordChain.PAGE / 4);
    }

    @Override
    public void shrink() {
        if (!isSparse()) {
            return;
        }
        int[] numbers = keys.shrink();
        chain.renumbered(numbers);
        ready.renumbered(numbers);
        suspects.renumbered(numbers);
        Int2ObjectHashMap<int[]> renumbered = new Int2ObjectHashMap<>();
        priorities.forEachInt((key, counts) -> renumbered.put(numbers[key], counts));
        priorities = renumbered;
    }

    @Override
    public long bytes() {
        return keys.bytes() + chain.bytes() + ready.bytes() + suspects.bytes() + priorities.size() * 80L;
    }

    /** Into the key's line, by offset: at the end when it is new, near the beginning when it comes back. */
    private void enter(int key, long offset, int priority) {
        long head = keys.head(key);
        if (head == KeyTable.NO_OFFSET || offset < head) {
            chain.next(offset, head);
            keys.head(key, offset);
            if (head == KeyTable.NO_OFFSET) {
                keys.tail(key, offset);
            }
        } else if (offset > keys.tail(key)) {
            chain.next(keys.tail(key), offset);
            chain.next(offset, KeyTable.NO_OFFSET);
            keys.tail(key, offset);
        } else {
            long hint = hints.get(key);
            long before = lastBefore(hint == KeyTable.NO_OFFSET ? head : hint, offset);
            chain.next(offset, chain.next(before));
            chain.next(before, offset);
        }
        if (rising) {
            hints.put(key, offset);
        }
        keys.length(key, keys.length(key) + 1);
        count(key, priority, 1);
        refresh(key);
    }

    /** Out of the key's line: the first one unless it is cancelled or purged. */
    private void leave(int key, long offset, int priority) {
        long before = leave(key, offset, priority, hints.get(key));
        if (rising && before != KeyTable.NO_OFFSET) {
            hints.put(key, before);
        }
    }

    /**
     * The same, looked for from somewhere before it in the line.
     *
     * @return the one before it; none: it was the first
     */
    private long leave(int key, long offset, int priority, long somewhereBefore) {
        long head = keys.head(key);
        long next = chain.next(offset);
        long before = KeyTable.NO_OFFSET;
        if (offset == head) {
            keys.head(key, next);
        } else {
            before = lastBefore(somewhereBefore == KeyTable.NO_OFFSET ? head : somewhereBefore, offset);
            chain.next(before, next);
        }
        if (next == KeyTable.NO_OFFSET) {
            keys.tail(key, before);
        }
        keys.length(key, keys.length(key) - 1);
        count(key, priority, -1);
        refresh(key);
        return before;
    }

    private long lastBefore(long head, long offset) {
        long at = head;
        for (long next = chain.next(at); next != KeyTable.NO_OFFSET && next < offset; next = chain.next(at)) {
            at = next;
        }
        return at;
    }

    /** Keeps the key's priority, the highest of the line: an earlier record inherits that of a later one. */
    private void count(int key, int priority, int change) {
        int[] others = priorities.get(key);
        if (others == null) {
            if (priority == SlotTable.DEFAULT_PRIORITY) {
                return;
            }
            others = new int[PRIORITIES];
            priorities.put(key, others);
        }
        if (priority != SlotTable.DEFAULT_PRIORITY) {
            others[priority] += change;
        }
        int usual = keys.length(key);
        int highest = SlotTable.DEFAULT_PRIORITY;
        for (int at = 0; at < PRIORITIES; at++) {
            usual -= others[at];
            highest = others[at] > 0 ? at : highest;
        }
        if (usual == keys.length(key)) {
            priorities.remove(key);
        }
        keys.priority(key, usual > 0 ? Math.max(highest, SlotTable.DEFAULT_PRIORITY) : highest);
    }

    private void refresh(int key) {
        byte wanted = queueFor(key);
        byte present = keys.queue(key);
        if (wanted == present) {
            if (present != NO_QUEUE) {
                heap(present).reorder(key);
            }
            return;
        }
        if (present != NO_QUEUE) {
            heap(present).remove(key);
        }
        keys.queue(key, wanted);
        if (wanted != NO_QUEUE) {
            heap(wanted).add(key);
        }
    }

    private byte queueFor(int key) {
        long head = keys.head(key);
        if (head == KeyTable.NO_OFFSET || keys.holder(key) != KeyTable.NO_OFFSET) {
            return NO_QUEUE;
        }
        return queueOf(head);
    }

    private byte queueOf(long head) {
        int slot = slots.find(head);
        if (slot == SlotTable.ABSENT) {
            return READY;
        }
        if (slots.state(slot) != RecordState.READY) {
            return NO_QUEUE;
        }
        return slots.isSuspect(slot) ? SUSPECTS : READY;
    }

    private IndexedHeap heap(byte queue) {
        return queue == READY ? ready : suspects;
    }
}
