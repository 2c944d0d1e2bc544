package io.headwater.client;

import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;

/** A record of a stream. */
final class StoredRecord extends BatchRecord<StoredRecord.Source> {

    /** What the records of one batch share. */
    record Source(PartitionReader reader, int epoch, long ingestionTimeMs, ByteBuffer buffer)
            implements BatchRecord.Source {
        @Override
        public String topic() {
            return reader.partition.topic();
        }

        @Override
        public int partition() {
            return reader.partition.partition();
        }
    }

    /** Reads what the cursor stands on. */
    StoredRecord(Source source, RecordCursor cursor) {
        super(source, cursor);
    }

    PartitionReader reader() {
        return source.reader();
    }

    /** Of the reader when this was read. */
    int epoch() {
        return source.epoch();
    }

    /** Its partition was taken away, or its reader was moved since: whoever has not begun with it must not. */
    boolean isStale() {
        return source.reader().revoked || source.reader().epoch != source.epoch();
    }
}
