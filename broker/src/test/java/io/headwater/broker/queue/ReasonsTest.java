package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReasonsTest {
    private static final Now NOW = new Now(0, 1_000);

    private final QueueOps ops = new QueueOps();

    @Test
    void cutsAtTheBorderOfACharacter() {
        String fits = "a".repeat(256);
        String threeBytesEach = "\u20ac".repeat(100);

        assertEquals(fits, Reasons.cut(fits));
        assertEquals(fits, Reasons.cut(fits + "b"));
        assertEquals("\u20ac".repeat(85), Reasons.cut(threeBytesEach));
        assertEquals("x".repeat(253), Reasons.cut("x".repeat(253) + "\ud83d\ude00"), "four bytes, three fit");
        assertEquals(256, Reasons.cut("x".repeat(252) + "\ud83d\ude00y").getBytes(StandardCharsets.UTF_8).length);
    }

    @Test
    void aTextTakesHeapOnceAndUntilItsLastRecordIsDone() {
        Reasons reasons = new Reasons();
        assertEquals(0, reasons.bytes());
        for (int slot = 0; slot < 64; slot++) {
            reasons.set(slot, "card declined", 64);
        }
        long once = reasons.bytes();
        for (int slot = 0; slot < 63; slot++) {
            reasons.set(slot, "", 64);
        }

        assertEquals("card declined", reasons.of(63));
        assertEquals("", reasons.of(62));
        assertEquals(once, reasons.bytes());
        reasons.set(63, "another one", 64);
        assertTrue(reasons.bytesFor("card declined") > 100, "it was forgotten");
        assertEquals(0, reasons.bytesFor("another one"));
    }

    @Test
    void whatIsSaidTakesAnEighthOfTheHeapAtMostAndStopsNobody() {
        QueuePolicy policy = new QueuePolicy(false, 1, Backoff.DEFAULT, OnDead.SKIP, false, 5_000);
        QueueEngine engine = new QueueEngine(1, policy, 0, new HeapBudget(1 << 20), bound -> 0);
        engine.open(1_000, NOW);
        Receiver receiver = new Receiver(1).waitFor(1_000, Long.MAX_VALUE / 2, 30_000);
        assertEquals(1_000, engine.grant(List.of(receiver), offset -> 1, NOW, ops));
        for (int i = 0; i < 1_000; i++) {
            Settle fail = new Settle(Verb.FAIL, i, 1, -1, "reason " + i + " x".repeat(100));
            assertEquals(Settled.APPLIED, engine.settle(fail, NOW, ops));
        }

        assertEquals("reason 0" + " x".repeat(100), engine.explain(0).said());
        assertEquals(Reasons.TOO_MANY, engine.explain(999).said());
        assertEquals(1_000, engine.counts().dead());
        assertTrue(engine.bytes() < (1 << 18), engine.bytes() + " bytes");
        QueueEngine again = new QueueEngine(1, policy, 0, new HeapBudget(1 << 20), bound -> 0);
        QueueOps.replay(ops.payload(), group -> again);
        assertEquals(engine.snapshot(), again.snapshot());
    }

    /** Eight partitions in an outage, without a turn of any in between. */
    @Test
    void allGroupsShareWhatThereIsForReasons() {
        QueuePolicy policy = new QueuePolicy(false, 1, Backoff.DEFAULT, OnDead.SKIP, false, 5_000);
        HeapBudget budget = new HeapBudget(1 << 20);
        List<QueueEngine> engines = new ArrayList<>();
        for (int group = 1; group <= 8; group++) {
            QueueEngine engine = new QueueEngine(group, policy, 0, budget, bound -> 0);
            engine.open(1_000, NOW);
            Receiver receiver = new Receiver(1).waitFor(1_000, Long.MAX_VALUE / 2, 30_000);
            engine.grant(List.of(receiver), offset -> 1, NOW, ops);
            engines.add(engine);
        }
        for (int i = 0; i < 1_000; i++) {
            for (QueueEngine engine : engines) {
                String reason = "reason " + i + " of " + engine.groupId() + " x".repeat(100);
                engine.settle(new Settle(Verb.FAIL, i, 1, -1, reason), NOW, ops);
            }
        }
        engines.forEach(engine -> engine.advance(NOW, ops));

        long share = (1 << 20) / 8;
        long said = budget.usedBytes(HeapBudget.Use.REASONS);
        // Of each group the last one, and the text that stands for those that are not kept.
        assertTrue(said > share / 2 && said < share + 8 * 1_000, "bytes: " + said);
        for (QueueEngine engine : engines) {
            assertEquals(
                    "reason 0 of " + engine.groupId() + " x".repeat(100),
                    engine.explain(0).said());
            assertEquals(Reasons.TOO_MANY, engine.explain(999).said());
        }

        engines.get(0).purge(EnumSet.of(RecordState.DEAD), 0, 1_000, ops);
        Receiver next = new Receiver(1).waitFor(1, Long.MAX_VALUE / 2, 30_000);
        engines.get(1).extend(1_001);
        engines.get(0).advance(NOW, ops);
        engines.get(1).grant(List.of(next), offset -> 1, NOW, ops);
        engines.get(1).settle(new Settle(Verb.FAIL, 1_000, 1, -1, "there is room again"), NOW, ops);
        assertEquals("there is room again", engines.get(1).explain(1_000).said());
        engines.forEach(QueueEngine::close);
        assertEquals(0, budget.usedBytes());
        assertEquals(0, budget.usedBytes(HeapBudget.Use.REASONS));
    }

    @Test
    void aThousandFailuresForOneReasonAreSaidOnce() {
        String reason = "r".repeat(256);
        for (int i = 0; i < 1_000; i++) {
            ops.of(1).returned(i, 1, new Ending(1, Cause.FAILED, reason), 5_000);
        }

        assertTrue(ops.payload().remaining() < 300, ops.payload().remaining() + " bytes");
    }

    @Test
    void refusesATextThatIsTooLong() {
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {(byte) 0x81, 0x02, 0, 0});

        assertThrows(QueueFormatException.class, () -> Reasons.get(bytes));
    }
}
