package io.headwater.record;

import java.nio.ByteBuffer;

/** A reusable view over one record batch in a buffer. */
public final class RecordBatch {
    public RecordBatch wrap(ByteBuffer buffer, int position) throws InvalidBatchException {
        throw new UnsupportedOperationException();
    }

    public ByteBuffer buffer() {
        throw new UnsupportedOperationException();
    }

    public int position() {
        throw new UnsupportedOperationException();
    }

    public int sizeInBytes() {
        throw new UnsupportedOperationException();
    }

    public long baseOffset() {
        throw new UnsupportedOperationException();
    }

    public int leaderEpoch() {
        throw new UnsupportedOperationException();
    }

    public int crc() {
        throw new UnsupportedOperationException();
    }

    public short attributes() {
        throw new UnsupportedOperationException();
    }

    public int lastOffsetDelta() {
        throw new UnsupportedOperationException();
    }

    public long baseTimestamp() {
        throw new UnsupportedOperationException();
    }

    public long maxTimestamp() {
        throw new UnsupportedOperationException();
    }

    public long producerId() {
        throw new UnsupportedOperationException();
    }

    public short producerEpoch() {
        throw new UnsupportedOperationException();
    }

    public int baseSequence() {
        throw new UnsupportedOperationException();
    }

    public int recordCount() {
        throw new UnsupportedOperationException();
    }

    public Compression compression() {
        throw new UnsupportedOperationException();
    }

    public boolean isTransactional() {
        throw new UnsupportedOperationException();
    }

    public boolean isControl() {
        throw new UnsupportedOperationException();
    }

    public boolean isAppendTime() {
        throw new UnsupportedOperationException();
    }

    public boolean crcMatches() {
        throw new UnsupportedOperationException();
    }

    public void validate() throws InvalidBatchException {
        throw new UnsupportedOperationException();
    }

    public void stamp(long baseOffset, int leaderEpoch) {
        throw new UnsupportedOperationException();
    }

    public EventTimes eventTimes(EventTimes reuse) throws InvalidBatchException {
        throw new UnsupportedOperationException();
    }

    public RecordCursor records() throws InvalidBatchException {
        return records(new RecordCursor());
    }

    public RecordCursor records(RecordCursor reuse) throws InvalidBatchException {
        throw new UnsupportedOperationException();
    }
}
