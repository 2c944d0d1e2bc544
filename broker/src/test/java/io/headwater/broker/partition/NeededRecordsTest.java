package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.RecordState;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NeededRecordsTest {
    private static final int END = 300;

    private final SplittableRandom random = new SplittableRandom(3);
    private final QueueOps ops = new QueueOps();

    private QueueEngine engine(int id) {
        QueueEngine engine = new QueueEngine(id, QueuePolicy.PLAIN, 0, bound -> 0);
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
    void isRipeWhenTheGraceIsOverAndAllIsDurable() {
        NeededRecords needed = NeededRecords.of(List.of(engine(1)), 0, END, 1000, 7);
        assertTrue(needed.isRipe(1500, 500, 7));
        assertFalse(needed.isRipe(1499, 500, 7));
        assertFalse(needed.isRipe(1500, 500, 6));
    }
}
