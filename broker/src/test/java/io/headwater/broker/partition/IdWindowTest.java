package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.record.testing.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IdWindowTest {
    private record Seen(long offset, long timeMs) {}

    /** Against a map that forgets nothing. */
    @Test
    void knowsWhatCameWithinTheWindowAndNothingElse() {
        Seeds.run(200, IdWindowTest::live);
    }

    private static void live(SplittableRandom random) {
        long windowMs = 1_000 + random.nextInt(10_000);
        HeapBudget budget = new HeapBudget(64 << 20);
        IdWindow window = new IdWindow(windowMs, budget);
        Map<Long, Seen> all = new HashMap<>();
        int mostRecords = 1 + random.nextInt(300);
        int reserved = 0;
        long nowMs = random.nextLong(1L << 40);
        int ids = 1 + random.nextInt(2_000);
        for (long offset = 0; offset < 5_000; offset++) {
            nowMs += random.nextInt(20) == 0 ? random.nextLong(windowMs / 2) : random.nextInt(3);
            long id = random.nextInt(ids);
            // The halves that decide about the place are few: ids meet there.
            long low = id % 7;
            window.expire(nowMs);
            Seen before = all.get(id);
            boolean isYoung = before != null && before.timeMs > nowMs - windowMs;
            assertEquals(isYoung ? before.offset : IdWindow.ABSENT, window.find(id + 1, low, nowMs));
            if (reserved == 0) {
                reserved = 1 + random.nextInt(mostRecords);
                assertTrue(window.reserve(reserved, nowMs));
            }
            if (!isYoung) {
                reserved--;
                window.add(id + 1, low, offset, nowMs);
                all.put(id, new Seen(offset, nowMs));
            }
        }
        long taken = budget.usedBytes(HeapBudget.Use.IDS);
        assertTrue(taken >= window.size() * 28L * 3 / 2, "bytes of " + window.size() + ": " + taken);
        window.expire(nowMs + 2 * windowMs);
        assertEquals(0, window.size());
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void takesNoMoreHeapThanThereIs() {
        HeapBudget budget = new HeapBudget(1 << 20);
        IdWindow window = new IdWindow(4_000, budget);
        int id = 0;
        while (window.reserve(100, id)) {
            for (int i = 0; i < 100; i++) {
                window.add(id + 1, id, id, id / 100);
                id++;
            }
            assertTrue(id < 100_000, "no bound");
        }
        assertTrue(budget.usedBytes() <= (1 << 20) * 3 / 4, "used: " + budget.usedBytes());
        assertTrue(id >= 10_000, "ids: " + id);
        assertEquals(5, window.find(6, 5, id / 100), "what is known stays");

        window.close();
        assertEquals(0, budget.usedBytes());
        assertEquals(0, window.size());
        assertTrue(window.reserve(100, id));
    }

    @Test
    void keepsAQuarterMoreThanItNeedsAtMost() {
        IdWindow window = new IdWindow(4_000, new HeapBudget(64 << 20));
        for (int id = 0; id < 100_000; id++) {
            window.expire(id);
            window.add(id, id, id, id);
            assertTrue(window.size() <= 5_001, "at " + id + ": " + window.size());
        }
    }
}
