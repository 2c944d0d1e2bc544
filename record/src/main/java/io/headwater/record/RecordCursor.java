package io.headwater.record;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Goes over the records of one batch. */
public final class RecordCursor {
    /** Batches that inflate to more than this are refused, unless the constructor was told another bound. */
    public static final int DEFAULT_MAX_INFLATED_BYTES = 64 << 20;

    public RecordCursor() {
        this(DEFAULT_MAX_INFLATED_BYTES);
    }

    /** @param maxInflatedBytes a compressed batch that inflates to more is refused */
    public RecordCursor(int maxInflatedBytes) {}

    public boolean next() throws InvalidBatchException {
        throw new UnsupportedOperationException();
    }

    public long offset() {
        throw new UnsupportedOperationException();
    }

    public long eventTimeMs() {
        throw new UnsupportedOperationException();
    }

    public int sizeInBytes() {
        throw new UnsupportedOperationException();
    }

    public boolean hasKey() {
        throw new UnsupportedOperationException();
    }

    public int keyPosition() {
        throw new UnsupportedOperationException();
    }

    public int keyLength() {
        throw new UnsupportedOperationException();
    }

    public byte @Nullable [] key() {
        throw new UnsupportedOperationException();
    }

    public boolean hasValue() {
        throw new UnsupportedOperationException();
    }

    public int valuePosition() {
        throw new UnsupportedOperationException();
    }

    public int valueLength() {
        throw new UnsupportedOperationException();
    }

    public byte @Nullable [] value() {
        throw new UnsupportedOperationException();
    }

    public int headerCount() {
        throw new UnsupportedOperationException();
    }

    public List<RecordHeader> headers() {
        throw new UnsupportedOperationException();
    }

    /** Where key and value positions point into: the batch's buffer, or this cursor's own where it was compressed. */
    public ByteBuffer buffer() {
        throw new UnsupportedOperationException();
    }
}
