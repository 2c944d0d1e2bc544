package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.Reference;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Heap of ten million records, as the collector sees it and as the engine says. */
class QueueMemoryTest {
    private static final int RECORDS = 10_000_000;
    private static final int KEYS = 1_000_000;
    private static final long MIB = 1 << 20;
    private static final Now NOW = new Now(0, 0);

    @Test
    void tenMillionReadyRecordsOfAPlainGroupWithHoles() {
        long before = usedHeap();
        QueueEngine engine = new QueueEngine(1, QueuePolicy.PLAIN, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.open(0, NOW);
        engine.extend(2L * RECORDS);
        QueueOps ops = new QueueOps();
        Receiver receiver = new Receiver(1);
        int kept = 0;
        // Half of them are done, in no order; ten thousand are kept leased in between.
        for (int turn = 0; turn < RECORDS / 1_000; turn++) {
            receiver.waitFor(1_001, Long.MAX_VALUE / 2, 30_000);
            engine.grant(List.of(receiver), offset -> 1, NOW, ops);
            for (int i = 1_000; i > 0; i--) {
                engine.settle(Settle.of(Verb.ACK, receiver.offset(i), 1), NOW, ops);
            }
            kept++;
            ops.clear();
        }
        assertEquals(kept, engine.counts().leased());

        check(engine, before, 2L * RECORDS - RECORDS - kept, 16 * MIB);
    }

    @Test
    void tenMillionReadyRecordsOfAMillionKeys() {
        long before = usedHeap();
        QueueEngine engine = new QueueEngine(1, QueuePolicy.KEYED, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.open(0, NOW);
        Random random = new Random(1);
        for (int i = 0; i < RECORDS; i++) {
            // The first of each key in turn, so that all keys are there; then by chance.
            engine.append(i < KEYS ? i : random.nextInt(KEYS));
        }

        check(engine, before, RECORDS, 256 * MIB);
    }

    /** But for one record of a thousand, which stays; of a plain group they are scheduled. */
    @Test
    void whatOneGroupNeededOnceAnotherMayHave() {
        for (QueuePolicy policy : List.of(QueuePolicy.PLAIN, QueuePolicy.KEYED)) {
            HeapBudget budget = new HeapBudget(64 * MIB);
            long before = usedHeap();
            QueueEngine engine = new QueueEngine(1, policy, 0, budget, bound -> 0);
            engine.open(0, NOW);
            QueueOps ops = new QueueOps();
            Random random = new Random(1);
            int end = 0;
            for (; engine.hasRoomFor(1_000); end += 1_000) {
                engine.announce(end, 1_000, end / 1_000 % 10, 60_000, ops);
                for (int record = 0; record < 1_000 && policy.keyed(); record++) {
                    engine.append(random.nextLong());
                }
                ops.clear();
                engine.advance(NOW, ops);
            }
            if (!policy.keyed()) {
                engine.extend(end);
            }
            long full = engine.bytes();
            assertTrue(full > 20 * MIB, "bytes: " + full);
            for (long offset = 0; offset < end; offset++) {
                if (offset % 1_000 != 500) {
                    engine.cancel(new long[] {offset}, ops);
                }
            }
            ops.clear();

            engine.advance(NOW, ops);
            assertTrue(budget.usedBytes() > full / 2, "tables stay for a while: they may fill again");
            assertEquals(1_000, engine.nextTimerMs());
            engine.advance(new Now(1_000, 0), ops);

            assertEquals(engine.bytes(), budget.usedBytes());
            assertTrue(budget.usedBytes() < full / 20, policy + ": " + budget.usedBytes() + " of " + full);
            long used = usedHeap() - before;
            assertTrue(used < engine.bytes() * 2 + MIB, "heap: " + used + " of " + engine.bytes());
            assertEquals(Long.MAX_VALUE, engine.nextTimerMs());
            assertEquals(end / 1_000, engine.counts().waiting());
            engine.advance(new Now(1_000, 60_000), ops);
            Receiver receiver = new Receiver(1).waitFor(10, Long.MAX_VALUE / 2, 30_000);
            assertEquals(10, engine.grant(List.of(receiver), offset -> 1, new Now(1_000, 60_000), ops));
            Reference.reachabilityFence(ops);
        }
    }

    private static void check(QueueEngine engine, long before, long ready, long maxBytes) {
        assertEquals(ready, engine.counts().ready());
        long used = usedHeap() - before;
        assertTrue(used <= maxBytes, "heap: " + used / MIB + " MiB");
        assertTrue(engine.bytes() <= maxBytes, "engine: " + engine.bytes() / MIB + " MiB");
        assertTrue(engine.bytes() >= used * 9 / 10 - MIB, "it says " + engine.bytes() + " of " + used);
        Reference.reachabilityFence(engine);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
        }
        return used;
    }
}
