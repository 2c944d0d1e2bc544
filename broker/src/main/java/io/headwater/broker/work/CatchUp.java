package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionQueues;
import io.headwater.broker.partition.ReadBuffer;
import io.headwater.record.Envelope;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.storage.LogSlice;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;

/**
 * Tells groups of the records that they have not seen: those from before they were made, and a keyed one the keys of all
 * that are not done, after a start. Some at a time, between an owner's other work; nothing of what was read is kept in
 * between.
 */
final class CatchUp {
    private final Partition partition;

    CatchUp(Partition partition) {
        this.partition = partition;
    }

    /** Whether there is something to tell. */
    boolean isBehind() {
        long end = partition.log().endOffset();
        boolean behind = partition.queues().untold(end) != Long.MAX_VALUE;
        if (!behind) {
            partition.queues().told(end);
        }
        return behind;
    }

    /**
     * Some of it.
     *
     * @param most bytes; one larger entry is read all the same
     * @return how many were read
     */
    int step(ReadBuffer buffer, int most) throws StorageException {
        PartitionQueues queues = partition.queues();
        // What this turn has appended can be read only when it is written.
        partition.flush();
        int read = 0;
        long from = queues.untold(partition.log().endOffset());
        while (from != Long.MAX_VALUE && read < most) {
            int more = tell(from, buffer, most - read);
            // At least something, so that an end comes of it.
            read += more == 0 ? most : more;
            from = queues.untold(partition.log().endOffset());
        }
        queues.told(partition.log().endOffset());
        queues.letGo();
        return read;
    }

    /** Returns how many bytes were read. */
    private int tell(long from, ReadBuffer buffer, int most) throws StorageException {
        long start = Math.max(from, partition.startOffset());
        partition.queues().tellFrom(from);
        try (LogSlice slice = partition.log().read(start, partition.log().endOffset(), most, null)) {
            ByteBuffer bytes = buffer.read(slice);
            RecordBatch batch = new RecordBatch();
            for (int at = 0; at < bytes.limit(); at += bytes.getInt(at)) {
                partition.queues().tell(batch.wrap(bytes, at + Envelope.SIZE));
            }
            return bytes.limit();
        } catch (InvalidBatchException e) {
            throw new IllegalStateException("a batch of the log: " + e.getMessage(), e);
        }
    }
}
