package io.headwater.broker.work;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.InternalProducer;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.queue.Kept;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.Shipment;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Compression;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the batch of a shipment, anew for each attempt: what was erased meanwhile does not go. */
final class Copies {
    private final QueueDesk desk;
    private final Partition partition;
    private final LetterBox box;

    Copies(QueueDesk desk, LetterBox box) {
        this.desk = desk;
        this.partition = desk.partition();
        this.box = box;
    }

    /** What is done with records that are read for their copies. */
    interface Reader {
        /**
         * False: that is enough.
         *
         * @param record lent
         * @param headers of its copy
         */
        boolean read(long offset, RecordCursor record, List<RecordHeader> headers);

        /** It is not there any more ({@link Kept#NOT}), or cannot be read. */
        void missing(long offset, Kept why) throws StorageException;
    }

    /** A batch that may leave. */
    record Batch(ByteBuffer bytes, int records) {}

    /** A record's batch is there, and cannot be taken apart: whether it is done is not for this to say. */
    private static final class UnreadableException extends StorageException {
        UnreadableException(String message) {
            super(message);
        }
    }

    /** Whether a record is there, and no copy of it could be made. */
    boolean isUnreadable(long offset) throws StorageException {
        RecordShelf.Shelved entry = desk.shelf().holding(offset);
        return entry != null && entry.records() == null;
    }

    /** @param offsets rising */
    void read(QueueEngine engine, Shipment.Cargo cargo, long[] offsets, Reader reader) throws StorageException {
        String group = groupName(engine);
        for (int i = 0; i < offsets.length; i++) {
            long offset = offsets[i];
            RecordShelf.Shelved entry = desk.shelf().holding(offsets, i);
            BatchSlicer records = entry == null ? null : entry.records();
            if (entry == null || records == null) {
                reader.missing(offset, entry == null ? Kept.NOT : Kept.UNREADABLE);
                continue;
            }
            int index = records.indexFrom(offset);
            if (index == records.recordCount() || records.offset(index) != offset) {
                reader.missing(offset, Kept.NOT);
                continue;
            }
            RecordCursor record = records.record(index);
            List<RecordHeader> headers = switch (cargo) {
                case DEAD_LETTERS ->
                    LetterHeaders.of(record, partition.info(), group, entry.ingestionTimeMs(), engine.death(offset));
                case AS_THEY_ARE -> record.headers();
                case TO_ORIGIN -> LetterHeaders.before(record.headers());
            };
            if (!reader.read(offset, record, headers)) {
                return;
            }
        }
    }

    private String groupName(QueueEngine engine) {
        TopicInfo topic = box.metadata().topic(partition.info().topicName());
        QueueGroupInfo group = topic == null ? null : topic.queueGroup(engine.groupId());
        return group == null ? "" : group.name();
    }

    /**
     * Null: all of them were erased.
     *
     * @throws StorageException also if one of them cannot be read; without it the others would be all that ever arrives
     */
    @Nullable
    Batch of(QueueEngine engine, Shipment shipment) throws StorageException {
        long[] offsets = shipment.offsets();
        Measure measure = new Measure();
        read(engine, shipment.cargo(), offsets, measure);
        if (measure.bytes == 0) {
            return null;
        }
        Copier copier = new Copier(Math.toIntExact(measure.bytes));
        read(engine, shipment.cargo(), offsets, copier);
        long producerId = InternalProducer.idOf(partition.info().partitionId(), engine.groupId());
        int size = copier.builder.finish(
                producerId,
                InternalProducer.epochOf(shipment.number()),
                InternalProducer.sequenceOf(shipment.number()));
        return new Batch(copier.target.limit(size), copier.records);
    }

    /** What was erased since the batch was put together does not go. What is there must. */
    private void leaveOut(long offset, Kept why) throws UnreadableException {
        if (why != Kept.NOT) {
            // The next attempt reads it anew.
            desk.forgetEntries();
            throw new UnreadableException(
                    "record " + offset + " of " + partition.info().displayName()
                            + ", which goes with it, cannot be read: its batch is not what was written, or was never whole");
        }
    }

    /** How large the copies are together, at most. */
    private final class Measure implements Reader {
        /** What a record may take more when a later one is earlier. */
        private static final int TIME_BYTES = 12;

        long bytes;

        @Override
        public boolean read(long offset, RecordCursor record, List<RecordHeader> headers) {
            bytes += RecordBatchBuilder.sizeUpperBound(record.key(), record.value(), headers) + TIME_BYTES;
            return true;
        }

        @Override
        public void missing(long offset, Kept why) throws StorageException {
            leaveOut(offset, why);
        }
    }

    /** Writes the copies. */
    private final class Copier implements Reader {
        private final RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE);
        private final ByteBuffer target;
        private int records;

        Copier(int bytes) {
            this.target = ByteBuffer.allocate(bytes);
            builder.reset(target);
        }

        @Override
        public boolean read(long offset, RecordCursor record, List<RecordHeader> headers) {
            if (!builder.append(record.eventTimeMs(), record.key(), record.value(), headers)) {
                throw new IllegalStateException("copies: no room for that of record " + offset);
            }
            records++;
            return true;
        }

        @Override
        public void missing(long offset, Kept why) throws StorageException {
            leaveOut(offset, why);
        }
    }
}
