package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.record.testing.Seeds;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BatchBytesTest {
    private static final int GROUPS = 2;

    private record Batch(int base, int until, int size) {}

    /** Batches of all sizes and records done in any order, against a sum over all of them. */
    @Test
    void isTheSumOfWhatSomeGroupIsNotDoneWith() {
        Seeds.run(300, BatchBytesTest::live);
    }

    private static void live(SplittableRandom random) {
        BitSet[] done = {new BitSet(), new BitSet()};
        List<Batch> batches = new ArrayList<>();
        int[] end = {random.nextInt(100)};
        HeapBudget budget = new HeapBudget(64 << 20);
        BatchBytes bytes = new BatchBytes((from, until) -> needs(done, (int) from, (int) until), end[0], budget);
        for (int step = 0; step < 400; step++) {
            if (random.nextInt(3) > 0 || end[0] == 0) {
                int base = end[0] + (random.nextInt(20) == 0 ? 5 : 0);
                int size = 100 + random.nextInt(1_000);
                end[0] = base + 1 + random.nextInt(random.nextBoolean() ? 3 : 200);
                if (random.nextInt(10) == 0) {
                    // Done before it is counted, as after a start.
                    done[0].set(base, end[0]);
                    done[1].set(base, end[0]);
                }
                batches.add(new Batch(base, end[0], size));
                assertTrue(bytes.reserve());
                bytes.add(base, end[0], size);
            } else {
                int from = random.nextInt(end[0]);
                int until = Math.min(end[0], from + 1 + random.nextInt(random.nextInt(4) == 0 ? 2_000 : 20));
                done[random.nextInt(GROUPS)].set(from, until);
                bytes.done(from, until);
            }
            assertEquals(sum(batches, done), bytes.bytes(), "step " + step);
            assertEquals(end[0], bytes.end());
        }
        done[0].set(0, end[0]);
        bytes.done(0, end[0]);
        done[1].set(0, end[0]);
        bytes.done(0, end[0]);
        assertEquals(0, bytes.bytes());
        bytes.close();
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void takesHeapThatThereIsAndGivesItBack() {
        BitSet[] done = {new BitSet()};
        HeapBudget budget = new HeapBudget(1 << 20);
        BatchBytes bytes = new BatchBytes((from, until) -> needs(done, (int) from, (int) until), 0, budget);
        int batches = 0;
        while (bytes.reserve()) {
            bytes.add(batches, batches + 1, 10);
            batches++;
            assertTrue(batches < 100_000, "no bound");
        }
        long full = budget.usedBytes(HeapBudget.Use.BATCHES);
        assertTrue(full >= 16L * batches && full <= (1 << 20) * 3 / 4, batches + " take " + full);
        assertEquals(10L * batches, bytes.bytes());

        // One in the middle stays.
        done[0].set(0, batches / 2);
        bytes.done(0, batches / 2);
        done[0].set(batches / 2 + 1, batches);
        bytes.done(batches / 2 + 1, batches);
        assertEquals(10, bytes.bytes());
        assertTrue(budget.usedBytes() <= full / 2, "used: " + budget.usedBytes());
        assertTrue(bytes.reserve());
        done[0].set(batches / 2);
        bytes.done(batches / 2, batches / 2 + 1);
        assertEquals(0, bytes.bytes());
    }

    private static boolean needs(BitSet[] done, int from, int until) {
        for (BitSet each : done) {
            if (each.nextClearBit(from) < until) {
                return true;
            }
        }
        return false;
    }

    private static long sum(List<Batch> batches, BitSet[] done) {
        return batches.stream()
                .filter(batch -> needs(done, batch.base, batch.until))
                .mapToLong(Batch::size)
                .sum();
    }
}
