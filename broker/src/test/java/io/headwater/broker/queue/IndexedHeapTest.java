package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.record.testing.Seeds;
import java.util.Arrays;
import java.util.Comparator;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class IndexedHeapTest {
    private static final int IDS = 100;

    @Test
    void alwaysHasTheFirstOnTop() {
        Seeds.run(500, random -> {
            int[] ranks = new int[IDS];
            int[] places = new int[IDS];
            Arrays.fill(places, IndexedHeap.NOWHERE);
            Comparator<Integer> order =
                    Comparator.comparingInt((Integer id) -> ranks[id]).thenComparing(id -> id);
            IndexedHeap heap = new IndexedHeap((id, other) -> order.compare(id, other) < 0, new IndexedHeap.Places() {
                @Override
                public int place(int id) {
                    return places[id];
                }

                @Override
                public void place(int id, int place) {
                    places[id] = place;
                }
            });
            TreeSet<Integer> model = new TreeSet<>(order);
            for (int step = 0; step < 400; step++) {
                int id = random.nextInt(IDS);
                if (places[id] == IndexedHeap.NOWHERE) {
                    ranks[id] = random.nextInt(50);
                    heap.add(id);
                    model.add(id);
                } else if (random.nextBoolean()) {
                    heap.remove(id);
                    model.remove(id);
                } else {
                    model.remove(id);
                    ranks[id] = random.nextInt(50);
                    heap.reorder(id);
                    model.add(id);
                }
                assertEquals(model.size(), heap.size());
                if (!model.isEmpty()) {
                    assertEquals(model.first(), heap.top());
                }
                for (int place = 0; place < heap.size(); place++) {
                    assertEquals(place, places[heap.at(place)]);
                }
            }
            while (!heap.isEmpty()) {
                assertEquals(model.pollFirst(), heap.top());
                heap.remove(heap.top());
            }
        });
    }
}
