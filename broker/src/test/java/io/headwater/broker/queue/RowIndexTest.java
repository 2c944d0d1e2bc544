package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RowIndexTest {
    @Test
    void rowsKeepWhatTheyHoldWhenTheyAreNumberedAnew() {
        int[] shrinks = new int[1];
        Seeds.run(300, random -> {
            RowIndex index = new RowIndex();
            long[] column = new long[index.capacity()];
            Map<Long, Long> model = new HashMap<>();
            long step = random.nextBoolean() ? 1 : random.nextLong();
            int most = 1 + random.nextInt(300);
            for (int i = 0; i < 2_000; i++) {
                // Fills for a while, then empties.
                boolean fills = i / 300 % 2 == 0;
                long key = random.nextInt(most) * step;
                int row = index.find(key);
                assertEquals(model.containsKey(key), row != RowIndex.ABSENT);
                if (row == RowIndex.ABSENT && (fills || random.nextInt(8) == 0)) {
                    row = index.add(key);
                    column = Arrays.copyOf(column, index.capacity());
                    column[row] = i;
                    model.put(key, (long) i);
                } else if (row != RowIndex.ABSENT && !fills) {
                    index.free(row);
                    model.remove(key);
                }
                if (index.isSparse() && random.nextInt(10) == 0) {
                    int before = index.capacity();
                    int[] numbers = index.shrink();
                    column = RowIndex.moved(column, numbers, index.capacity());
                    shrinks[0]++;
                    assertTrue(index.capacity() < before, "capacity: " + before);
                    assertFalse(index.isSparse(), "again: " + index.size() + " of " + index.capacity());
                    assertEquals(index.size(), index.used());
                    check(model, index, column);
                }
                assertEquals(model.size(), index.size());
            }
            check(model, index, column);
        });
        assertTrue(shrinks[0] > 0, "no shrink");
    }

    private static void check(Map<Long, Long> model, RowIndex index, long[] column) {
        model.forEach((key, value) -> {
            int row = index.find(key);
            assertEquals(key, index.key(row));
            assertEquals(value, column[row]);
        });
    }

    /** A table that has just shrunk neither grows nor shrinks with the next few. */
    @Test
    void aShrinkIsPaidForByWhatWasFreed() {
        RowIndex index = new RowIndex();
        for (int i = 0; i < 4_096; i++) {
            index.add(i);
        }
        for (int i = 0; i < 4_096 - 1_023; i++) {
            assertFalse(index.isSparse(), "already with " + index.size());
            index.free(index.find(i));
        }
        assertTrue(index.isSparse());
        index.shrink();

        int capacity = index.capacity();
        assertEquals(2_048, capacity);
        for (int i = 0; i < 1_000; i++) {
            index.add(i);
        }
        assertEquals(capacity, index.capacity());
        for (int i = 0; i < 1_500; i++) {
            index.free(index.find(i < 1_000 ? i : i + 4_096 - 1_023 - 1_000));
        }
        assertFalse(index.isSparse(), "left: " + index.size());
    }
}
