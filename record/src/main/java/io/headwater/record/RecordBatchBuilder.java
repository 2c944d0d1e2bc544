package io.headwater.record;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds record batches, one after the other, into buffers it is given. */
public final class RecordBatchBuilder {
    public RecordBatchBuilder(Compression compression) {}

    /** Borrows {@code target} until {@link #finish}; its position to its limit is the room. */
    public RecordBatchBuilder reset(ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    /** Returns false where there is no room; then nothing was written. */
    public boolean append(
            long eventTimeMs, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        throw new UnsupportedOperationException();
    }

    public int recordCount() {
        throw new UnsupportedOperationException();
    }

    /** What the batch takes at most if it were finished now. */
    public int sizeInBytes() {
        throw new UnsupportedOperationException();
    }

    /** What a batch with this one record takes at most. */
    public static int sizeUpperBound(byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        throw new UnsupportedOperationException();
    }

    /** Completes the batch; returns its size. It stands at [start, start + size) of target; position and limit of target are as they were. */
    public int finish(long producerId, short producerEpoch, int baseSequence) {
        throw new UnsupportedOperationException();
    }

    /** Gives a finished batch another producer id, epoch and sequence, and its CRC anew. */
    public static void restampProducer(
            ByteBuffer buffer, int position, long producerId, short producerEpoch, int baseSequence) {
        throw new UnsupportedOperationException();
    }
}
