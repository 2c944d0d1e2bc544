package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateQueueGroup;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.QueuePolicy;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.broker.partition.ReadBuffer;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.storage.LogSlice;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CatchUpsTest {
    private static final int PARTITIONS = 24;
    private static final int RECORDS = 6;
    /** One a batch. */
    private static final int RECORD_BYTES = 100_000;

    private static final int RECORDS_A_TURN = CatchUps.TURN_BYTES / RECORD_BYTES + 1;

    private final SteppedOwners owners = new SteppedOwners(new SplittableRandom(1), 1);

    @Test
    void manyThatCatchUpAfterAStartTakeTurns() throws Exception {
        fill();
        owners.stop();
        owners.start();
        for (PartitionInfo info : partitions()) {
            owners.owned(info);
        }

        long before = 0;
        int turns = 0;
        while (before < (long) PARTITIONS * RECORDS) {
            owners.owner(partitions().get(0)).doWork();
            long known = known();
            assertTrue(known - before <= RECORDS_A_TURN, "in one turn of the owner: " + (known - before));
            assertTrue(known > before || turns == 0, "nothing was read in a turn");
            if (known < (long) PARTITIONS * RECORDS) {
                assertEquals(0, owners.owner(partitions().get(0)).nextTurnInNs());
            }
            before = known;
            turns++;
        }
        assertTrue(turns > PARTITIONS * RECORDS / RECORDS_A_TURN, "turns: " + turns);
        for (PartitionInfo info : partitions()) {
            assertEquals(RECORDS, engine(info).counts().outstanding());
        }

        owners.round();
        owners.round();
        assertTrue(owners.owner(partitions().get(0)).nextTurnInNs() > 0, "nobody has anything to do");
    }

    /** The last in line has its part before the first has its second. */
    @Test
    void nobodyWaitsForMoreThanTheOthersTurns() throws Exception {
        fill();
        owners.stop();
        owners.start();
        CatchUps line = new CatchUps();
        for (PartitionInfo info : partitions()) {
            Owned owned = owners.owned(info);
            owned.turn(owners.owner(info).now());
            line.add(owned);
            line.add(owned);
        }
        Owned gone = owners.owned(partitions().get(1));
        line.remove(gone);
        for (int i = 0; i < PARTITIONS; i++) {
            if (i == 1) {
                continue;
            }
            line.beginTurn();
            Owned next = line.next();
            assertSame(owners.owned(partitions().get(i)), next);
            // The rest of a turn that others had the most of.
            assertTrue(next.catchUp(new ReadBuffer(CatchUps.TURN_BYTES), RECORD_BYTES) < 2 * RECORD_BYTES);
            line.add(next);
        }
        line.beginTurn();
        assertSame(owners.owned(partitions().get(0)), line.next());
        assertFalse(line.isEmpty());
    }

    @Test
    void allReadIntoTheSameMemory() throws Exception {
        fill();
        int size = 4 * RECORD_BYTES;
        ReadBuffer buffer = new ReadBuffer(size);
        ByteBuffer first = read(buffer, 0, size);
        assertEquals(size, first.capacity());
        assertSame(first, read(buffer, 1, 1));
        // More than it takes has memory of its own.
        ReadBuffer small = new ReadBuffer(RECORD_BYTES / 2);
        assertNotSame(read(small, 2, size), read(small, 3, size));
    }

    private ByteBuffer read(ReadBuffer buffer, int partition, int most) throws StorageException {
        Owned owned = owners.owned(partitions().get(partition));
        long end = owned.partition.log().endOffset();
        try (LogSlice slice = owned.partition.log().read(0, end, most, null)) {
            ByteBuffer read = buffer.read(slice);
            assertEquals(slice.sizeInBytes(), read.remaining());
            return read;
        }
    }

    private void fill() throws Exception {
        owners.apply(Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName("work")
                        .setPartitions(PARTITIONS)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE))));
        owners.apply(Command.newBuilder()
                .setCreateQueueGroup(CreateQueueGroup.newBuilder()
                        .setTopic("work")
                        .setName("group")
                        .setPolicy(QueuePolicy.newBuilder()
                                .setKeyed(true)
                                .setMaxFailures(1)
                                .setBackoff(1)
                                .setOnDead(1)
                                .setSessionGraceMs(1_000)
                                .setLeaseMs(30_000))));
        owners.start();
        for (PartitionInfo info : partitions()) {
            Owned owned = owners.owned(info);
            for (int i = 0; i < RECORDS; i++) {
                append(owned, RECORD_BYTES);
                owners.owner(info).appended(owned);
            }
        }
        for (int i = 0; i < 2 * PARTITIONS; i++) {
            owners.round();
        }
        for (PartitionInfo info : partitions()) {
            assertEquals(RECORDS, owners.owned(info).partition.committedOffset());
        }
    }

    private static void append(Owned owned, int bytes) throws StorageException {
        ByteBuffer target = ByteBuffer.allocate(bytes + 4_096);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        builder.append(0, new byte[] {'k'}, new byte[bytes], List.of());
        builder.finish(-1, (short) -1, -1);
        try {
            RecordBatch batch = new RecordBatch().wrap(target, 0);
            owned.partition.append(batch, batch.eventTimes(new EventTimes()), null);
        } catch (io.headwater.record.InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    private List<PartitionInfo> partitions() {
        return owners.image.topic("work").partitions();
    }

    private QueueEngine engine(PartitionInfo info) throws StorageException {
        return owners.owned(info)
                .partition
                .queues()
                .engine(owners.image.topic("work").queueGroup("group").id());
    }

    private long known() throws StorageException {
        long sum = 0;
        for (PartitionInfo info : partitions()) {
            sum += engine(info).end();
        }
        return sum;
    }
}
