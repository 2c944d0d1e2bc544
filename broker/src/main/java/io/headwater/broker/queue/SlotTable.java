package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * The records of which there is more to say than "ready" or "done": parallel arrays behind an index from offset to slot.
 * A slot keeps its number until it is freed or the table shrinks.
 */
final class SlotTable implements IndexedHeap.Places {
    static final int ABSENT = RowIndex.ABSENT;
    static final int DEFAULT_PRIORITY = 4;
    /** What one record costs, the index included. */
    static final int SLOT_BYTES = 40 + RowIndex.ROW_BYTES;

    private static final int FIRST_CAPACITY = RowIndex.FIRST_CAPACITY;
    private static final byte SUSPECT = 1;
    private static final byte HOLDS_KEY = 2;
    private static final byte AGELESS = 4;
    private static final byte IN_SHIPMENT = 8;
    private static final int KEPT_SHIFT = 4;
    private static final int KEPT_MASK = 0x03 << KEPT_SHIFT;
    private static final byte NO_RECORD = 0;
    private static final long[] NONE = {};

    private final RowIndex index = new RowIndex();
    private long[] times = new long[FIRST_CAPACITY];
    private long[] sessions = new long[FIRST_CAPACITY];
    private int[] leasesMs = new int[FIRST_CAPACITY];
    private int[] deliveries = new int[FIRST_CAPACITY];
    private int[] failures = new int[FIRST_CAPACITY];
    private int[] places = new int[FIRST_CAPACITY];
    private byte[] states = new byte[FIRST_CAPACITY];
    private byte[] priorities = new byte[FIRST_CAPACITY];
    private byte[] flags = new byte[FIRST_CAPACITY];
    private byte[] lastCauses = new byte[FIRST_CAPACITY];
    private int[] heldSince = new int[FIRST_CAPACITY];
    /** Grows with the first that is scheduled. */
    private long[] scheduled = NONE;

    private long end;

    int size() {
        return index.size();
    }

    int capacity() {
        return index.capacity();
    }

    /** No record at or behind this offset has a slot. */
    long end() {
        return end;
    }

    int find(long offset) {
        return index.find(offset);
    }

    /** A slot for a record that has none: ready, of the usual priority, never delivered. */
    int add(long offset) {
        int slot = index.add(offset);
        if (slot >= times.length) {
            grow();
        }
        times[slot] = 0;
        sessions[slot] = 0;
        leasesMs[slot] = 0;
        deliveries[slot] = 0;
        failures[slot] = 0;
        places[slot] = IndexedHeap.NOWHERE;
        states[slot] = RecordState.READY.id;
        priorities[slot] = DEFAULT_PRIORITY;
        flags[slot] = 0;
        lastCauses[slot] = 0;
        heldSince[slot] = 0;
        if (slot < scheduled.length) {
            scheduled[slot] = 0;
        }
        end = Math.max(end, offset + 1);
        return slot;
    }

    void free(int slot) {
        states[slot] = NO_RECORD;
        index.free(slot);
        if (index.size() == 0) {
            end = 0;
        }
    }

    /** All offsets in {@code [from, to)} that have a slot, in order. */
    long[] offsetsBetween(long from, long to) {
        if (to - from >= 0 && to - from < size()) {
            return lookedUp(from, (int) (to - from));
        }
        long[] found = new long[size()];
        int count = 0;
        for (int slot = 0; slot < index.used(); slot++) {
            if (states[slot] != NO_RECORD && offset(slot) >= from && offset(slot) < to) {
                found[count++] = offset(slot);
            }
        }
        found = Arrays.copyOf(found, count);
        Arrays.sort(found);
        return found;
    }

    /** All slots, in the order of their offsets. */
    int[] byOffset() {
        int[] slots = new int[size()];
        long[] packed = new long[size()];
        int count = 0;
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int slot = 0; slot < index.used(); slot++) {
            if (states[slot] != NO_RECORD) {
                slots[count++] = slot;
                least = Math.min(least, offset(slot));
                most = Math.max(most, offset(slot));
            }
        }
        int slotBits = Integer.SIZE - Integer.numberOfLeadingZeros(index.used());
        if (count > 0 && (most - least) >>> (Long.SIZE - 1 - slotBits) > 0) {
            return sortedByLookUp(slots);
        }
        for (int i = 0; i < count; i++) {
            packed[i] = (offset(slots[i]) - least) << slotBits | slots[i];
        }
        // Most came in the order of their offsets: the sort finds that out.
        Arrays.sort(packed);
        for (int i = 0; i < count; i++) {
            slots[i] = (int) (packed[i] & (1L << slotBits) - 1);
        }
        return slots;
    }

    /** Offsets too far apart to be sorted together with their slots. */
    private int[] sortedByLookUp(int[] slots) {
        long[] offsets = offsetsBetween(0, Long.MAX_VALUE);
        for (int i = 0; i < slots.length; i++) {
            slots[i] = find(offsets[i]);
        }
        return slots;
    }

    private long[] lookedUp(long from, int offsets) {
        long[] found = new long[offsets];
        int count = 0;
        for (long offset = from; offset < from + offsets; offset++) {
            if (find(offset) != ABSENT) {
                found[count++] = offset;
            }
        }
        return Arrays.copyOf(found, count);
    }

    long offset(int slot) {
        return index.key(slot);
    }

    RecordState state(int slot) {
        return RecordState.of(states[slot]);
    }

    void state(int slot, RecordState state) {
        states[slot] = state.id;
    }

    /**
     * Leased: when the lease ends, on the monotonic clock. Dead, moving: since when, wall time. Else: not before this wall
     * time; 0: at once.
     */
    long timeMs(int slot) {
        return times[slot];
    }

    void timeMs(int slot, long timeMs) {
        times[slot] = timeMs;
    }

    long session(int slot) {
        return sessions[slot];
    }

    int leaseMs(int slot) {
        return leasesMs[slot];
    }

    void lease(int slot, long session, int leaseMs) {
        sessions[slot] = session;
        leasesMs[slot] = leaseMs;
    }

    int deliveries(int slot) {
        return deliveries[slot];
    }

    void deliveries(int slot, int count) {
        deliveries[slot] = count;
    }

    int failures(int slot) {
        return failures[slot];
    }

    void failures(int slot, int count) {
        failures[slot] = count;
    }

    int priority(int slot) {
        return priorities[slot];
    }

    void priority(int slot, int priority) {
        priorities[slot] = (byte) priority;
    }

    boolean isSuspect(int slot) {
        return (flags[slot] & SUSPECT) != 0;
    }

    void suspect(int slot, boolean suspect) {
        flags[slot] = (byte) (suspect ? flags[slot] | SUSPECT : flags[slot] & ~SUSPECT);
    }

    /** Dead or moving, and what follows it with the same key waits for it. */
    boolean holdsKey(int slot) {
        return (flags[slot] & HOLDS_KEY) != 0;
    }

    void holdsKey(int slot, boolean holds) {
        flags[slot] = (byte) (holds ? flags[slot] | HOLDS_KEY : flags[slot] & ~HOLDS_KEY);
    }

    /** Dead: the id of a {@link Kept}. */
    int kept(int slot) {
        return (flags[slot] & KEPT_MASK) >>> KEPT_SHIFT;
    }

    void kept(int slot, int why) {
        flags[slot] = (byte) ((flags[slot] & ~KEPT_MASK) | (why << KEPT_SHIFT));
    }

    /** Moving, and in the batch that is under way. */
    boolean isInShipment(int slot) {
        return (flags[slot] & IN_SHIPMENT) != 0;
    }

    void isInShipment(int slot, boolean in) {
        flags[slot] = (byte) (in ? flags[slot] | IN_SHIPMENT : flags[slot] & ~IN_SHIPMENT);
    }

    /** How the last attempt that has ended did so: the id of a {@link Cause}, 0: none has. */
    byte lastCause(int slot) {
        return lastCauses[slot];
    }

    void lastCause(int slot, byte cause) {
        lastCauses[slot] = cause;
    }

    /** Leased: since when, in units of its user's. Else without meaning. */
    int heldSince(int slot) {
        return heldSince[slot];
    }

    void heldSince(int slot, int time) {
        heldSince[slot] = time;
    }

    /** When its producer wants it, as a wall time; 0: at once. */
    long scheduledMs(int slot) {
        return slot < scheduled.length ? scheduled[slot] : 0;
    }

    void scheduledMs(int slot, long dueMs) {
        if (slot >= scheduled.length && dueMs > 0) {
            scheduled = Arrays.copyOf(scheduled, capacity());
        }
        if (slot < scheduled.length) {
            scheduled[slot] = dueMs;
        }
    }

    /** Somebody has asked for it again: it does not become too old any more. */
    boolean isAgeless(int slot) {
        return (flags[slot] & AGELESS) != 0;
    }

    void ageless(int slot, boolean ageless) {
        flags[slot] = (byte) (ageless ? flags[slot] | AGELESS : flags[slot] & ~AGELESS);
    }

    /** Heap of what not all groups need. */
    long scheduledBytes() {
        return (long) scheduled.length * Long.BYTES;
    }

    @Override
    public int place(int slot) {
        return places[slot];
    }

    @Override
    public void place(int slot, int place) {
        places[slot] = place;
    }

    boolean isSparse() {
        return index.isSparse();
    }

    /** As {@link RowIndex#shrink}: whoever keeps slots has to be told. Between turns only, while nobody has one in hand. */
    int[] shrink() {
        int[] numbers = index.shrink();
        int capacity = capacity();
        times = RowIndex.moved(times, numbers, capacity);
        sessions = RowIndex.moved(sessions, numbers, capacity);
        leasesMs = RowIndex.moved(leasesMs, numbers, capacity);
        deliveries = RowIndex.moved(deliveries, numbers, capacity);
        failures = RowIndex.moved(failures, numbers, capacity);
        places = RowIndex.moved(places, numbers, capacity);
        states = RowIndex.moved(states, numbers, capacity);
        priorities = RowIndex.moved(priorities, numbers, capacity);
        flags = RowIndex.moved(flags, numbers, capacity);
        lastCauses = RowIndex.moved(lastCauses, numbers, capacity);
        heldSince = RowIndex.moved(heldSince, numbers, capacity);
        scheduled = scheduled.length == 0 || size() == 0 ? NONE : RowIndex.moved(scheduled, numbers, capacity);
        return numbers;
    }

    private void grow() {
        int capacity = capacity();
        times = Arrays.copyOf(times, capacity);
        sessions = Arrays.copyOf(sessions, capacity);
        leasesMs = Arrays.copyOf(leasesMs, capacity);
        deliveries = Arrays.copyOf(deliveries, capacity);
        failures = Arrays.copyOf(failures, capacity);
        places = Arrays.copyOf(places, capacity);
        states = Arrays.copyOf(states, capacity);
        priorities = Arrays.copyOf(priorities, capacity);
        flags = Arrays.copyOf(flags, capacity);
        lastCauses = Arrays.copyOf(lastCauses, capacity);
        heldSince = Arrays.copyOf(heldSince, capacity);
    }
}
