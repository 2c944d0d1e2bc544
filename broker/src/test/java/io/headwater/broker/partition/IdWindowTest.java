package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        IdWindow window = new IdWindow(windowMs);
        Map<Long, Seen> all = new HashMap<>();
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
            if (!isYoung) {
                window.add(id + 1, low, offset, nowMs);
                all.put(id, new Seen(offset, nowMs));
            }
        }
        window.expire(nowMs + 2 * windowMs);
        assertEquals(0, window.size());
    }

    @Test
    void keepsAQuarterMoreThanItNeedsAtMost() {
        IdWindow window = new IdWindow(4_000);
        for (int id = 0; id < 100_000; id++) {
            window.expire(id);
            window.add(id, id, id, id);
            assertTrue(window.size() <= 5_001, "at " + id + ": " + window.size());
        }
    }
}
