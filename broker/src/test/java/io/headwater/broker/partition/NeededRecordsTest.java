package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Verb;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NeededRecordsTest {
    private static final int END = 300;

    private final SplittableRandom random = new SplittableRandom(3);
    private final QueueOps ops = new QueueOps();

    private QueueEngine engine(int id) {
        QueueEngine engine = new QueueEngine(id, QueuePolicy.PLAIN, 0, new HeapBudget(256 << 20), bound -> 0);
        engine.open(END, new Now(0, 0));
        engine.extend(END);
        for (int i = random.nextInt(20); i > 0; i--) {
            long from = random.nextInt(END);
            engine.purge(EnumSet.of(RecordState.READY), from, Math.min(END, from + random.nextInt(1, 40)), ops);
        }
        return engine;
    }

    @Test
    void keepsWhatSomeGroupIsNotDoneWithAndWhatCameLater() {
        for (int round = 0; round < 500; round++) {
            List<QueueEngine> engines = round % 2 == 0 ? List.of(engine(1)) : List.of(engine(1), engine(2));
            NeededRecords needed = NeededRecords.of(engines, 0, END, 1000, 7);
            long kept = 0;
            int from = random.nextInt(END);
            for (long offset = 0; offset < END + 10; offset++) {
                boolean expected = offset >= END;
                for (QueueEngine engine : engines) {
                    expected |= offset < END && engine.stateOf(offset) != RecordState.DONE;
                }
                assertEquals(expected, needed.keeps(offset), "offset " + offset);
                kept += expected && offset >= from ? 1 : 0;
            }
            assertEquals(kept, needed.kept(from, END + 10));
        }
    }

    @Test
    void keepsWhatIsOnItsWayToTheDeadLetterTopic() {
        QueueEngine engine =
                new QueueEngine(1, QueuePolicy.PLAIN.withDeadLetters(true), 0, new HeapBudget(256 << 20), bound -> 0);
        Now now = new Now(0, 1_000);
        engine.open(2, now);
        Receiver receiver = new Receiver(7).waitFor(2, 1 << 20, 30_000);
        engine.grant(List.of(receiver), offset -> 10, now, ops);
        engine.settle(Settle.of(Verb.REJECT, 0, 1), now, ops);
        engine.settle(Settle.of(Verb.ACK, 1, 1), now, ops);
        assertEquals(RecordState.MOVING, engine.stateOf(0));
        engine.send(5, engine.moving(10), ops);
        assertTrue(NeededRecords.of(List.of(engine), 0, 2, 0, 1).keeps(0));
        engine.arrived(ops);
        assertFalse(NeededRecords.of(List.of(engine), 0, 2, 0, 1).keeps(0));
    }

    @Test
    void isRipeWhenTheGraceIsOverAndAllIsDurable() {
        NeededRecords needed = NeededRecords.of(List.of(engine(1)), 0, END, 1000, 7);
        assertTrue(needed.isRipe(1500, 500, 7));
        assertFalse(needed.isRipe(1499, 500, 7));
        assertFalse(needed.isRipe(1500, 500, 6));
    }
}
