package io.headwater.broker.partition;

import io.headwater.broker.queue.HeapBudget;
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
    private final HeapBudget budget;
    private int size;

    private static final class Slice {
        final long startMs;
        final IdTable ids;

        Slice(long startMs, IdTable ids) {
            this.startMs = startMs;
            this.ids = ids;
        }
    }

    IdWindow(long windowMs, HeapBudget budget) {
        this.budget = budget;
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
            removeFirst();
        }
    }

    /** Gives back its heap, and knows nothing any more. */
    void close() {
        while (!slices.isEmpty()) {
            removeFirst();
        }
    }

    private void removeFirst() {
        IdTable ids = slices.removeFirst().ids;
        size -= ids.size();
        budget.changed(HeapBudget.Use.IDS, -ids.bytes());
    }

    /** Whether there is heap for so many more ids that come now; then it is taken. */
    boolean reserve(int more, long timeMs) {
        IdTable ids = beginsSlice(timeMs) ? new IdTable() : slices.getLast().ids;
        long before = beginsSlice(timeMs) ? 0 : ids.bytes();
        long after = ids.bytesFor(more);
        if (after == before || more == 0) {
            return true;
        }
        // While a table grows it is there twice.
        if (!budget.reserve(HeapBudget.Use.IDS, after)) {
            return false;
        }
        ids.makeRoom(more);
        if (before == 0) {
            slices.addLast(new Slice(timeMs, ids));
        }
        budget.changed(HeapBudget.Use.IDS, -before);
        return true;
    }

    private boolean beginsSlice(long timeMs) {
        return slices.isEmpty() || timeMs >= slices.getLast().startMs + sliceMs;
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

    /** A record with an id came, for which heap was {@link #reserve reserved}; one of before is forgotten. */
    void add(long high, long low, long offset, long timeMs) {
        long before = 0;
        if (beginsSlice(timeMs)) {
            slices.addLast(new Slice(timeMs, new IdTable()));
        } else {
            before = slices.getLast().ids.bytes();
        }
        Slice slice = slices.getLast();
        if (slice.ids.put(high, low, offset, (int) (timeMs - slice.startMs))) {
            size++;
        }
        if (slice.ids.bytes() != before) {
            // The clock went on since it was reserved, into another slice.
            budget.changed(HeapBudget.Use.IDS, slice.ids.bytes() - before);
        }
    }
}
