package io.headwater.broker.partition;

import java.util.Arrays;

/** Where, and when, the records of some message ids are: open addressing over the 128-bit hashes of the ids. */
final class IdTable {
    static final int ABSENT = -1;

    private static final int FIRST_ROOM = 64;
    private static final int PLACE_BYTES = 28;
    /** More is not kept when it is cleared. */
    private static final int LARGE_ROOM = 4_096;

    /** Two a place; the one that is zero is empty. */
    private long[] hashes = new long[2 * FIRST_ROOM];

    private long[] offsets = new long[FIRST_ROOM];
    private int[] times = new int[FIRST_ROOM];
    private int size;

    int size() {
        return size;
    }

    /** Heap in use, roughly. */
    long bytes() {
        return bytesFor(0);
    }

    /** Heap in use when so many more ids have come. */
    long bytesFor(int more) {
        return (long) roomFor(more) * PLACE_BYTES;
    }

    /** Takes the heap for so many more ids now. */
    void makeRoom(int more) {
        int room = roomFor(more);
        if (room > offsets.length) {
            grow(room);
        }
    }

    private int roomFor(int more) {
        int room = offsets.length;
        while (3L * (size + (long) more) > 2L * room) {
            room = Math.multiplyExact(2, room);
        }
        return room;
    }

    /** The place of an id, or {@link #ABSENT}. */
    int find(long high, long low) {
        int at = home(low);
        while (isTaken(at)) {
            if (hashes[2 * at] == high && hashes[2 * at + 1] == low) {
                return at;
            }
            at = after(at);
        }
        return ABSENT;
    }

    long offset(int place) {
        return offsets[place];
    }

    int time(int place) {
        return times[place];
    }

    /** Replaces what is known of the id. False: something was. */
    boolean put(long high, long low, long offset, int time) {
        makeRoom(1);
        int found = find(high, low);
        boolean isNew = found == ABSENT;
        int at = found;
        if (isNew) {
            at = home(low);
            while (isTaken(at)) {
                at = after(at);
            }
            hashes[2 * at] = high;
            hashes[2 * at + 1] = low;
            size++;
        }
        offsets[at] = offset;
        times[at] = time;
        return isNew;
    }

    void clear() {
        if (offsets.length > LARGE_ROOM) {
            hashes = new long[2 * FIRST_ROOM];
            offsets = new long[FIRST_ROOM];
            times = new int[FIRST_ROOM];
        } else if (size > 0) {
            Arrays.fill(hashes, 0);
        }
        size = 0;
    }

    private void grow(int room) {
        long[] beforeHashes = hashes;
        long[] beforeOffsets = offsets;
        int[] beforeTimes = times;
        hashes = new long[2 * room];
        offsets = new long[room];
        times = new int[room];
        size = 0;
        for (int at = 0; at < beforeOffsets.length; at++) {
            if (beforeHashes[2 * at] != 0 || beforeHashes[2 * at + 1] != 0) {
                put(beforeHashes[2 * at], beforeHashes[2 * at + 1], beforeOffsets[at], beforeTimes[at]);
            }
        }
    }

    private boolean isTaken(int at) {
        return hashes[2 * at] != 0 || hashes[2 * at + 1] != 0;
    }

    private int home(long low) {
        return (int) low & (offsets.length - 1);
    }

    private int after(int at) {
        return (at + 1) & (offsets.length - 1);
    }
}
