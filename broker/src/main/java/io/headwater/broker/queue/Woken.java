package io.headwater.broker.queue;

import java.util.Arrays;

/** Scheduled records that have become due and are not done, by when they did. Only where records become too old. */
final class Woken {
    private static final int[] NONE = {};

    private final SlotTable slots;
    private final IndexedHeap heap;
    private int[] places = NONE;

    /** With those that there are. */
    Woken(SlotTable slots) {
        this.slots = slots;
        this.heap = new IndexedHeap(this::isBefore, new IndexedHeap.Places() {
            @Override
            public int place(int slot) {
                return slot < places.length ? places[slot] : IndexedHeap.NOWHERE;
            }

            @Override
            public void place(int slot, int place) {
                places[slot] = place;
            }
        });
        for (long offset : slots.offsetsBetween(0, Long.MAX_VALUE)) {
            int slot = slots.find(offset);
            boolean isScheduled = slots.state(slot) == RecordState.WAITING && slots.deliveries(slot) == 0;
            if (slots.scheduledMs(slot) > 0 && !isScheduled) {
                add(slot);
            }
        }
    }

    private boolean isBefore(int slot, int other) {
        long dueMs = slots.scheduledMs(slot);
        long otherMs = slots.scheduledMs(other);
        return dueMs == otherMs ? slots.offset(slot) < slots.offset(other) : dueMs < otherMs;
    }

    void add(int slot) {
        if (slot >= places.length) {
            int before = places.length;
            places = Arrays.copyOf(places, slots.capacity());
            Arrays.fill(places, before, places.length, IndexedHeap.NOWHERE);
        }
        // One that was on its way to another topic and came back wakes a second time.
        if (places[slot] == IndexedHeap.NOWHERE) {
            heap.add(slot);
        }
    }

    /** It is done. */
    void remove(int slot) {
        if (slot < places.length && places[slot] != IndexedHeap.NOWHERE) {
            heap.remove(slot);
        }
    }

    /** Takes out one that became due before a wall time; {@link SlotTable#ABSENT}: there is none. */
    int pollBefore(long wallMs) {
        if (heap.isEmpty() || slots.scheduledMs(heap.top()) >= wallMs) {
            return SlotTable.ABSENT;
        }
        int slot = heap.top();
        heap.remove(slot);
        return slot;
    }

    /** Slots have other numbers now. */
    void renumbered(int[] numbers) {
        heap.renumbered(numbers);
        places = new int[heap.isEmpty() ? 0 : slots.capacity()];
        Arrays.fill(places, IndexedHeap.NOWHERE);
        for (int place = 0; place < heap.size(); place++) {
            places[heap.at(place)] = place;
        }
    }

    /** Heap in use, roughly. */
    long bytes() {
        return heap.bytes() + (long) places.length * Integer.BYTES;
    }
}
