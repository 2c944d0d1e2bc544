package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * The keys that have records which are not done, by the 64-bit hash of their bytes: two keys of one hash are one key
 * here, and only wait for each other needlessly. Parallel arrays behind an index, as the slots are.
 */
final class KeyTable implements IndexedHeap.Places {
    static final int ABSENT = RowIndex.ABSENT;
    static final long NO_OFFSET = -1;
    /** What one key costs, the index included. */
    static final int KEY_BYTES = 38 + RowIndex.ROW_BYTES;

    private static final int FIRST_CAPACITY = RowIndex.FIRST_CAPACITY;

    private final RowIndex index = new RowIndex();
    private long[] heads = new long[FIRST_CAPACITY];
    private long[] tails = new long[FIRST_CAPACITY];
    private long[] holders = new long[FIRST_CAPACITY];
    private int[] records = new int[FIRST_CAPACITY];
    private int[] lengths = new int[FIRST_CAPACITY];
    private int[] places = new int[FIRST_CAPACITY];
    private byte[] priorities = new byte[FIRST_CAPACITY];
    private byte[] queues = new byte[FIRST_CAPACITY];

    int size() {
        return index.size();
    }

    long bytes() {
        return (long) capacity() * KEY_BYTES;
    }

    int capacity() {
        return index.capacity();
    }

    int find(long hash) {
        return index.find(hash);
    }

    /** The key of that hash, a new one if there was none. */
    int obtain(long hash) {
        int found = find(hash);
        if (found != ABSENT) {
            return found;
        }
        int key = index.add(hash);
        if (key >= heads.length) {
            grow();
        }
        heads[key] = NO_OFFSET;
        tails[key] = NO_OFFSET;
        holders[key] = NO_OFFSET;
        records[key] = 0;
        lengths[key] = 0;
        places[key] = IndexedHeap.NOWHERE;
        priorities[key] = SlotTable.DEFAULT_PRIORITY;
        queues[key] = 0;
        return key;
    }

    /** It must be in no heap. */
    void free(int key) {
        index.free(key);
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

    /** The first record that is leased, or {@link #NO_OFFSET}. */
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

    boolean isSparse() {
        return index.isSparse();
    }

    /** As {@link RowIndex#shrink}: whoever keeps keys has to be told. */
    int[] shrink() {
        int[] numbers = index.shrink();
        int capacity = capacity();
        heads = RowIndex.moved(heads, numbers, capacity);
        tails = RowIndex.moved(tails, numbers, capacity);
        holders = RowIndex.moved(holders, numbers, capacity);
        records = RowIndex.moved(records, numbers, capacity);
        lengths = RowIndex.moved(lengths, numbers, capacity);
        places = RowIndex.moved(places, numbers, capacity);
        priorities = RowIndex.moved(priorities, numbers, capacity);
        queues = RowIndex.moved(queues, numbers, capacity);
        return numbers;
    }

    private void grow() {
        int capacity = capacity();
        heads = Arrays.copyOf(heads, capacity);
        tails = Arrays.copyOf(tails, capacity);
        holders = Arrays.copyOf(holders, capacity);
        records = Arrays.copyOf(records, capacity);
        lengths = Arrays.copyOf(lengths, capacity);
        places = Arrays.copyOf(places, capacity);
        priorities = Arrays.copyOf(priorities, capacity);
        queues = Arrays.copyOf(queues, capacity);
    }
}
