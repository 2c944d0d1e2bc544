package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SlotTableTest {
    @Test
    void findsWhatIsThereAndNothingElse() {
        Seeds.run(300, random -> {
            SlotTable slots = new SlotTable();
            TreeMap<Long, Integer> model = new TreeMap<>();
            // Far apart or close together; both must find their way around collisions.
            long step = random.nextBoolean() ? 1 : 1L << random.nextInt(40);
            for (int i = 0; i < 1_000; i++) {
                long offset = random.nextInt(400) * step;
                Integer known = model.get(offset);
                assertEquals(known == null ? SlotTable.ABSENT : known, slots.find(offset));
                if (known == null) {
                    int slot = slots.add(offset);
                    assertEquals(0, slots.deliveries(slot), "a slot is as new");
                    slots.deliveries(slot, 7);
                    slots.suspect(slot, true);
                    model.put(offset, slot);
                } else if (random.nextInt(3) > 0) {
                    slots.free(known);
                    model.remove(offset);
                }
                assertEquals(model.size(), slots.size());
                assertTrue(model.isEmpty() || slots.end() > model.lastKey());
            }
            model.forEach((offset, slot) -> assertEquals(slot, slots.find(offset)));
            long from = 100 * step;
            assertArrayEquals(
                    model.subMap(from, 3 * from).keySet().stream()
                            .mapToLong(Long::longValue)
                            .toArray(),
                    slots.offsetsBetween(from, 3 * from));
        });
    }

    @Test
    void freedSlotsAreUsedAgain() {
        SlotTable slots = new SlotTable();
        int capacity = slots.capacity();
        for (int i = 0; i < 100 * capacity; i++) {
            slots.add(i);
            if (i >= capacity / 2) {
                slots.free(slots.find(i - capacity / 2));
            }
        }
        assertEquals(capacity, slots.capacity());
    }

    @Test
    void flagsDoNotMix() {
        SlotTable slots = new SlotTable();
        int slot = slots.add(5);
        slots.suspect(slot, true);
        slots.holdsKey(slot, true);
        slots.suspect(slot, false);

        assertTrue(slots.holdsKey(slot));
        assertFalse(slots.isSuspect(slot));
    }
}
