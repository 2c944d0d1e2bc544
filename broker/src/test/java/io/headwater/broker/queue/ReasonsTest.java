package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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
        assertFalse(reasons.admits("card declined", 200), "it was forgotten");
        assertTrue(reasons.admits("another one", 0));
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
