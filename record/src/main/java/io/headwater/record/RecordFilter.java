package io.headwater.record;

import java.nio.ByteBuffer;

/**
 * Says which records of a log stay when it is rewritten. A record stays if both its offset and what stands in it are
 * kept. Asked on another thread than the log's owner, by one thread at a time: it must not look at what the owner
 * changes meanwhile.
 */
@FunctionalInterface
public interface RecordFilter {
    /** Keeps all but the record at one offset. */
    static RecordFilter withoutOffset(long erased) {
        return new RecordFilter() {
            @Override
            public boolean keeps(long offset) {
                return offset != erased;
            }

            @Override
            public long kept(long fromOffset, long untilOffset) {
                return untilOffset - fromOffset - (erased >= fromOffset && erased < untilOffset ? 1 : 0);
            }
        };
    }

    /** Keeps all but the records with a key, which is borrowed. */
    static RecordFilter withoutKey(byte[] erased) {
        ByteBuffer key = ByteBuffer.wrap(erased);
        return new LooksInside() {
            @Override
            public boolean keeps(RecordCursor record) {
                return !record.hasKey() || !key.equals(record.buffer().slice(record.keyPosition(), record.keyLength()));
            }
        };
    }

    /** By its offset; may also be asked of offsets whose record is gone already. */
    boolean keeps(long offset);

    /** A filter that has to see each record, whatever its offset. */
    interface LooksInside extends RecordFilter {
        @Override
        default boolean keeps(long offset) {
            return true;
        }

        @Override
        default long kept(long fromOffset, long untilOffset) {
            return untilOffset - fromOffset;
        }

        @Override
        default boolean looksInside(long fromOffset, long untilOffset) {
            return true;
        }

        @Override
        boolean keeps(RecordCursor record);
    }

    /** How many of these offsets are kept. Asked for whole segments and batches: better than one by one where it can be. */
    default long kept(long fromOffset, long untilOffset) {
        long kept = 0;
        for (long offset = fromOffset; offset < untilOffset; offset++) {
            if (keeps(offset)) {
                kept++;
            }
        }
        return kept;
    }

    /** Whether the records at these offsets have to be read, decompressed if need be, to know whether they are kept. */
    default boolean looksInside(long fromOffset, long untilOffset) {
        return false;
    }

    /**
     * By what stands in it. Asked in the order of offsets, where {@link #looksInside} said so and the offset is kept; once
     * or twice for each record.
     *
     * @param record borrowed
     */
    default boolean keeps(RecordCursor record) {
        return true;
    }
}
