package io.headwater.broker.partition;

import io.headwater.record.RecordCursor;
import io.headwater.record.RecordFilter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Keeps all records but one, or but those with one key. */
public final class Erasure implements RecordFilter {
    private final long offset;
    private final @Nullable ByteBuffer key;

    private Erasure(long offset, @Nullable ByteBuffer key) {
        this.offset = offset;
        this.key = key;
    }

    public static Erasure ofRecord(long offset) {
        return new Erasure(offset, null);
    }

    /** @param key position to limit; borrowed until the rewriting is over */
    public static Erasure ofKey(ByteBuffer key) {
        return new Erasure(-1, key);
    }

    @Override
    public boolean keeps(long at) {
        return at != offset;
    }

    @Override
    public long kept(long fromOffset, long untilOffset) {
        long all = untilOffset - fromOffset;
        return offset >= fromOffset && offset < untilOffset ? all - 1 : all;
    }

    @Override
    public boolean looksInside(long fromOffset, long untilOffset) {
        return key != null;
    }

    @Override
    public boolean keeps(RecordCursor record) {
        if (key == null || !record.hasKey() || record.keyLength() != key.remaining()) {
            return true;
        }
        for (int i = 0; i < key.remaining(); i++) {
            if (record.buffer().get(record.keyPosition() + i) != key.get(key.position() + i)) {
                return true;
            }
        }
        return false;
    }
}
