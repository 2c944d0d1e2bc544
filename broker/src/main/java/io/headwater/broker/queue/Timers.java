package io.headwater.broker.queue;

import java.util.Arrays;

/** Which lease ends next, which waiting record is due next, and which dead one is to be moved next. */
final class Timers {
    /** No timer runs. */
    static final long NEVER = Long.MAX_VALUE;

    private final SlotTable slots;
    private final IndexedHeap leases;
    private final IndexedHeap waiting;
    private final IndexedHeap moving;

    Timers(SlotTable slots) {
        this.slots = slots;
        IndexedHeap.Order byTime = (slot, other) -> {
            long timeMs = slots.timeMs(slot);
            long otherMs = slots.timeMs(other);
            return timeMs == otherMs ? slots.offset(slot) < slots.offset(other) : timeMs < otherMs;
        };
        this.leases = new IndexedHeap(byTime, slots);
        this.waiting = new IndexedHeap(byTime, slots);
        this.moving = new IndexedHeap(byTime, slots);
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
            case WAITING -> waiting.remove(slot);
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
        return waiting.isEmpty() || slots.timeMs(waiting.top()) > wallMs ? SlotTable.ABSENT : waiting.top();
    }

    long nextExpiryMs() {
        return leases.isEmpty() ? NEVER : slots.timeMs(leases.top());
    }

    long nextDueMs() {
        return waiting.isEmpty() ? NEVER : slots.timeMs(waiting.top());
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
        moving.renumbered(numbers);
    }

    long bytes() {
        return leases.bytes() + waiting.bytes() + moving.bytes();
    }
}
