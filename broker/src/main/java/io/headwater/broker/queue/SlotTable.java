package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * The records of which there is more to say than "ready" or "done": parallel arrays, and an open-addressing table from
 * offset to slot in front of them. A slot keeps its number until it is freed; freed ones are used again.
 */
final class SlotTable implements IndexedHeap.Places {
    static final int ABSENT = -1;
    static final int DEFAULT_PRIORITY = 4;
    /** What one record costs, the table in front included. */
    static final int SLOT_BYTES = 56;

    private static final int FIRST_CAPACITY = 64;
    private static final byte SUSPECT = 1;
    private static final byte HOLDS_KEY = 2;
    private static final byte AGELESS = 4;
    private static final byte IN_SHIPMENT = 8;
    private static final int KEPT_SHIFT = 4;
    private static final int KEPT_MASK = 0x03 << KEPT_SHIFT;
    private static final byte NO_RECORD = 0;

    private long[] offsets = new long[FIRST_CAPACITY];
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
    private long[] scheduled = {};

    private int[] table = newTable(2 * FIRST_CAPACITY);
    private int size;
    private int used;
    private int free = ABSENT;
    private long end;

    private static int[] newTable(int length) {
        int[] empty = new int[length];
        Arrays.fill(empty, ABSENT);
        return empty;
    }

    int size() {
        return size;
    }

    int capacity() {
        return offsets.length;
    }

    /** No record at or behind this offset has a slot. */
    long end() {
        return end;
    }

    int find(long offset) {
        for (int at = home(offset); table[at] != ABSENT; at = after(at)) {
            if (offsets[table[at]] == offset) {
                return table[at];
            }
        }
        return ABSENT;
    }

    /** A slot for a record that has none: ready, of the usual priority, never delivered. */
    int add(long offset) {
        if (free == ABSENT && used == offsets.length) {
            grow();
        }
        int slot = free == ABSENT ? used++ : free;
        if (slot == free) {
            free = places[slot];
        }
        offsets[slot] = offset;
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
        link(slot);
        size++;
        end = Math.max(end, offset + 1);
        return slot;
    }

    void free(int slot) {
        unlink(slot);
        states[slot] = NO_RECORD;
        places[slot] = free;
        free = slot;
        size--;
        if (size == 0) {
            used = 0;
            free = ABSENT;
            end = 0;
        }
    }

    /** All offsets in {@code [from, to)} that have a slot, in order. */
    long[] offsetsBetween(long from, long to) {
        if (to - from >= 0 && to - from < size) {
            return lookedUp(from, (int) (to - from));
        }
        long[] found = new long[size];
        int count = 0;
        for (int slot = 0; slot < used; slot++) {
            if (states[slot] != NO_RECORD && offsets[slot] >= from && offsets[slot] < to) {
                found[count++] = offsets[slot];
            }
        }
        found = Arrays.copyOf(found, count);
        Arrays.sort(found);
        return found;
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
        return offsets[slot];
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

    /** Dead, and what follows it with the same key waits for it. */
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
            scheduled = Arrays.copyOf(scheduled, offsets.length);
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

    private void link(int slot) {
        int at = home(offsets[slot]);
        while (table[at] != ABSENT) {
            at = after(at);
        }
        table[at] = slot;
    }

    /** Moves back what a search would no longer find behind the hole. */
    private void unlink(int slot) {
        int hole = home(offsets[slot]);
        while (table[hole] != slot) {
            hole = after(hole);
        }
        for (int at = after(hole); table[at] != ABSENT; at = after(at)) {
            int home = home(offsets[table[at]]);
            if (((at - home) & (table.length - 1)) >= ((at - hole) & (table.length - 1))) {
                table[hole] = table[at];
                hole = at;
            }
        }
        table[hole] = ABSENT;
    }

    private int home(long offset) {
        return (int) ((offset * 0x9E3779B97F4A7C15L) >>> (Long.SIZE - Integer.numberOfTrailingZeros(table.length)));
    }

    private int after(int at) {
        return (at + 1) & (table.length - 1);
    }

    private void grow() {
        int capacity = 2 * offsets.length;
        offsets = Arrays.copyOf(offsets, capacity);
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
        table = newTable(2 * capacity);
        for (int slot = 0; slot < used; slot++) {
            link(slot);
        }
    }
}
