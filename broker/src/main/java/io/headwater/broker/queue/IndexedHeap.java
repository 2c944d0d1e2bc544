package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * A binary heap of ids, of which each knows its place, so that any can be taken out. Several heaps may share their
 * places if no id is in two of them.
 */
final class IndexedHeap {
    static final int NOWHERE = -1;

    /** Not worth giving back. */
    private static final int SMALL = 1_024;

    /** Which of two comes first. A total order, so that equal histories lead to equal choices. */
    @FunctionalInterface
    interface Order {
        boolean isBefore(int id, int other);
    }

    /** Where an id stands in the heap that it is in. */
    interface Places {
        int place(int id);

        void place(int id, int place);
    }

    private final Order order;
    private final Places places;
    private int[] ids = new int[16];
    private int size;

    IndexedHeap(Order order, Places places) {
        this.order = order;
        this.places = places;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    long bytes() {
        return 4L * ids.length;
    }

    /** The first; there must be one. */
    int top() {
        return ids[0];
    }

    /** In no order, for looking through all. */
    int at(int place) {
        return ids[place];
    }

    boolean contains(int id) {
        int place = places.place(id);
        return place != NOWHERE && place < size && ids[place] == id;
    }

    void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size + (size >> 1));
        }
        size++;
        rise(id, size - 1);
    }

    void remove(int id) {
        int place = places.place(id);
        places.place(id, NOWHERE);
        size--;
        int last = ids[size];
        if (last != id) {
            settle(last, place);
        }
        if (size < ids.length / 4 && ids.length > SMALL) {
            ids = Arrays.copyOf(ids, ids.length / 2);
        }
    }

    /** The ids have other numbers now, which {@link Places} has under these already. Their order is the same. */
    void renumbered(int[] numbers) {
        for (int place = 0; place < size; place++) {
            ids[place] = numbers[ids[place]];
        }
    }

    /** What decides about the place of an id has changed. */
    void reorder(int id) {
        settle(id, places.place(id));
    }

    private void settle(int id, int place) {
        if (place > 0 && order.isBefore(id, ids[(place - 1) >>> 1])) {
            rise(id, place);
        } else {
            sink(id, place);
        }
    }

    private void rise(int id, int from) {
        int place = from;
        while (place > 0) {
            int above = (place - 1) >>> 1;
            if (!order.isBefore(id, ids[above])) {
                break;
            }
            put(ids[above], place);
            place = above;
        }
        put(id, place);
    }

    private void sink(int id, int from) {
        int place = from;
        while (true) {
            int below = 2 * place + 1;
            if (below >= size) {
                break;
            }
            if (below + 1 < size && order.isBefore(ids[below + 1], ids[below])) {
                below++;
            }
            if (!order.isBefore(ids[below], id)) {
                break;
            }
            put(ids[below], place);
            place = below;
        }
        put(id, place);
    }

    private void put(int id, int place) {
        ids[place] = id;
        places.place(id, place);
    }
}
