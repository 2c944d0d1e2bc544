package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class UnacknowledgedTest {
    private static final Now NOW = new Now(0, 1_000);
    private static final Set<RecordState> READY = EnumSet.of(RecordState.READY);
    private static final Set<RecordState> DONE = EnumSet.of(RecordState.DONE);

    private final QueueOps ops = new QueueOps();

    private static QueueEngine engine(int group, HeapBudget budget, long end) {
        QueueEngine engine = new QueueEngine(group, QueuePolicy.PLAIN, 0, budget, bound -> 0);
        engine.open(end, NOW);
        return engine;
    }

    @Test
    void whatStandsTogetherTakesNextToNothing() {
        QueueEngine engine = engine(1, new HeapBudget(64 << 20), 50_000_000);

        engine.purge(READY, 1_000, 50_000_000, ops);

        assertTrue(engine.bytes() < 1 << 20, "bytes: " + engine.bytes());
        assertTrue(engine.snapshot().remaining() < 64, "snapshot: " + engine.snapshot());
    }

    /** Of groups that share a small memory, a few records of each page are purged. */
    @Test
    void beyondItsShareTheOlderIsForgottenAndNeverTakenForAcknowledged() {
        HeapBudget budget = new HeapBudget(8 << 20);
        long end = 4_000L * OffsetBitmap.PAGE;
        List<QueueEngine> engines = new ArrayList<>();
        for (int group = 1; group <= 4; group++) {
            engines.add(engine(group, budget, end));
        }
        for (long from = 0; from < end; from += OffsetBitmap.PAGE) {
            for (QueueEngine engine : engines) {
                engine.purge(READY, new long[] {from + 7, from + 9}, ops);
                engine.advance(NOW, ops);
                ops.clear();
            }
            long used = budget.usedBytes(HeapBudget.Use.HISTORY);
            assertTrue(used <= (8 << 20) / 8 + 4 * (64 << 10), "bytes: " + used);
        }

        for (QueueEngine engine : engines) {
            long known = engine.acksKnownFrom();
            assertTrue(known > 0 && known < end - 50 * OffsetBitmap.PAGE, "known from " + known);
            assertEquals(HowDone.FORGOTTEN, engine.howDone(7));
            assertEquals(HowDone.REMOVED, engine.howDone(end - OffsetBitmap.PAGE + 9));
            assertEquals(0, engine.select(DONE, 0, end, 10).offsets().length);
            assertEquals(0, engine.replay(List.of(new Again(7, 7, 4, 0)), ops));
            engine.close();
        }
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void whatIsBeforeTheStartOfTheLogIsForgotten() {
        QueueEngine engine = engine(1, new HeapBudget(8 << 20), 100_000);
        engine.purge(READY, LongStream.range(0, 9_000).map(n -> 10 * n + 3).toArray(), ops);
        long full = engine.bytes();

        engine.forget(80_000);

        assertTrue(engine.bytes() < full - 15 * OffsetBitmap.PAGE_BYTES, engine.bytes() + " of " + full);
        QueueEngine again = new QueueEngine(1, QueuePolicy.PLAIN, 0, new HeapBudget(8 << 20), bound -> 0);
        again.restore(engine.snapshot());
        for (QueueEngine each : List.of(engine, again)) {
            assertEquals(80_000, each.acksKnownFrom());
            assertEquals(HowDone.REMOVED, each.howDone(80_003));
        }
    }
}
