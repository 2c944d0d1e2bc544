package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * Numbers longs: each that is added has a row, until it is freed, in the parallel arrays that its user keeps. Behind an
 * open-addressing table that finds it. Freed rows are used again; a row keeps its number until {@link #shrink}.
 */
final class RowIndex {
    static final int ABSENT = -1;
    /** What a row takes here: its key, and two places of the table. */
    static final int ROW_BYTES = 16;

    static final int FIRST_CAPACITY = 16;

    /** Of a free row: the next free one. */
    private long[] keys = new long[FIRST_CAPACITY];

    private int[] table = newTable(FIRST_CAPACITY);
    private int size;
    private int used;
    private int free = ABSENT;

    private static int[] newTable(int capacity) {
        int[] empty = new int[2 * capacity];
        Arrays.fill(empty, ABSENT);
        return empty;
    }

    int size() {
        return size;
    }

    /** How many rows there is room for: as many as the arrays of its user must have when {@link #add} returns. */
    int capacity() {
        return keys.length;
    }

    /** No row with this number or a higher one is in use. */
    int used() {
        return used;
    }

    long key(int row) {
        return keys[row];
    }

    int find(long key) {
        for (int at = home(key); table[at] != ABSENT; at = after(at)) {
            if (keys[table[at]] == key) {
                return table[at];
            }
        }
        return ABSENT;
    }

    /** A row for a key that has none. What the arrays hold there is of before. */
    int add(long key) {
        if (free == ABSENT && used == keys.length) {
            grow();
        }
        int row = free;
        if (row == ABSENT) {
            row = used++;
        } else {
            free = (int) keys[row];
        }
        keys[row] = key;
        link(row);
        size++;
        return row;
    }

    void free(int row) {
        unlink(row);
        keys[row] = free;
        free = row;
        size--;
        if (size == 0) {
            used = 0;
            free = ABSENT;
        }
    }

    /** Whether {@link #shrink} is worth its work: half of what is left would do, and would not soon grow again. */
    boolean isSparse() {
        return keys.length > FIRST_CAPACITY && size < keys.length / 4;
    }

    /**
     * Gives back room for rows that are free: those in use are numbered anew, in the same order. The work is that of all
     * rows there were, so that it is paid for by those that were freed: of 16 million, 4 million in use, it takes the
     * partition's owner as long as growing to them did, some 0.3 s.
     *
     * @return the new number of each row there was; {@link #ABSENT}: it was free
     */
    int[] shrink() {
        // By the table, not by the chain of free rows: a walk through a million of these, in the order in which they
        // were freed, waits for the memory at each.
        int[] numbers = new int[used];
        Arrays.fill(numbers, ABSENT);
        for (int row : table) {
            if (row != ABSENT) {
                numbers[row] = 0;
            }
        }
        int next = 0;
        for (int row = 0; row < used; row++) {
            if (numbers[row] != ABSENT) {
                numbers[row] = next++;
            }
        }
        int capacity = FIRST_CAPACITY;
        while (capacity < 2 * size) {
            capacity *= 2;
        }
        keys = moved(keys, numbers, capacity);
        used = size;
        free = ABSENT;
        fill(capacity);
        return numbers;
    }

    /** The same rows under their new numbers. */
    static long[] moved(long[] rows, int[] numbers, int capacity) {
        long[] moved = new long[capacity];
        for (int row = 0; row < Math.min(rows.length, numbers.length); row++) {
            if (numbers[row] != ABSENT) {
                moved[numbers[row]] = rows[row];
            }
        }
        return moved;
    }

    /** As above. */
    static int[] moved(int[] rows, int[] numbers, int capacity) {
        int[] moved = new int[capacity];
        for (int row = 0; row < Math.min(rows.length, numbers.length); row++) {
            if (numbers[row] != ABSENT) {
                moved[numbers[row]] = rows[row];
            }
        }
        return moved;
    }

    /** As above. */
    static byte[] moved(byte[] rows, int[] numbers, int capacity) {
        byte[] moved = new byte[capacity];
        for (int row = 0; row < Math.min(rows.length, numbers.length); row++) {
            if (numbers[row] != ABSENT) {
                moved[numbers[row]] = rows[row];
            }
        }
        return moved;
    }

    private void grow() {
        keys = Arrays.copyOf(keys, 2 * keys.length);
        fill(keys.length);
    }

    private void fill(int capacity) {
        table = newTable(capacity);
        for (int row = 0; row < used; row++) {
            link(row);
        }
    }

    private void link(int row) {
        int at = home(keys[row]);
        while (table[at] != ABSENT) {
            at = after(at);
        }
        table[at] = row;
    }

    /** Moves back what a search would no longer find behind the hole. */
    private void unlink(int row) {
        int hole = home(keys[row]);
        while (table[hole] != row) {
            hole = after(hole);
        }
        for (int at = after(hole); table[at] != ABSENT; at = after(at)) {
            int home = home(keys[table[at]]);
            if (((at - home) & (table.length - 1)) >= ((at - hole) & (table.length - 1))) {
                table[hole] = table[at];
                hole = at;
            }
        }
        table[hole] = ABSENT;
    }

    private int home(long key) {
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> (Long.SIZE - Integer.numberOfTrailingZeros(table.length)));
    }

    private int after(int at) {
        return (at + 1) & (table.length - 1);
    }
}
