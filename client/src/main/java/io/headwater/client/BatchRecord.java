package io.headwater.client;

import io.headwater.record.KeyHash;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A record as a place in its batch. Slim, because there is one for each record read. */
abstract class BatchRecord<S extends BatchRecord.Source> implements ConsumedRecord {

    /** What the records of one batch share. */
    interface Source {
        String topic();

        int partition();

        long ingestionTimeMs();

        ByteBuffer buffer();
    }

    final S source;
    private final long offset;
    private final long eventTimeMs;
    private final int keyPosition;
    private final int keyLength;
    private final int valuePosition;
    private final int valueLength;
    private final List<RecordHeader> headers;

    /** Reads what the cursor stands on. */
    BatchRecord(S source, RecordCursor cursor) {
        this.source = source;
        this.offset = cursor.offset();
        this.eventTimeMs = cursor.eventTimeMs();
        this.keyLength = cursor.hasKey() ? cursor.keyLength() : -1;
        this.keyPosition = keyLength >= 0 ? cursor.keyPosition() : 0;
        this.valueLength = cursor.hasValue() ? cursor.valueLength() : -1;
        this.valuePosition = valueLength >= 0 ? cursor.valuePosition() : 0;
        this.headers = cursor.headerCount() == 0 ? List.of() : cursor.headers();
    }

    @Override
    public String topic() {
        return source.topic();
    }

    @Override
    public int partition() {
        return source.partition();
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long eventTimeMs() {
        return eventTimeMs;
    }

    @Override
    public long ingestionTimeMs() {
        return source.ingestionTimeMs();
    }

    @Override
    public byte @Nullable [] key() {
        return copy(keyPosition, keyLength);
    }

    @Override
    public byte @Nullable [] value() {
        return copy(valuePosition, valueLength);
    }

    boolean hasKey() {
        return keyLength >= 0;
    }

    /** Of the key that it has: the same for the same bytes, and for hardly any others. */
    long keyIdentity() {
        return KeyHash.identityOf(source.buffer(), keyPosition, keyLength);
    }

    private byte @Nullable [] copy(int position, int length) {
        if (length < 0) {
            return null;
        }
        byte[] bytes = new byte[length];
        source.buffer().get(position, bytes);
        return bytes;
    }

    @Override
    public @Nullable ByteBuffer keyView() {
        return view(keyPosition, keyLength);
    }

    @Override
    public @Nullable ByteBuffer valueView() {
        return view(valuePosition, valueLength);
    }

    private @Nullable ByteBuffer view(int position, int length) {
        return length < 0 ? null : source.buffer().slice(position, length).asReadOnlyBuffer();
    }

    @Override
    public List<RecordHeader> headers() {
        return headers;
    }

    @Override
    public String toString() {
        return topic() + "-" + partition() + "@" + offset;
    }
}
