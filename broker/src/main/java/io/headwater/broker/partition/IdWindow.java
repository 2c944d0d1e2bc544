package io.headwater.broker.partition;

import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * The message ids that came within a time, and where their records are. In slices by time, of which the oldest goes as a
 * whole: what is too old costs nothing more. Times never fall, whoever brings them.
 */
final class IdWindow {
    static final long ABSENT = -1;

    /** Of a window: a slice more than these is kept, so that a quarter more ids are than need be. */
    private static final int SLICES = 4;

    private final long windowMs;
    private final long sliceMs;
    private final ArrayDeque<Slice> slices = new ArrayDeque<>();
    private int size;

    private static final class Slice {
        final long startMs;
        final IdTable ids = new IdTable();

        Slice(long startMs) {
            this.startMs = startMs;
        }
    }

    IdWindow(long windowMs) {
        this.windowMs = windowMs;
        this.sliceMs = (windowMs + SLICES - 1) / SLICES;
    }

    /** How many are kept. */
    int size() {
        return size;
    }

    /** Lets go of slices in which nothing is young enough. */
    void expire(long nowMs) {
        while (!slices.isEmpty() && slices.getFirst().startMs + sliceMs <= nowMs - windowMs) {
            size -= slices.removeFirst().ids.size();
        }
    }

    /** The offset of the record with an id that came within the window; {@link #ABSENT}: there is none. */
    long find(long high, long low, long nowMs) {
        Iterator<Slice> youngestFirst = slices.descendingIterator();
        while (youngestFirst.hasNext()) {
            Slice slice = youngestFirst.next();
            int place = slice.ids.find(high, low);
            if (place != IdTable.ABSENT) {
                boolean isYoung = slice.startMs + slice.ids.time(place) > nowMs - windowMs;
                return isYoung ? slice.ids.offset(place) : ABSENT;
            }
        }
        return ABSENT;
    }

    /** A record with an id came; one of before is forgotten. */
    void add(long high, long low, long offset, long timeMs) {
        if (slices.isEmpty() || timeMs >= slices.getLast().startMs + sliceMs) {
            slices.addLast(new Slice(timeMs));
        }
        Slice slice = slices.getLast();
        if (slice.ids.put(high, low, offset, (int) (timeMs - slice.startMs))) {
            size++;
        }
    }
}
