package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * The keys that have records which are not done, by the 64-bit hash of their bytes: two keys of one hash are one key
 * here, and only wait for each other needlessly. Parallel arrays behind an open-addressing table, as the slots are.
 */
final class KeyTable implements IndexedHeap.Places {
    static final int ABSENT = -1;
    static final long NO_OFFSET = -1;
    /** What one key costs, the table in front included. */
    static final int KEY_BYTES = 58;

    private static final int FIRST_CAPACITY = 64;

    private long[] hashes = new long[FIRST_CAPACITY];
    private long[] heads = new long[FIRST_CAPACITY];
    private long[] tails = new long[FIRST_CAPACITY];
    private long[] holders = new long[FIRST_CAPACITY];
    private int[] records = new int[FIRST_CAPACITY];
    private int[] lengths = new int[FIRST_CAPACITY];
    private int[] places = new int[FIRST_CAPACITY];
    private byte[] priorities = new byte[FIRST_CAPACITY];
    private byte[] queues = new byte[FIRST_CAPACITY];
    private int[] table = newTable(2 * FIRST_CAPACITY);
    private int used;
    private int size;
    private int free = ABSENT;

    private static int[] newTable(int length) {
        int[] empty = new int[length];
        Arrays.fill(empty, ABSENT);
        return empty;
    }

    int size() {
        return size;
    }

    long bytes() {
        return (long) hashes.length * KEY_BYTES;
    }

    int find(long hash) {
        for (int at = home(hash); table[at] != ABSENT; at = after(at)) {
            if (hashes[table[at]] == hash) {
                return table[at];
            }
        }
        return ABSENT;
    }

    /** The key of that hash, a new one if there was none. */
    int obtain(long hash) {
        int found = find(hash);
        if (found != ABSENT) {
            return found;
        }
        if (free == ABSENT && used == hashes.length) {
            grow();
        }
        int key = free;
        if (key == ABSENT) {
            key = used++;
        } else {
            free = places[key];
        }
        hashes[key] = hash;
        heads[key] = NO_OFFSET;
        tails[key] = NO_OFFSET;
        holders[key] = NO_OFFSET;
        records[key] = 0;
        lengths[key] = 0;
        places[key] = IndexedHeap.NOWHERE;
        priorities[key] = SlotTable.DEFAULT_PRIORITY;
        queues[key] = 0;
        link(key);
        size++;
        return key;
    }

    /** It must be in no heap. */
    void free(int key) {
        int hole = home(hashes[key]);
        while (table[hole] != key) {
            hole = after(hole);
        }
        for (int at = after(hole); table[at] != ABSENT; at = after(at)) {
            int home = home(hashes[table[at]]);
            if (((at - home) & (table.length - 1)) >= ((at - hole) & (table.length - 1))) {
                table[hole] = table[at];
                hole = at;
            }
        }
        table[hole] = ABSENT;
        places[key] = free;
        free = key;
        size--;
    }

    /** The first record that waits for its turn, or {@link #NO_OFFSET}. */
    long head(int key) {
        return heads[key];
    }

    void head(int key, long offset) {
        heads[key] = offset;
    }

    long tail(int key) {
        return tails[key];
    }

    void tail(int key, long offset) {
        tails[key] = offset;
    }

    /** The record that is leased, or {@link #NO_OFFSET}. */
    long holder(int key) {
        return holders[key];
    }

    void holder(int key, long offset) {
        holders[key] = offset;
    }

    /** How many records it has that are not done, waiting for their turn or not. */
    int records(int key) {
        return records[key];
    }

    void records(int key, int count) {
        records[key] = count;
    }

    /** How many wait for their turn. */
    int length(int key) {
        return lengths[key];
    }

    void length(int key, int count) {
        lengths[key] = count;
    }

    /** The highest of those that wait for their turn. */
    int priority(int key) {
        return priorities[key];
    }

    void priority(int key, int priority) {
        priorities[key] = (byte) priority;
    }

    /** In which heap it is; 0: in none. */
    byte queue(int key) {
        return queues[key];
    }

    void queue(int key, byte queue) {
        queues[key] = queue;
    }

    @Override
    public int place(int key) {
        return places[key];
    }

    @Override
    public void place(int key, int place) {
        places[key] = place;
    }

    private void link(int key) {
        int at = home(hashes[key]);
        while (table[at] != ABSENT) {
            at = after(at);
        }
        table[at] = key;
    }

    private int home(long hash) {
        return (int) ((hash * 0x9E3779B97F4A7C15L) >>> (Long.SIZE - Integer.numberOfTrailingZeros(table.length)));
    }

    private int after(int at) {
        return (at + 1) & (table.length - 1);
    }

    private void grow() {
        int capacity = 2 * hashes.length;
        hashes = Arrays.copyOf(hashes, capacity);
        heads = Arrays.copyOf(heads, capacity);
        tails = Arrays.copyOf(tails, capacity);
        holders = Arrays.copyOf(holders, capacity);
        records = Arrays.copyOf(records, capacity);
        lengths = Arrays.copyOf(lengths, capacity);
        places = Arrays.copyOf(places, capacity);
        priorities = Arrays.copyOf(priorities, capacity);
        queues = Arrays.copyOf(queues, capacity);
        table = newTable(2 * capacity);
        for (int key = 0; key < used; key++) {
            link(key);
        }
    }
}
