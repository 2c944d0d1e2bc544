package io.headwater.broker.work;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.partition.Wishes;
import io.headwater.broker.queue.Selection;
import io.headwater.broker.queue.Shipment;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueLeft;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.storage.StorageException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records that one request of an operator moves to another topic: of a page those that go to the partition to which
 * the first of them goes. The next page begins with the first that was passed over.
 */
final class MovePage implements Search.Visitor {
    private final LetterBox box;
    private final Copies copies;
    private final PartitionInfo from;
    private final Lot lot;
    private final boolean isDryRun;
    private final Shipment.Cargo cargo;
    /** Null: each goes to where it died. */
    private final @Nullable TopicInfo to;

    private final QueueLeft.Builder left = QueueLeft.newBuilder();
    private long passed = Selection.NO_MORE;
    private long wouldMove;
    private long next;

    private MovePage(
            LetterBox box,
            Copies copies,
            PartitionInfo from,
            Lot lot,
            boolean isDryRun,
            Shipment.Cargo cargo,
            @Nullable TopicInfo to) {
        this.box = box;
        this.copies = copies;
        this.from = from;
        this.lot = lot;
        this.isDryRun = isDryRun;
        this.cargo = cargo;
        this.to = to;
    }

    /** @param most as many may go at once, whatever was asked for */
    static MovePage of(
            QueueOperate request, Operations operations, PartitionInfo from, LetterBox box, Copies copies, int most)
            throws RequestFailedException, StorageException {
        int max = operations.max();
        Lot lot = new Lot(from, Math.min(most, max), box.maxRecordBytes());
        boolean back = request.getToOrigin();
        Shipment.Cargo cargo = back ? Shipment.Cargo.TO_ORIGIN : Shipment.Cargo.AS_THEY_ARE;
        TopicInfo to = back ? null : target(request.getToTopic(), from, box);
        MovePage page = new MovePage(box, copies, from, lot, request.getDryRun(), cargo, to);
        page.next = operations.search().read(operations.unleased(), request.getDryRun() ? max : Long.MAX_VALUE, page);
        return page;
    }

    private static TopicInfo target(String name, PartitionInfo from, LetterBox box) throws RequestFailedException {
        if (name.isEmpty() || name.equals(from.topicName())) {
            throw QueueDesk.invalid("to_topic: " + (name.isEmpty() ? "none" : name + ", in which the records are")
                    + " (expected: another topic, or to_origin)");
        }
        TopicInfo to = box.metadata().topic(name);
        if (to == null) {
            throw new RequestFailedException(
                    Errors.of(ErrorCode.ERROR_UNKNOWN_TOPIC, "the topic " + name + " does not exist"));
        }
        return to;
    }

    @Override
    public boolean found(long offset, RecordCursor record) throws StorageException {
        if (lot.isFull()) {
            return false;
        }
        List<RecordHeader> own = record.headers();
        TopicInfo target = to == null ? origin(own) : to;
        if (target == null) {
            return true;
        }
        List<RecordHeader> headers = cargo == Shipment.Cargo.TO_ORIGIN ? LetterHeaders.before(own) : own;
        // The search reads a batch up to the record, a copy all of it.
        if (!isReadable(headers) || copies.isUnreadable(offset)) {
            unfit();
            return true;
        }
        if (isDryRun) {
            if (lot.isTooLarge(record.key(), record.value(), headers)) {
                unfit();
            } else {
                wouldMove++;
            }
            return true;
        }
        Lot.Verdict verdict = lot.offer(offset, record.key(), record.value(), headers, target);
        switch (verdict) {
            case ELSEWHERE -> passed = passed == Selection.NO_MORE ? offset : passed;
            case TOO_LARGE -> unfit();
            case TAKEN, FULL -> {}
        }
        return verdict != Lot.Verdict.FULL;
    }

    @Override
    public void missing(long offset) throws StorageException {
        if (copies.isUnreadable(offset)) {
            unfit();
        }
    }

    private void unfit() {
        if (mayCount()) {
            left.setUnfit(left.getUnfit() + 1);
        }
    }

    /** What stands behind one that was passed over comes again in the next page. */
    private boolean mayCount() {
        return passed == Selection.NO_MORE;
    }

    /** Whether the other topic's partition can tell what its producer asked for. */
    private static boolean isReadable(List<RecordHeader> headers) {
        try {
            Wishes.of(headers);
            return true;
        } catch (InvalidBatchException e) {
            return false;
        }
    }

    /** Null: there is none, and it is counted. */
    private @Nullable TopicInfo origin(List<RecordHeader> headers) {
        String name = LetterHeaders.topicOf(headers);
        TopicInfo origin = name.equals(from.topicName()) ? null : box.metadata().topic(name);
        if (origin == null && mayCount()) {
            if (name.isEmpty()) {
                left.setWithoutOrigin(left.getWithoutOrigin() + 1);
            } else {
                left.setOriginGone(left.getOriginGone() + 1);
            }
        }
        return origin;
    }

    boolean isEmpty() {
        return lot.isEmpty();
    }

    Shipment.Cargo cargo() {
        return cargo;
    }

    long partitionId() {
        return lot.partitionId();
    }

    /** Rising. */
    long[] offsets() {
        return lot.offsets();
    }

    /** How many have arrived is set when they have. */
    QueueOperateReply reply() {
        return QueueOperateReply.newBuilder()
                .setRecords(wouldMove)
                .setNextOffset(passed == Selection.NO_MORE ? next : passed)
                .setLeft(left)
                .build();
    }
}
