package io.headwater.broker.work;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.Shipment;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.storage.StorageException;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Moves records of a partition's groups to other topics, a batch at a time for each group: what died to the dead-letter
 * topic, and what an operator selects to where he says. The batch is in this log before it is sent, and its records are
 * done here when it is durable there.
 */
final class Mover {
    private static final long FIRST_RETRY_MS = 100;
    private static final long LONGEST_RETRY_MS = 10_000;
    /** An operator whose page must wait for another batch asks again after it. */
    private static final int PAGE_RETRY_MS = 20;
    /** So long no dead records are sent, so that his page is next. */
    private static final long KEPT_FREE_MS = 500;

    private final QueueDesk desk;
    private final Partition partition;
    private final LetterBox box;
    private final Copies copies;
    private final DeadLetters deadLetters;
    private final Int2ObjectHashMap<Move> moves = new Int2ObjectHashMap<>();
    private boolean more;

    /** How far a group has come. */
    private static final class Move {
        /** Its batch is on its way to the disk, to the other partition, or back. */
        boolean underway;

        boolean refused;
        /** A topic that is nearly full may have room for fewer: of dead letters, and of a page of an operator's. */
        int most = Lot.MOST_RECORDS;

        int mostOfPage = Lot.MOST_RECORDS;
        long retryAtMs;
        long retryInMs = FIRST_RETRY_MS;
        long keptFreeUntilMs;
        String problem = "";
        long problemSinceMs;
        /** Who waits for the batch that is under way; null: nobody does. */
        @Nullable
        Waiting waiting;

        void failed(String why, Now now) {
            if (problem.isEmpty()) {
                problemSinceMs = now.wallMs();
            }
            problem = why;
            retryAtMs = now.monotonicMs() + retryInMs;
            retryInMs = Math.min(LONGEST_RETRY_MS, 2 * retryInMs);
        }

        void succeeded() {
            refused = false;
            problem = "";
            retryAtMs = 0;
            retryInMs = FIRST_RETRY_MS;
        }

        @Nullable
        Waiting takeWaiting() {
            Waiting taken = waiting;
            waiting = null;
            return taken;
        }
    }

    /** @param reply when all of it has arrived */
    private record Waiting(Answer<QueueOperateReply> answer, QueueOperateReply reply) {}

    /**
     * Why a group's records are not moved.
     *
     * @param sinceMs epoch ms
     */
    record Trouble(String problem, long sinceMs) {}

    Mover(QueueDesk desk, LetterBox box) {
        this.desk = desk;
        this.partition = desk.partition();
        this.box = box;
        this.copies = new Copies(desk, box);
        this.deadLetters = new DeadLetters(partition, box, copies);
    }

    /** Null: they are on their way, or there are none. */
    @Nullable
    Trouble trouble(int groupId) {
        Move move = moves.get(groupId);
        return move == null || move.problem.isEmpty() ? null : new Trouble(move.problem, move.problemSinceMs);
    }

    /** Where an operator moves records just now; empty: nowhere. */
    String target(QueueEngine engine) {
        Shipment shipment = engine.shipment();
        return shipment == null || shipment.cargo() == Shipment.Cargo.DEAD_LETTERS ? "" : name(shipment.partitionId());
    }

    private String name(long partitionId) {
        PartitionInfo info = box.metadata().partition(partitionId);
        return info == null ? "a topic that was deleted" : info.displayName();
    }

    /** The group is gone. */
    void forget(int groupId, Error why) {
        Move move = moves.remove(groupId);
        Waiting waiting = move == null ? null : move.takeWaiting();
        if (waiting != null) {
            waiting.answer().failed(why);
            waiting.answer().connection().wake();
        }
    }

    /** The partition is offline or gone. */
    void failAll(Error why) {
        for (Move move : moves.values()) {
            Waiting waiting = move.takeWaiting();
            if (waiting != null) {
                waiting.answer().failed(why);
                waiting.answer().connection().wake();
            }
        }
    }

    /** In how many milliseconds something is to be tried again; the largest long: nothing is. */
    long nextInMs(Now now) {
        long next = Long.MAX_VALUE;
        for (Move move : moves.values()) {
            if (!move.underway && move.retryAtMs > 0) {
                next = Math.min(next, Math.max(1, move.retryAtMs - now.monotonicMs()));
            }
        }
        return next;
    }

    /** Whether a turn has something to do that nobody else asks for. */
    boolean wantsTurn() {
        return more;
    }

    /** Whether there is more to decide than a turn took. */
    boolean hasMore() {
        boolean had = more;
        more = false;
        return had;
    }

    /**
     * A page of what an operator wants moved. The answer leaves when all of it has arrived, or is certain not to, or when
     * it will take longer to find out.
     */
    void move(
            QueueEngine engine, QueueOperate request, Operations operations, Now now, Answer<QueueOperateReply> answer)
            throws RequestFailedException, StorageException {
        Move move = moves.computeIfAbsent(engine.groupId(), id -> new Move());
        if (!request.getDryRun() && (move.underway || engine.shipment() != null)) {
            move.keptFreeUntilMs = now.monotonicMs() + KEPT_FREE_MS;
            throw new RequestFailedException(busy(engine, move));
        }
        MovePage page = MovePage.of(request, operations, partition.info(), box, copies, move.mostOfPage);
        if (page.isEmpty()) {
            desk.depart(answer.with(page.reply()));
            return;
        }
        int untouched = 0;
        for (long offset : page.offsets()) {
            untouched += engine.isUntouched(offset) ? 1 : 0;
        }
        if (untouched > 0 && !engine.hasRoomFor(untouched)) {
            throw new RequestFailedException(PartitionErrors.queuesFull(partition.info()));
        }
        engine.move(
                page.cargo(),
                page.partitionId(),
                page.offsets(),
                partition.queues().ops());
        move.waiting = new Waiting(answer, page.reply());
        desk.depart(sent(engine, move, now));
    }

    private Error busy(QueueEngine engine, Move move) {
        Shipment shipment = engine.shipment();
        return Errors.retryAfter(
                ErrorCode.ERROR_OVERLOADED,
                "partition " + partition.info().displayName() + ": another batch of the group is on its way"
                        + (shipment == null ? "" : " to " + name(shipment.partitionId()))
                        + (move.problem.isEmpty() ? "" : ", and cannot be moved: " + move.problem),
                PAGE_RETRY_MS);
    }

    private Send sent(QueueEngine engine, Move move, Now now) {
        Shipment shipment = engine.shipment();
        if (shipment == null) {
            throw new IllegalStateException("mover: nothing is to be sent");
        }
        move.underway = true;
        move.keptFreeUntilMs = 0;
        return new Send(engine.groupId(), shipment.number(), now);
    }

    /** In a turn: decides what goes next. What is decided leaves as the returned departure; null: nothing. */
    @Nullable
    Departure step(QueueEngine engine, Now now) throws StorageException {
        if (!engine.hasMoving() && engine.shipment() == null) {
            rests(moves.get(engine.groupId()));
            return null;
        }
        Move move = moves.computeIfAbsent(engine.groupId(), id -> new Move());
        if (move.underway || now.monotonicMs() < move.retryAtMs) {
            return null;
        }
        QueueOps ops = partition.queues().ops();
        Shipment shipment = engine.shipment();
        if (shipment != null && (move.refused || isGone(shipment))) {
            // Nothing of it is in any topic that there is.
            engine.recall(now, ops);
            move.refused = false;
            shipment = null;
        }
        if (shipment == null && now.monotonicMs() < move.keptFreeUntilMs) {
            move.retryAtMs = move.keptFreeUntilMs;
            move.keptFreeUntilMs = 0;
            return null;
        }
        if (shipment == null) {
            chooseLetters(engine, move, now, ops);
            shipment = engine.shipment();
            more |= shipment == null && engine.hasMoving() && move.problem.isEmpty();
        }
        return shipment == null ? null : sent(engine, move, now);
    }

    /** Nothing of the group is to be moved. */
    private static void rests(@Nullable Move move) {
        if (move != null) {
            move.succeeded();
            move.keptFreeUntilMs = 0;
            move.most = Lot.MOST_RECORDS;
        }
    }

    private boolean isGone(Shipment shipment) {
        return box.metadata().partition(shipment.partitionId()) == null;
    }

    private void chooseLetters(QueueEngine engine, Move move, Now now, QueueOps ops) throws StorageException {
        if (!engine.hasMoving()) {
            return;
        }
        String problem = deadLetters.choose(engine, move.most, ops);
        if (problem != null) {
            move.failed(problem, now);
        } else if (engine.shipment() == null) {
            // Nothing is in the way any more. Of what was chosen that is known when it has arrived.
            move.succeeded();
        }
    }

    /** A batch whose decision is durable: it goes. */
    private final class Send implements Departure {
        private final int groupId;
        private final long number;
        private final Now decidedAt;
        /** As many as were still there when it left. */
        private int records;

        Send(int groupId, long number, Now decidedAt) {
            this.groupId = groupId;
            this.number = number;
            this.decidedAt = decidedAt;
        }

        @Override
        public @Nullable Connection connection() {
            return null;
        }

        /** Null: the group was deleted. */
        private @Nullable Shipment shipment() {
            QueueEngine engine = partition.queues().engine(groupId);
            Shipment shipment = engine == null ? null : engine.shipment();
            return shipment == null || shipment.number() != number ? null : shipment;
        }

        @Override
        public void leave() {
            QueueEngine engine = partition.queues().engine(groupId);
            Shipment shipment = shipment();
            if (engine == null || shipment == null) {
                return;
            }
            Move move = moves.computeIfAbsent(groupId, id -> new Move());
            try {
                Copies.Batch batch = copies.of(engine, shipment);
                if (batch != null) {
                    records = batch.records();
                    box.send(shipment.partitionId(), batch.bytes(), this::answered);
                    return;
                }
                move.underway = false;
                arrived(engine, move);
            } catch (StorageException e) {
                move.underway = false;
                move.failed(String.valueOf(e.getMessage()), decidedAt);
                undecided(move, shipment);
                // Which sets the alarm for the next attempt.
                more = true;
            }
        }

        private void answered(LetterBox.Delivery delivery, Now now) {
            QueueEngine engine = partition.queues().engine(groupId);
            Shipment shipment = shipment();
            if (engine == null || shipment == null) {
                return;
            }
            Move move = moves.computeIfAbsent(groupId, id -> new Move());
            move.underway = false;
            switch (delivery.fate()) {
                case ARRIVED -> {
                    arrived(engine, move);
                    if (shipment.cargo() == Shipment.Cargo.DEAD_LETTERS) {
                        move.most = Math.min(Lot.MOST_RECORDS, 2 * move.most);
                    } else {
                        move.mostOfPage = Math.min(Lot.MOST_RECORDS, 2 * move.mostOfPage);
                    }
                }
                case REFUSED -> refused(engine, shipment, move, delivery.error(), now);
                case UNKNOWN -> {
                    if (isGone(shipment)) {
                        refused(engine, shipment, move, delivery.error(), now);
                    } else {
                        move.failed(delivery.problem(), now);
                        undecided(move, shipment);
                    }
                }
            }
        }

        private void refused(QueueEngine engine, Shipment shipment, Move move, Error why, Now now) {
            // A topic that is nearly full may have room for fewer.
            int fewer = Math.max(1, shipment.size() / 2);
            if (shipment.cargo() == Shipment.Cargo.DEAD_LETTERS) {
                move.refused = true;
                move.most = fewer;
                move.failed(why.getMessage(), now);
                return;
            }
            engine.recall(now, partition.queues().ops());
            move.succeeded();
            move.mostOfPage = fewer;
            Waiting waiting = move.takeWaiting();
            if (waiting != null) {
                desk.depart(waiting.answer().with(refusal(shipment, why)));
            }
        }

        private Error refusal(Shipment shipment, Error why) {
            String message = "nothing of this is moved: " + why.getMessage();
            // Asked again, it is told what the matter is: with the topic that is gone, or with fewer records.
            return isGone(shipment) || shipment.size() > 1
                    ? Errors.retryAfter(ErrorCode.ERROR_OVERLOADED, message, 1)
                    : why.toBuilder().setMessage(message).build();
        }

        private void arrived(QueueEngine engine, Move move) {
            engine.arrived(partition.queues().ops());
            move.succeeded();
            Waiting waiting = move.takeWaiting();
            if (waiting != null) {
                QueueOperateReply reply =
                        waiting.reply().toBuilder().setRecords(records).build();
                desk.depart(waiting.answer().with(reply));
            }
        }

        /** The operator hears of it now; the batch goes on. */
        private void undecided(Move move, Shipment shipment) {
            Waiting waiting = move.takeWaiting();
            if (waiting != null) {
                desk.depart(waiting.answer()
                        .with(Errors.of(
                                ErrorCode.ERROR_MOVE_UNDECIDED,
                                "partition " + partition.info().displayName() + ": "
                                        + shipment.size() + " records are on their way to "
                                        + name(shipment.partitionId()) + ", and it is not known yet whether they"
                                        + " arrive: " + move.problem
                                        + " (the broker goes on until it is certain)")));
            }
        }

        @Override
        public void failed(Error error) {
            // This partition is offline: the batch goes again when it is back.
        }
    }
}
