package io.headwater.broker.work;

import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.partition.Wishes;
import io.headwater.broker.queue.Again;
import io.headwater.broker.queue.Answered;
import io.headwater.broker.queue.Explanation;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Selection;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.KeyHash;
import io.headwater.record.RecordCursor;
import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What operators want done with records: of many a page for each request, so that the owner does not stand still. */
final class Operations {
    private static final int DEFAULT_PAGE = 10_000;
    private static final int LARGEST_PAGE = 100_000;
    /** What nobody ever touched is purged in runs, and so is more of it in one step. */
    private static final int PURGED_OFFSETS = 1 << 20;

    private final Partition partition;
    private final QueueEngine engine;
    private final QueueOperate request;
    private final QueueOps ops;
    private final Now now;

    /** @param engine which knows all records */
    Operations(Partition partition, QueueEngine engine, QueueOperate request, Now now) {
        this.now = now;
        this.partition = partition;
        this.engine = engine;
        this.request = request;
        this.ops = partition.queues().ops();
    }

    /** Does it, or the next page of it, unless that was done before; the reply may leave when that is durable. */
    QueueOperateReply run() throws RequestFailedException, StorageException {
        Answered before = request.getRequestId() == 0 ? null : engine.answered(request.getRequestId());
        if (before != null) {
            return reply(before.records(), before.next()).toBuilder()
                    .setGone(before.gone())
                    .build();
        }
        QueueOperateReply reply = operate();
        if (request.getRequestId() != 0 && reply.getRecords() > 0 && !request.getDryRun()) {
            engine.answered(
                    new Answered(request.getRequestId(), reply.getRecords(), reply.getNextOffset(), reply.getGone()),
                    ops);
        }
        return reply;
    }

    private QueueOperateReply operate() throws RequestFailedException, StorageException {
        return switch (request.getOperation()) {
            case QUEUE_PAUSE -> {
                engine.pause(ops);
                yield reply(0, Selection.NO_MORE);
            }
            case QUEUE_RESUME -> {
                engine.resume(ops);
                yield reply(0, Selection.NO_MORE);
            }
            case QUEUE_PURGE -> purge();
            case QUEUE_REDRIVE -> redrive();
            case QUEUE_CANCEL -> cancel();
            case QUEUE_REPLAY -> replay();
            case QUEUE_MOVE -> throw new IllegalStateException("move: its reply has to wait (expected: Mover)");
            default ->
                throw QueueDesk.invalid("operation: " + request.getOperationValue() + " (expected: a known one)");
        };
    }

    private static QueueOperateReply reply(long records, long next) {
        return QueueOperateReply.newBuilder()
                .setRecords(records)
                .setNextOffset(next)
                .build();
    }

    Search search() throws RequestFailedException, StorageException {
        if (request.getFromOffset() < 0) {
            throw QueueDesk.invalid("from_offset: " + request.getFromOffset() + " (expected: 0 or more)");
        }
        long until = request.getUntilOffset() < 0 ? Long.MAX_VALUE : request.getUntilOffset();
        return new Search(partition, engine, request.getFilter(), request.getFromOffset(), until);
    }

    int max() throws RequestFailedException {
        int max = request.getMax();
        if (max < 0 || max > LARGEST_PAGE) {
            throw QueueDesk.invalid(
                    "max: " + max + " (expected: 1 to " + LARGEST_PAGE + "; 0: as many as a page holds)");
        }
        return max == 0 ? DEFAULT_PAGE : max;
    }

    private QueueOperateReply purge() throws RequestFailedException, StorageException {
        Set<RecordState> states = unleased();
        Search search = search();
        if (search.isUnconditional() && request.getMax() == 0 && !request.getDryRun()) {
            long to = Math.min(search.until(), search.from() + PURGED_OFFSETS);
            long purged = engine.purge(states, search.from(), to, ops);
            return reply(purged, search.andThen(to < search.until() ? to : Selection.NO_MORE));
        }
        Selection page = search.page(states, max());
        if (!request.getDryRun()) {
            engine.purge(states, page.offsets(), ops);
        }
        return reply(page.offsets().length, page.next());
    }

    /** The states that are asked for, of those that nobody else works on. */
    Set<RecordState> unleased() throws RequestFailedException {
        Set<RecordState> states = EnumSet.noneOf(RecordState.class);
        for (io.headwater.protocol.wire.RecordState wire : request.getStatesList()) {
            states.add(
                    switch (wire) {
                        case RECORD_READY -> RecordState.READY;
                        case RECORD_WAITING -> RecordState.WAITING;
                        case RECORD_DEAD -> RecordState.DEAD;
                        default ->
                            throw QueueDesk.invalid("states: " + wire + " (expected: ready, waiting or dead; what is"
                                    + " leased is its consumer's)");
                    });
        }
        if (states.isEmpty()) {
            throw QueueDesk.invalid("states: none (expected: at least one of ready, waiting, dead)");
        }
        return states;
    }

    private QueueOperateReply redrive() throws RequestFailedException, StorageException {
        Selection page = search().page(Set.of(RecordState.DEAD), max());
        if (!request.getDryRun()) {
            engine.redrive(page.offsets(), ops);
        }
        return reply(page.offsets().length, page.next());
    }

    /** What was acknowledged and is still in the log is ready again, in the order and at the time that its producer wants. */
    private QueueOperateReply replay() throws RequestFailedException, StorageException {
        Search search = search();
        List<Again> records = new ArrayList<>();
        long[] going = new long[1];
        long next = search.read(Set.of(RecordState.DONE), max(), (offset, record) -> {
            if (partition.upkeep().isBeingRemoved(offset)) {
                going[0]++;
            } else {
                records.add(again(offset, record));
            }
            return true;
        });
        if (!request.getDryRun() && !records.isEmpty()) {
            if (!engine.hasRoomFor(records.size())) {
                throw new RequestFailedException(PartitionErrors.queuesFull(partition.info()));
            }
            engine.replay(records, ops);
            partition.queues().replayed();
        }
        return reply(records.size(), next).toBuilder()
                .setGone(search.gone() + going[0])
                .build();
    }

    private Again again(long offset, RecordCursor record) {
        long keyHash = record.hasKey()
                ? KeyHash.identityOf(record.buffer(), record.keyPosition(), record.keyLength())
                : KeyHash.identityOf(offset);
        Wishes.Wish wish;
        try {
            wish = Wishes.of(record);
        } catch (InvalidBatchException e) {
            // As when it came.
            wish = Wishes.NONE;
        }
        return new Again(offset, keyHash, wish.priority(), wish.dueMs() > now.wallMs() ? wish.dueMs() : 0);
    }

    private QueueOperateReply cancel() throws RequestFailedException, StorageException {
        Selection page = search().page(Set.of(RecordState.WAITING), max());
        if (!request.getDryRun()) {
            return reply(engine.cancel(page.offsets(), ops), page.next());
        }
        long count = 0;
        for (long offset : page.offsets()) {
            count += engine.explain(offset).reason() == Explanation.Reason.SCHEDULED ? 1 : 0;
        }
        return reply(count, page.next());
    }
}
