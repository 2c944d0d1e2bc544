package io.headwater.broker.work;

import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.queue.Kept;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.Shipment;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.storage.StorageException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Picks what goes to the dead-letter topic next. */
final class DeadLetters {
    /** Of one turn: those for other partitions of the topic are passed over. */
    private static final int MOST_LOOKED = 4_000;

    private final Partition partition;
    private final LetterBox box;
    private final Copies copies;

    DeadLetters(Partition partition, LetterBox box, Copies copies) {
        this.partition = partition;
        this.box = box;
        this.copies = copies;
    }

    /**
     * Decides on a batch of a group's dead records, or what else becomes of them.
     *
     * @param most records at most
     * @return why none of them can be moved; null: nothing is in the way
     */
    @Nullable
    String choose(QueueEngine engine, int most, QueueOps ops) throws StorageException {
        TopicInfo from = box.metadata().topic(partition.info().topicName());
        if (from == null) {
            return null;
        }
        String name = from.policy().work().deadLetter();
        if (name.isEmpty()) {
            for (long offset : engine.moving(MOST_LOOKED)) {
                engine.keep(offset, Kept.NO_TOPIC, ops);
            }
            return null;
        }
        TopicInfo to = box.metadata().topic(name);
        if (to == null) {
            return "the dead-letter topic " + name + " does not exist";
        }
        // What this turn has appended can be read only when it is written.
        partition.flush();
        Choice choice = new Choice(engine, to, most, ops);
        copies.read(engine, Shipment.Cargo.DEAD_LETTERS, engine.moving(MOST_LOOKED), choice);
        if (!choice.lot.isEmpty()) {
            engine.send(choice.lot.partitionId(), choice.lot.offsets(), ops);
        }
        return null;
    }

    private final class Choice implements Copies.Reader {
        private final QueueEngine engine;
        private final TopicInfo to;
        private final QueueOps ops;
        private final Lot lot;

        Choice(QueueEngine engine, TopicInfo to, int most, QueueOps ops) {
            this.engine = engine;
            this.to = to;
            this.ops = ops;
            this.lot = new Lot(partition.info(), most, box.maxRecordBytes());
        }

        @Override
        public boolean read(long offset, RecordCursor record, List<RecordHeader> headers) {
            return switch (lot.offer(offset, record.key(), record.value(), headers, to)) {
                case TAKEN -> !lot.isFull();
                case ELSEWHERE -> true;
                case FULL -> false;
                case TOO_LARGE -> {
                    engine.keep(offset, Kept.TOO_LARGE, ops);
                    yield true;
                }
            };
        }

        @Override
        public void missing(long offset, Kept why) {
            if (why == Kept.NOT) {
                engine.skip(offset, offset + 1, ops);
            } else {
                engine.keep(offset, why, ops);
            }
        }
    }
}
