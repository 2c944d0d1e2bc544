package io.headwater.broker.work;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.ReadBuffer;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.Explanation;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Verb;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2LongHashMap;

/**
 * Where the consumers of a partition's queue groups are served. Requests change the groups' state at once and what they
 * lead to departs when it is durable: {@link #turn} decides who gets what and appends all of a turn's decisions as one
 * entry; then {@link #takeDepartures} says what waits for it. On the partition's owner thread.
 */
public final class QueueDesk {
    private static final int RETRY_MS = 100;
    private static final int OPENING_RETRY_MS = 100;
    /** How long at most until the wall clock is looked at again: it may jump. */
    private static final long LONGEST_WAIT_MS = 1_000;
    /** What a consumer is granted in one turn at most. */
    private static final int MOST_RECORDS = 4_096;

    private static final long MOST_BYTES = 2 << 20;
    private static final int MOST_PER_KEY = 100;
    /** Operations beyond this begin another entry. */
    private static final int LARGE_ENTRY = 1 << 20;

    private final Partition partition;
    private final Traffic traffic;
    private final RecordShelf shelf;
    private final Int2ObjectHashMap<GroupDesk> groups = new Int2ObjectHashMap<>();
    private final List<Receiver> receivers = new ArrayList<>();
    private final List<Worker> served = new ArrayList<>();
    private List<Departure> departures = new ArrayList<>();
    private final CatchUp catchUp;
    private final ReadAhead readAhead;
    private final AgeLimit ages;
    private final Mover mover;
    private Now turnAt = new Now(0, 0);
    private boolean refused;
    private boolean more;
    private boolean behind;

    public QueueDesk(Partition partition, Traffic traffic, LetterBox letters) {
        this.partition = partition;
        this.traffic = traffic;
        EntryMaps maps = new EntryMaps(partition.queues().memory());
        this.shelf = new RecordShelf(partition.log(), maps);
        this.catchUp = new CatchUp(partition);
        this.readAhead = new ReadAhead(partition, maps, this::isServed);
        this.ages = new AgeLimit(partition);
        this.mover = new Mover(this, letters);
    }

    RecordShelf shelf() {
        return shelf;
    }

    Partition partition() {
        return partition;
    }

    Mover mover() {
        return mover;
    }

    GroupDesk group(int groupId) {
        return groups.computeIfAbsent(groupId, id -> new GroupDesk());
    }

    Error failure(StorageException e) {
        return PartitionErrors.of(partition.info(), e);
    }

    /** The engine of a group, which the request names. */
    QueueEngine engine(int groupId) throws RequestFailedException {
        QueueEngine engine = partition.queues().engine(groupId);
        if (engine == null) {
            throw new RequestFailedException(unknownGroup(groupId));
        }
        return engine;
    }

    private Error unknownGroup(int groupId) {
        return Errors.of(
                ErrorCode.ERROR_UNKNOWN_GROUP,
                "partition " + partition.info().displayName() + ": no queue group has the id " + groupId
                        + "; it may have been deleted");
    }

    /** An engine that knows all records, so that it may judge. */
    private QueueEngine whole(int groupId) throws RequestFailedException {
        QueueEngine engine = engine(groupId);
        if (isOpening(engine)) {
            throw new RequestFailedException(Errors.retryAfter(
                    ErrorCode.ERROR_OVERLOADED,
                    "partition " + partition.info().displayName() + ": its records are being read for the group, "
                            + (partition.log().endOffset() - engine.end()) + " to go",
                    OPENING_RETRY_MS));
        }
        return engine;
    }

    /** One whose heap is full goes on with what it knows, until there is room for more. */
    boolean isOpening(QueueEngine engine) {
        return partition.queues().isOpening(engine, partition.log().endOffset());
    }

    // ---- consumers

    /** A consumer comes, or comes back. */
    public Worker open(Connection connection, QueueOpen request, QueueGroupInfo group, Now now)
            throws RequestFailedException {
        QueueEngine engine = engine(group.id());
        long leaseMs = request.getLeaseMs() == 0 ? group.leaseMs() : request.getLeaseMs();
        if (leaseMs < QueueGroupInfo.MIN_LEASE_MS || leaseMs > QueueGroupInfo.MAX_LEASE_MS) {
            throw new RequestFailedException(
                    Errors.of(ErrorCode.ERROR_INVALID_REQUEST, "lease_ms: " + leaseMs + " (expected: 1 s to 12 h)"));
        }
        int perKey = request.getRecordsPerKey();
        if (perKey < 0 || perKey > MOST_PER_KEY || (perKey > 1 && request.getSession() == 0)) {
            throw invalid("records_per_key: " + perKey + " (expected: 0 to " + MOST_PER_KEY
                    + "; at most 1 where leases are detached)");
        }
        Long2LongHashMap held = request.hasHeld() ? Settlements.held(request.getHeld()) : null;
        GroupDesk desk = group(group.id());
        Worker before = desk.ofSession(request.getSession());
        if (before != null) {
            before.fail(Errors.of(
                    ErrorCode.ERROR_SESSION_TAKEN,
                    "session " + request.getSession() + " was opened by " + connection.address()
                            + "; every consumer needs one of its own"));
            before.connection().wake();
            desk.remove(before);
        }
        Worker worker = new Worker(connection, request, (int) leaseMs);
        desk.add(worker);
        if (worker.session() != 0) {
            engine.sessionResumed(worker.session());
            if (held != null) {
                engine.sessionHolds(
                        worker.session(), held, now, partition.queues().ops());
            }
        }
        return worker;
    }

    public void credit(Worker worker, int records, long bytes) {
        worker.addCredit(records, bytes);
        group(worker.groupId()).waits(worker);
    }

    /**
     * It leaves in order.
     *
     * @param release what it holds comes back at once; else it takes nothing more
     * @param then departs when nothing of before is on its way any more
     */
    public void close(Worker worker, boolean release, Now now, Departure then) {
        QueueEngine engine = partition.queues().engine(worker.groupId());
        if (release) {
            boolean current = !worker.hasEnded();
            worker.end();
            group(worker.groupId()).remove(worker);
            if (engine != null && current && worker.session() != 0) {
                engine.sessionClosed(worker.session(), now, partition.queues().ops());
            }
        } else {
            // It settles what it holds; if its connection is lost before, that comes back as ever.
            worker.takesNoMore();
        }
        departures.add(then);
    }

    /** Its connection is gone. */
    public void lost(Worker worker, Now now) {
        if (worker.hasEnded()) {
            // Its session is another's by now, or its group is gone.
            return;
        }
        worker.end();
        group(worker.groupId()).remove(worker);
        QueueEngine engine = partition.queues().engine(worker.groupId());
        if (engine != null && worker.session() != 0) {
            engine.sessionLost(worker.session(), now);
        }
    }

    // ---- what they say

    /** Changes the state at once; {@code answer} gets the reply and is asked to leave when it is durable. */
    public void settle(QueueSettle request, Now now, Answer<QueueSettleReply> answer) throws RequestFailedException {
        QueueEngine engine = whole(request.getGroupId());
        QueueSettleReply reply =
                Settlements.settle(engine, request, now, partition.queues().ops());
        request.getSettlementsList().forEach(group(request.getGroupId())::processed);
        departures.add(answer.with(reply));
    }

    /** What an operator wants. */
    public void operate(QueueOperate request, Now now, Answer<QueueOperateReply> answer)
            throws RequestFailedException, StorageException {
        QueueEngine engine = whole(request.getGroupId());
        Operations operations = new Operations(partition, engine, request, now);
        if (request.getOperation() == QueueOperation.QUEUE_MOVE) {
            mover.move(engine, request, operations, now, answer);
        } else {
            depart(answer.with(operations.run()));
        }
    }

    /** When all that is decided by now is durable. */
    void depart(Departure departure) {
        departures.add(departure);
    }

    static RequestFailedException invalid(String what) {
        return new RequestFailedException(Errors.of(ErrorCode.ERROR_INVALID_REQUEST, what));
    }

    // ---- the turn

    /**
     * Lets time pass, hands out what is ready, and appends everything that was decided since the last turn. To be called
     * before what this turn appends is flushed.
     *
     * @throws LogOfflineException if the log takes nothing any more
     */
    public void turn(Now now) throws StorageException {
        turnAt = now;
        more = false;
        behind = false;
        if (refused && !append()) {
            // What was decided is not in the log yet: nothing is decided on top of it.
            return;
        }
        behind = catchUp.isBehind();
        more = readAhead.step(now);
        ages.look(now);
        for (QueueEngine engine : partition.queues().engines()) {
            if (isOpening(engine)) {
                continue;
            }
            engine.advance(now, partition.queues().ops());
            more |= ages.bury(engine, now);
            GroupDesk desk = groups.get(engine.groupId());
            if (desk != null) {
                grant(engine, desk, now);
            }
            Departure batch = mover.step(engine, now);
            if (batch != null) {
                departures.add(batch);
            }
            if (partition.queues().ops().sizeInBytes() > LARGE_ENTRY && !append()) {
                return;
            }
        }
        append();
    }

    /** False: the disk is full. The decisions stand and nothing of them leaves; again in a moment. */
    private boolean append() throws LogOfflineException {
        try {
            partition.appendQueueOps();
            refused = false;
        } catch (DiskFullException e) {
            refused = true;
        }
        return !refused;
    }

    private boolean isServed(QueueEngine engine) {
        GroupDesk desk = groups.get(engine.groupId());
        return desk != null && desk.hasWorkers() && !engine.isPaused();
    }

    private void grant(QueueEngine engine, GroupDesk desk, Now now) {
        receivers.clear();
        served.clear();
        for (Worker worker : desk.waiting()) {
            if (worker.hasCredit() && worker.connection().mayDeliver()) {
                receivers.add(worker.receiver(MOST_RECORDS, MOST_BYTES));
                served.add(worker);
            }
        }
        if (receivers.isEmpty()) {
            return;
        }
        int size = partition.queues().bytesPerRecord();
        if (engine.grant(receivers, offset -> size, now, partition.queues().ops()) == 0) {
            return;
        }
        for (Worker worker : served) {
            Receiver given = worker.given();
            if (given == null) {
                continue;
            }
            boolean isFull = given.records() == 0 || given.bytes() < size;
            // It has credit for more than one turn gives: nothing else may ever happen that would bring the next one.
            more |= isFull && worker.hasCredit();
            desk.served(worker);
            Parcel parcel = new Parcel(this, worker, given);
            for (int i = 0; i < parcel.size(); i++) {
                if (parcel.attempt(i) > 1) {
                    Explanation known = engine.explain(parcel.offset(i));
                    parcel.before(i, known.failures(), known.said());
                }
            }
            departures.add(parcel);
        }
    }

    /** Whether there are groups that do not know all records, and {@link #catchUp} can go on: as the last turn saw it. */
    public boolean isBehind() {
        return behind && !refused;
    }

    /**
     * Tells them some of it; a turn is to follow.
     *
     * @param most bytes to read; one larger entry is read all the same
     * @return how many were read
     */
    public int catchUp(ReadBuffer buffer, int most) throws StorageException {
        return isBehind() ? catchUp.step(buffer, most) : 0;
    }

    /** Whether the next turn has something to do, whatever else happens. Not where the disk is full: it is asked again later. */
    public boolean hasMore() {
        return !refused && (more || mover.hasMore());
    }

    /** Whether what has left came upon something: a record that is gone, a batch that could not be sent. */
    public boolean wantsTurn() {
        boolean waits = !departures.isEmpty() || !partition.queues().ops().isEmpty();
        return !refused && (waits || mover.wantsTurn());
    }

    /** Whether something waits for a turn, though there may be no group left to take one. */
    public boolean hasDepartures() {
        return !departures.isEmpty();
    }

    /** What waits until all that is appended by now is durable; the caller takes it. Empty where the disk is full. */
    public List<Departure> takeDepartures() {
        if (refused || departures.isEmpty()) {
            return List.of();
        }
        List<Departure> taken = departures;
        departures = new ArrayList<>();
        return taken;
    }

    /** In how many milliseconds the next turn is due, without anything else happening; the largest long: never. */
    public long nextTurnInMs(Now now) {
        if (refused) {
            return RETRY_MS;
        }
        long next = Math.min(ages.nextLookInMs(now), mover.nextInMs(now));
        for (QueueEngine engine : partition.queues().engines()) {
            if (isOpening(engine)) {
                continue;
            }
            long timer = engine.nextTimerMs();
            long due = engine.nextDueMs();
            if (timer != Long.MAX_VALUE) {
                next = Math.min(next, timer - now.monotonicMs());
            }
            if (due != Long.MAX_VALUE) {
                next = Math.min(next, Math.min(LONGEST_WAIT_MS, due - now.wallMs()));
            }
        }
        return next == Long.MAX_VALUE ? next : Math.max(1, next);
    }

    /** What was read of the log is not to be shown again: records have been erased, or it is not served any more. */
    public void forgetEntries() {
        shelf.clear();
    }

    /** Makes the groups those that there are now; the consumers of those that are gone are told. */
    public void reconcile(List<QueueGroupInfo> known, Now now) {
        List<Integer> gone = partition
                .queues()
                .reconcile(known, partition.startOffset(), partition.log().endOffset(), now);
        for (int groupId : gone) {
            mover.forget(groupId, unknownGroup(groupId));
            GroupDesk desk = groups.remove(groupId);
            if (desk != null) {
                desk.endAll(unknownGroup(groupId));
            }
        }
    }

    /** The partition is offline or gone: everybody is told. */
    public void failAll(Error toRepliesWaiting, Error toWorkers) {
        for (Departure departure : departures) {
            departure.failed(toRepliesWaiting);
        }
        departures.clear();
        mover.failAll(toRepliesWaiting);
        for (GroupDesk desk : groups.values()) {
            desk.endAll(toWorkers);
        }
        groups.clear();
    }

    // ---- what parcels find

    /** A delivery cannot be read: the consumer is told, and what it holds comes back. */
    void undeliverable(Worker worker, StorageException why) {
        lost(worker, turnAt);
        worker.fail(failure(why));
    }

    /** The connection has more on its way than it should: these come back, and nobody is charged. */
    void putBack(Worker worker, long offset, int attempt) {
        QueueEngine engine = partition.queues().engine(worker.groupId());
        if (engine != null) {
            engine.settle(
                    Settle.of(Verb.RELEASE, offset, attempt),
                    turnAt,
                    partition.queues().ops());
        }
    }

    /** Whether an attempt has not ended. */
    boolean isLeased(int groupId, long offset, int attempt) {
        QueueEngine engine = partition.queues().engine(groupId);
        return engine != null
                && engine.stateOf(offset) == RecordState.LEASED
                && engine.explain(offset).deliveries() == attempt;
    }

    void leftQueue(int groupId, long ingestionTimeMs) {
        group(groupId).leftQueue(turnAt.wallMs() - ingestionTimeMs);
    }

    void sent(long records, long bytes) {
        traffic.sent(records, bytes);
        partition.queues().measured(records, bytes);
    }

    /**
     * A record that was granted cannot be delivered.
     *
     * @param isGone it is not in the log any more; else its batch cannot be taken apart, and it is dead
     */
    void unreadable(int groupId, long offset, int attempt, boolean isGone) {
        QueueEngine engine = partition.queues().engine(groupId);
        if (engine == null) {
            return;
        }
        // The owner takes another turn when it sees that there are operations.
        if (!isGone) {
            Settle settle = new Settle(Verb.REJECT, offset, attempt, 0, "its batch cannot be decompressed");
            engine.settle(settle, turnAt, partition.queues().ops());
        } else if (engine.stateOf(offset) == RecordState.LEASED) {
            engine.skip(offset, offset + 1, partition.queues().ops());
        }
    }
}
