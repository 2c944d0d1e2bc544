package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * The keys that have records which are not done, by the 64-bit hash of their bytes: two keys of one hash are one key
 * here, and only wait for each other needlessly. Behind an index, as the slots are; but all of a key in one place, since
 * what is looked at is one key after another, out of millions, and never one property of many.
 */
final class KeyTable implements IndexedHeap.Places {
    static final int ABSENT = RowIndex.ABSENT;
    static final long NO_OFFSET = -1;

    // The words of a row.
    private static final int HEAD = 0;
    private static final int TAIL = 1;
    private static final int HOLDER = 2;
    /** Records that are not done, and how many of them wait. */
    private static final int COUNTS = 3;
    /** Place, priority, queue. */
    private static final int STANDING = 4;

    private static final int WORDS = 5;
    /** What one key costs, the index included. */
    static final int KEY_BYTES = 8 * WORDS + RowIndex.ROW_BYTES;

    private static final int PRIORITY_SHIFT = 8;
    private static final long BYTE = 0xFF;
    private static final long INT = 0xFFFF_FFFFL;

    private final RowIndex index = new RowIndex();
    private long[] rows = new long[WORDS * RowIndex.FIRST_CAPACITY];

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
        if (WORDS * (key + 1) > rows.length) {
            rows = Arrays.copyOf(rows, Math.multiplyExact(WORDS, capacity()));
        }
        Arrays.fill(rows, WORDS * key, WORDS * (key + 1), 0);
        head(key, NO_OFFSET);
        tail(key, NO_OFFSET);
        holder(key, NO_OFFSET);
        place(key, IndexedHeap.NOWHERE);
        priority(key, SlotTable.DEFAULT_PRIORITY);
        return key;
    }

    /** It must be in no heap. */
    void free(int key) {
        index.free(key);
    }

    private long word(int key, int word) {
        return rows[WORDS * key + word];
    }

    private void word(int key, int word, long value) {
        rows[WORDS * key + word] = value;
    }

    /** The first record that waits for its turn, or {@link #NO_OFFSET}. */
    long head(int key) {
        return word(key, HEAD);
    }

    void head(int key, long offset) {
        word(key, HEAD, offset);
    }

    long tail(int key) {
        return word(key, TAIL);
    }

    void tail(int key, long offset) {
        word(key, TAIL, offset);
    }

    /** The first record that is leased, or {@link #NO_OFFSET}. */
    long holder(int key) {
        return word(key, HOLDER);
    }

    void holder(int key, long offset) {
        word(key, HOLDER, offset);
    }

    /** How many records it has that are not done, waiting for their turn or not. */
    int records(int key) {
        return (int) (word(key, COUNTS) >>> Integer.SIZE);
    }

    void records(int key, int count) {
        word(key, COUNTS, ((long) count << Integer.SIZE) | (word(key, COUNTS) & INT));
    }

    /** How many wait for their turn. */
    int length(int key) {
        return (int) word(key, COUNTS);
    }

    void length(int key, int count) {
        word(key, COUNTS, (word(key, COUNTS) & ~INT) | (count & INT));
    }

    /** The highest of those that wait for their turn. */
    int priority(int key) {
        return (int) ((word(key, STANDING) >>> PRIORITY_SHIFT) & BYTE);
    }

    void priority(int key, int priority) {
        word(key, STANDING, (word(key, STANDING) & ~(BYTE << PRIORITY_SHIFT)) | ((long) priority << PRIORITY_SHIFT));
    }

    /** In which heap it is; 0: in none. */
    byte queue(int key) {
        return (byte) word(key, STANDING);
    }

    void queue(int key, byte queue) {
        word(key, STANDING, (word(key, STANDING) & ~BYTE) | queue);
    }

    @Override
    public int place(int key) {
        return (int) (word(key, STANDING) >> Integer.SIZE);
    }

    @Override
    public void place(int key, int place) {
        word(key, STANDING, ((long) place << Integer.SIZE) | (word(key, STANDING) & INT));
    }

    boolean isSparse() {
        return index.isSparse();
    }

    /** As {@link RowIndex#shrink}: whoever keeps keys has to be told. */
    int[] shrink() {
        int[] numbers = index.shrink();
        long[] moved = new long[WORDS * capacity()];
        for (int key = 0; key < numbers.length; key++) {
            if (numbers[key] != ABSENT) {
                System.arraycopy(rows, WORDS * key, moved, WORDS * numbers[key], WORDS);
            }
        }
        rows = moved;
        return numbers;
    }
}
