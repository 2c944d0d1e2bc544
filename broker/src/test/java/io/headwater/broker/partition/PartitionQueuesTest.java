package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.RecordState;
import io.headwater.record.Compression;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PartitionQueuesTest {
    private static final int GROUP = 1;
    private static final int LARGE = 5_000;
    private static final Now NOW = new Now(0, 0);

    /** What is told out of order would be out of order for ever: its keys would be unknown. */
    @Test
    void aKeyedGroupWithoutRoomForABatchIsNotToldTheNext() throws Exception {
        HeapBudget budget = new HeapBudget(1 << 20);
        PartitionQueues queues = new PartitionQueues(budget);
        long end = 2L * LARGE + 1;
        queues.begin(List.of(new QueueGroupInfo(GROUP, "g", QueuePolicy.KEYED, 30_000, 0)), 0);
        queues.open(0, NOW);
        QueueEngine engine = Objects.requireNonNull(queues.engine(GROUP));
        QueueEngine other = new QueueEngine(2, QueuePolicy.KEYED, 0, budget, bound -> 0);
        other.open(0, NOW);
        while (other.hasRoomFor(4_000)) {
            other.append(other.end());
            other.advance(NOW, queues.ops());
        }

        queues.tellFrom(queues.untold(end));
        queues.tell(batch(0, LARGE));
        queues.tell(batch(LARGE, 1));
        assertEquals(0, engine.end());
        assertFalse(queues.isOpening(engine, end), "there is room for one record, and none for its next batch");

        other.close();
        assertTrue(queues.isOpening(engine, end));
        queues.tell(batch(LARGE, 1));
        assertEquals(0, engine.end(), "it has room by now, but the batch before was not told");
        queues.tellFrom(queues.untold(end));
        queues.tell(batch(0, LARGE));
        queues.tell(batch(LARGE, 1));
        assertEquals(LARGE + 1, engine.end());
        assertEquals(LARGE + 1L, engine.purge(EnumSet.of(RecordState.READY), 0, LARGE + 1, queues.ops()));
    }

    private static RecordBatch batch(long baseOffset, int records) throws Exception {
        ByteBuffer target = ByteBuffer.allocate(1 << 20);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (int i = 0; i < records; i++) {
            builder.append(0, new byte[] {'k'}, new byte[1], List.of());
        }
        builder.finish(-1, (short) -1, -1);
        RecordBatch batch = new RecordBatch().wrap(target, 0);
        batch.stamp(baseOffset, 1);
        return batch;
    }
}
