package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.HowDone;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.RecordState;
import io.headwater.record.BatchSlicer;
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

    /** As after a crash between a batch of which some were sent before, and the word that these are none. */
    @Test
    void holesAreNoRecordsToAGroupThatIsToldItsKeysAgain() throws Exception {
        PartitionQueues queues = new PartitionQueues(new HeapBudget(1 << 20));
        queues.begin(List.of(new QueueGroupInfo(GROUP, "g", QueuePolicy.KEYED, 30_000, 0)), 0);
        queues.open(0, NOW);
        QueueEngine engine = Objects.requireNonNull(queues.engine(GROUP));
        assertTrue(engine.isSurveyed());
        engine.announce(6, 1, 9, 0, queues.ops());

        queues.tellFrom(queues.untold(20));
        queues.tell(without(batch(0, 10), 2, 5));
        queues.tell(without(batch(10, 10), 0, 10));

        assertEquals(20, engine.end());
        assertEquals(7, engine.counts().outstanding());
        assertEquals(HowDone.REMOVED, engine.howDone(3));
        assertEquals(20, engine.nextNotDone(10));
        queues.tell(without(batch(20, 3), 1, 2));
        assertEquals(9, engine.counts().outstanding());
        List<Receiver> receivers = List.of(new Receiver(1).waitFor(100, 1 << 20, 30_000));
        assertEquals(1, engine.grant(receivers, offset -> 1, NOW, queues.ops()), "all have one key");
    }

    private static RecordBatch without(RecordBatch whole, int from, int to) throws Exception {
        BatchSlicer slicer = new BatchSlicer().open(whole);
        ByteBuffer target = ByteBuffer.allocate(1 << 16);
        slicer.begin(target);
        slicer.add(0, from);
        slicer.add(to, slicer.recordCount());
        slicer.finish();
        return new RecordBatch().wrap(target, 0);
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
