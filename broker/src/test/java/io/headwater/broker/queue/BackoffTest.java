package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.Backoff.Kind;
import io.headwater.record.testing.Seeds;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static long delay(Backoff backoff, int failures) {
        return backoff.delayMs(failures, bound -> 0);
    }

    @Test
    void growsAsItsNameSays() {
        assertEquals(0, delay(Backoff.NONE, 3));
        assertEquals(100, delay(new Backoff(Kind.FIXED, 100, 1_000), 50));
        assertEquals(300, delay(new Backoff(Kind.LINEAR, 100, 1_000), 3));
        assertEquals(1_000, delay(new Backoff(Kind.LINEAR, 100, 1_000), 11));
        assertEquals(1_000, delay(Backoff.DEFAULT, 1));
        assertEquals(4_000, delay(Backoff.DEFAULT, 3));
        assertEquals(300_000, delay(Backoff.DEFAULT, 10));
    }

    @Test
    void neverLeavesItsBounds() {
        Seeds.run(2_000, random -> {
            long first = random.nextLong(1L << random.nextInt(1, 62));
            long max = first + random.nextLong(1L << random.nextInt(1, 61));
            Backoff backoff = new Backoff(Kind.values()[random.nextInt(4)], first, max);
            int failures = 1 + random.nextInt(1_000);
            long delay = backoff.delayMs(failures, random::nextLong);
            assertTrue(delay >= 0 && delay <= max, backoff + " after " + failures + ": " + delay);
            if (backoff.kind() != Kind.NONE) {
                assertTrue(delay >= first / 2, backoff + " after " + failures + ": " + delay);
            }
        });
    }
}
