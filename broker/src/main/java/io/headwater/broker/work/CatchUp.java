package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionQueues;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.storage.LogSlice;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;

/**
 * Tells groups of the records that they have not seen: those from before they were made, and a keyed one the keys of all
 * that are not done, after a start. Some at a time, between an owner's other work.
 */
final class CatchUp {
    private static final int STEP_BYTES = 1 << 20;

    private final Partition partition;
    private final RecordBatch batch = new RecordBatch();
    private ByteBuffer bytes = ByteBuffer.allocate(0);

    CatchUp(Partition partition) {
        this.partition = partition;
    }

    /** Some of it. True: there is more. */
    boolean step() throws StorageException {
        PartitionQueues queues = partition.queues();
        long from = queues.untold(partition.log().endOffset());
        if (from == Long.MAX_VALUE) {
            queues.told(partition.log().endOffset());
            return false;
        }
        // What this turn has appended can be read only when it is written.
        partition.flush();
        int read = 0;
        while (from != Long.MAX_VALUE && read < STEP_BYTES) {
            read += tell(from);
            from = queues.untold(partition.log().endOffset());
        }
        queues.told(partition.log().endOffset());
        if (from == Long.MAX_VALUE) {
            bytes = ByteBuffer.allocate(0);
        }
        return from != Long.MAX_VALUE;
    }

    /** Returns how many bytes were read. */
    private int tell(long from) throws StorageException {
        long start = Math.max(from, partition.startOffset());
        partition.queues().tellFrom(from);
        try (LogSlice slice = partition.log().read(start, partition.log().endOffset(), STEP_BYTES, null)) {
            int size = slice.sizeInBytes();
            if (bytes.capacity() < size) {
                bytes = ByteBuffer.allocate(size);
            }
            slice.copyTo(bytes.clear());
            bytes.flip();
            for (int at = 0; at < size; at += bytes.getInt(at)) {
                partition.queues().tell(batch.wrap(bytes, at + Envelope.SIZE));
            }
            // At least something, so that an end comes of it.
            return size == 0 ? STEP_BYTES : size;
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch of the log: " + e.getMessage(), e);
        }
    }
}
