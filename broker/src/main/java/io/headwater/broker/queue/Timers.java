package io.headwater.broker.queue;

import java.util.Arrays;

/** Which lease ends next, which waiting record is due next, and which dead one is to be moved next. */
final class Timers {
    /** No timer runs. */
    static final long NEVER = Long.MAX_VALUE;

    private final SlotTable slots;
    private final IndexedHeap leases;
    private final IndexedHeap waiting;
    /** What is waiting and was told by {@link #dueSoon}. */
    private final IndexedHeap soon;

    private final IndexedHeap moving;

    Timers(SlotTable slots) {
        this.slots = slots;
        this.leases = new IndexedHeap(this::isBefore, slots);
        this.waiting = new IndexedHeap(this::isBefore, slots);
        this.soon = new IndexedHeap(this::isBefore, slots);
        this.moving = new IndexedHeap(this::isBefore, slots);
    }

    private boolean isBefore(int slot, int other) {
        long timeMs = slots.timeMs(slot);
        long otherMs = slots.timeMs(other);
        return timeMs == otherMs ? slots.offset(slot) < slots.offset(other) : timeMs < otherMs;
    }

    void add(int slot) {
        switch (slots.state(slot)) {
            case LEASED -> leases.add(slot);
            case WAITING -> waiting.add(slot);
            case MOVING -> {
                if (!slots.isInShipment(slot)) {
                    moving.add(slot);
                }
            }
            default -> {}
        }
    }

    void remove(int slot) {
        switch (slots.state(slot)) {
            case LEASED -> leases.remove(slot);
            case WAITING -> (soon.contains(slot) ? soon : waiting).remove(slot);
            case MOVING -> {
                if (!slots.isInShipment(slot)) {
                    moving.remove(slot);
                }
            }
            default -> {}
        }
    }

    void extended(int slot) {
        leases.reorder(slot);
    }

    /** A slot whose lease has ended, or {@link SlotTable#ABSENT}. */
    int expired(long nowMs) {
        return leases.isEmpty() || slots.timeMs(leases.top()) > nowMs ? SlotTable.ABSENT : leases.top();
    }

    /** A slot that is due, or {@link SlotTable#ABSENT}. */
    int due(long wallMs) {
        int next = nextDue();
        return next == SlotTable.ABSENT || slots.timeMs(next) > wallMs ? SlotTable.ABSENT : next;
    }

    private int nextDue() {
        if (soon.isEmpty() || waiting.isEmpty()) {
            IndexedHeap left = soon.isEmpty() ? waiting : soon;
            return left.isEmpty() ? SlotTable.ABSENT : left.top();
        }
        return isBefore(soon.top(), waiting.top()) ? soon.top() : waiting.top();
    }

    /**
     * The offsets of what is due next, up to a wall time and at most so many, in that order; but for those that an earlier
     * call has told.
     */
    long[] dueSoon(long wallMs, int most) {
        long[] found = new long[Math.min(most, waiting.size())];
        int count = 0;
        while (count < found.length && slots.timeMs(waiting.top()) <= wallMs) {
            int slot = waiting.top();
            waiting.remove(slot);
            soon.add(slot);
            found[count++] = slots.offset(slot);
        }
        return Arrays.copyOf(found, count);
    }

    long nextExpiryMs() {
        return leases.isEmpty() ? NEVER : slots.timeMs(leases.top());
    }

    long nextDueMs() {
        int next = nextDue();
        return next == SlotTable.ABSENT ? NEVER : slots.timeMs(next);
    }

    /** The offsets of all that a session holds, in order. */
    long[] leasedBy(long session) {
        long[] found = new long[leases.size()];
        int count = 0;
        for (int place = 0; place < leases.size(); place++) {
            if (slots.session(leases.at(place)) == session) {
                found[count++] = slots.offset(leases.at(place));
            }
        }
        found = Arrays.copyOf(found, count);
        Arrays.sort(found);
        return found;
    }

    /** The offsets of those that died first and are in no batch yet, in order. */
    long[] moving(int max) {
        int[] taken = new int[Math.min(max, moving.size())];
        long[] found = new long[taken.length];
        for (int i = 0; i < taken.length; i++) {
            taken[i] = moving.top();
            found[i] = slots.offset(taken[i]);
            moving.remove(taken[i]);
        }
        for (int slot : taken) {
            moving.add(slot);
        }
        Arrays.sort(found);
        return found;
    }

    /** Slots have other numbers now. */
    void renumbered(int[] numbers) {
        leases.renumbered(numbers);
        waiting.renumbered(numbers);
        soon.renumbered(numbers);
        moving.renumbered(numbers);
    }

    long bytes() {
        return leases.bytes() + waiting.bytes() + soon.bytes() + moving.bytes();
    }
}
