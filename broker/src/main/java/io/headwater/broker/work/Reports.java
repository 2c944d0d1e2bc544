package io.headwater.broker.work;

import io.headwater.broker.observe.QueueFigures;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionReport;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.queue.Cause;
import io.headwater.broker.queue.Counts;
import io.headwater.broker.queue.Death;
import io.headwater.broker.queue.Explanation;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Selection;
import io.headwater.broker.queue.Shipment;
import io.headwater.broker.queue.Tally;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueExplanation;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.QueueRecord;
import io.headwater.protocol.wire.QueueRecords;
import io.headwater.protocol.wire.QueueReturns;
import io.headwater.protocol.wire.QueueWorker;
import io.headwater.record.KeyHash;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a queue group in a partition says of itself. Looks, and changes nothing. */
public final class Reports {
    private static final int DEFAULT_PAGE = 1_000;
    private static final int LARGEST_PAGE = 10_000;
    /** For the oldest ready record: an owner does not stand still for a report. */
    private static final int MOST_LOOKED = 100_000;

    /** All that {@link QueueRecord#getCause} may say. */
    static final Set<String> CAUSES =
            Arrays.stream(Cause.values()).map(Reports::cause).collect(Collectors.toCollection(TreeSet::new));

    private final QueueDesk desk;
    private final Partition partition;
    private final Now now;

    public Reports(QueueDesk desk, Now now) {
        this.desk = desk;
        this.partition = desk.partition();
        this.now = now;
    }

    static io.headwater.protocol.wire.RecordState wire(RecordState state) {
        return switch (state) {
            case READY -> io.headwater.protocol.wire.RecordState.RECORD_READY;
            case WAITING -> io.headwater.protocol.wire.RecordState.RECORD_WAITING;
            case LEASED -> io.headwater.protocol.wire.RecordState.RECORD_LEASED;
            case DEAD -> io.headwater.protocol.wire.RecordState.RECORD_DEAD;
            case MOVING -> io.headwater.protocol.wire.RecordState.RECORD_MOVING;
            case DONE -> io.headwater.protocol.wire.RecordState.RECORD_DONE;
            case UNCOMMITTED -> io.headwater.protocol.wire.RecordState.RECORD_UNCOMMITTED;
        };
    }

    private static RecordState browsable(io.headwater.protocol.wire.RecordState state) throws RequestFailedException {
        return switch (state) {
            case RECORD_READY -> RecordState.READY;
            case RECORD_WAITING -> RecordState.WAITING;
            case RECORD_LEASED -> RecordState.LEASED;
            case RECORD_DEAD -> RecordState.DEAD;
            case RECORD_MOVING -> RecordState.MOVING;
            case RECORD_DONE -> RecordState.DONE;
            default ->
                throw QueueDesk.invalid(
                        "state: " + state + " (expected: ready, waiting, leased, dead, moving or done)");
        };
    }

    public QueuePartition describe(int groupId) throws RequestFailedException, StorageException {
        return describe(desk.engine(groupId));
    }

    private QueuePartition describe(QueueEngine engine) throws StorageException {
        boolean opening = desk.isOpening(engine);
        Counts counts = engine.counts();
        Tally tally = engine.tally();
        GroupDesk group = desk.group(engine.groupId());
        QueuePartition.Builder report = QueuePartition.newBuilder()
                .setIndex(partition.info().index())
                .setPartitionId(partition.info().partitionId())
                .setState(opening ? "opening" : "online")
                .setPaused(engine.isPaused())
                .setReady(counts.ready())
                .setWaiting(counts.waiting())
                .setLeased(counts.leased())
                .setDead(counts.dead())
                .setMoving(counts.moving())
                .setFloor(engine.floor())
                .setEndOffset(partition.committedOffset())
                .setOldestReadyMs(oldestReadyMs(engine))
                .setDelivered(tally.granted())
                .setAcked(tally.acked())
                .setReturned(QueueReturns.newBuilder()
                        .setReleased(tally.ended(Cause.RELEASED)
                                + tally.ended(Cause.CLOSED)
                                + tally.ended(Cause.KEY_TAKEN_BACK))
                        .setFailed(tally.ended(Cause.FAILED))
                        .setRejected(tally.ended(Cause.REJECTED))
                        .setExpired(tally.ended(Cause.EXPIRED))
                        .setLost(tally.ended(Cause.LOST_ALONE) + tally.ended(Cause.LOST_AMONG_OTHERS)))
                .setTimeInQueueP50Ms(group.timeInQueue.percentile(0.50))
                .setTimeInQueueP99Ms(group.timeInQueue.percentile(0.99))
                .setProcessingP50Ms(group.processing.percentile(0.50))
                .setProcessingP99Ms(group.processing.percentile(0.99))
                .setHeapBytes(engine.bytes())
                .setSuspects(engine.suspects())
                .setMoved(tally.moved());
        report.setMovingTo(desk.mover().target(engine));
        Mover.Trouble trouble = desk.mover().trouble(engine.groupId());
        if (trouble != null) {
            report.setMovingProblem(trouble.problem()).setMovingProblemSinceMs(trouble.sinceMs());
        }
        for (Worker worker : group.consumers()) {
            report.addWorkers(QueueWorker.newBuilder()
                    .setName(worker.name())
                    .setAddress(worker.connection().address())
                    .setSession(worker.session())
                    .setCreditRecords(worker.creditRecords())
                    .setCreditBytes(worker.creditBytes())
                    .setLeased(worker.session() == 0 ? -1 : engine.leasesOf(worker.session())));
        }
        return report.build();
    }

    /** For metrics. */
    public QueueFigures figures(QueueEngine engine, String groupName) throws StorageException {
        QueuePartition now = describe(engine);
        QueueReturns returned = now.getReturned();
        return new QueueFigures(
                partition.info().topicName(),
                groupName,
                now.getReady(),
                now.getWaiting(),
                now.getLeased(),
                now.getDead(),
                now.getMoving(),
                now.getMoved(),
                engine.tally().movedByHand(),
                engine.tally().ended(Cause.TOO_OLD),
                now.getOldestReadyMs(),
                now.getDelivered(),
                now.getAcked(),
                new QueueFigures.Returned(
                        returned.getReleased(),
                        returned.getFailed(),
                        returned.getRejected(),
                        returned.getExpired(),
                        returned.getLost()),
                now.getTimeInQueueP50Ms(),
                now.getTimeInQueueP99Ms(),
                now.getProcessingP50Ms(),
                now.getProcessingP99Ms());
    }

    private long oldestReadyMs(QueueEngine engine) throws StorageException {
        long oldest = engine.oldestReady(MOST_LOOKED);
        if (oldest < partition.startOffset() || oldest >= partition.committedOffset()) {
            return -1;
        }
        return Math.max(0, now.wallMs() - PartitionReport.ingestionTimeMs(partition, oldest));
    }

    /** A page of records; where their contents matter or they are done, as far as readers may see them. */
    public QueueRecords browse(QueueBrowse request) throws RequestFailedException, StorageException {
        QueueEngine engine = desk.engine(request.getGroupId());
        int max = request.getMax() <= 0 ? DEFAULT_PAGE : Math.min(request.getMax(), LARGEST_PAGE);
        Set<RecordState> states = EnumSet.noneOf(RecordState.class);
        if (request.getState() != io.headwater.protocol.wire.RecordState.RECORD_STATE_UNSPECIFIED) {
            states.add(browsable(request.getState()));
        }
        for (io.headwater.protocol.wire.RecordState state : request.getStatesList()) {
            states.add(browsable(state));
        }
        if (states.isEmpty()) {
            throw QueueDesk.invalid("states: none (expected: at least one)");
        }
        long until = request.getUntilOffset() <= 0 ? Long.MAX_VALUE : request.getUntilOffset();
        Selection found = new Search(
                        partition, engine, request.getFilter(), Math.max(0, request.getFromOffset()), until)
                .page(states, max);
        QueueRecords.Builder records = QueueRecords.newBuilder();
        for (long offset : found.offsets()) {
            records.addRecords(record(engine, offset));
        }
        return records.setNextOffset(found.next()).build();
    }

    private QueueRecord record(QueueEngine engine, long offset) {
        Explanation known = engine.explain(offset);
        RecordState state = engine.stateOf(offset);
        Worker holder = desk.group(engine.groupId()).ofSession(known.session());
        return QueueRecord.newBuilder()
                .setOffset(offset)
                .setState(wire(state))
                .setDeliveries(known.deliveries())
                .setFailures(known.failures())
                .setPriority(known.priority())
                .setUntilMs(untilWallMs(state, known))
                .setHolder(holder == null ? "" : holder.name())
                .setReason(known.said())
                .setCause(cause(known.lastEnd()))
                .setSinceMs(sinceWallMs(known))
                .build();
    }

    /** For programs; empty: no attempt has ended yet. */
    static String cause(@Nullable Cause lastEnd) {
        if (lastEnd == null) {
            return "";
        }
        return switch (lastEnd) {
            case RELEASED -> "RELEASED";
            case FAILED -> "FAILED";
            case REJECTED -> "REJECTED";
            case EXPIRED -> "LEASE_EXPIRED";
            case LOST_ALONE, LOST_AMONG_OTHERS -> "CONSUMER_LOST";
            case CLOSED -> "CONSUMER_CLOSED";
            case TOO_OLD -> "TOO_OLD";
            case KEY_TAKEN_BACK -> "KEY_TAKEN_BACK";
        };
    }

    /** How the last attempt ended, as the end of a sentence. */
    private static String lastEnd(Explanation known) {
        if (known.lastEnd() == null) {
            return "";
        }
        return switch (known.lastEnd()) {
            case RELEASED -> "; the last time it was released";
            case FAILED -> "; the last time its consumer said that it failed";
            case REJECTED -> "; its consumer rejected it";
            case EXPIRED -> "; the last time its lease ran out";
            case LOST_ALONE -> "; the last time its consumer was lost with just this record";
            case LOST_AMONG_OTHERS -> "; the last time its consumer was lost with it and others";
            case CLOSED -> "; the last time its consumer was closed";
            case TOO_OLD -> "; it became too old for the topic's maximum age";
            case KEY_TAKEN_BACK -> "; the last time an earlier record of its key came back, or died, before it";
        };
    }

    /** 0: not leased, or not known any more. */
    private long sinceWallMs(Explanation known) {
        boolean isKnown = known.reason() == Explanation.Reason.LEASED && known.sinceMs() != Explanation.BEFORE;
        return isKnown ? now.wallMs() + known.sinceMs() - now.monotonicMs() : 0;
    }

    /** Since when a record is leased, and for how long at most. */
    private String leaseTimes(Explanation leased) {
        long sinceMs = sinceWallMs(leased);
        String since = sinceMs == 0
                ? "since before the broker started"
                : "since " + Instant.ofEpochMilli(sinceMs) + ", for " + in(now.wallMs() - sinceMs);
        return since + ", and for at most " + in(leased.untilMs() - now.monotonicMs()) + " more";
    }

    private long untilWallMs(RecordState state, Explanation known) {
        return switch (state) {
            case LEASED -> now.wallMs() + known.untilMs() - now.monotonicMs();
            case WAITING -> known.untilMs();
            default -> 0;
        };
    }

    /** Why a record, or the first with a key, is not being delivered now. */
    public QueueExplanation explain(QueueExplain request) throws RequestFailedException, StorageException {
        QueueEngine engine = desk.engine(request.getGroupId());
        QueueExplanation.Builder answer = QueueExplanation.newBuilder().setBehindOffset(-1);
        if (desk.isOpening(engine)) {
            return answer.setPartition(describe(engine))
                    .setCode("OPENING")
                    .setText("the records that were there before are being read for the group; "
                            + (partition.log().endOffset() - engine.end()) + " to go")
                    .build();
        }
        long offset = request.getOffset();
        if (request.hasKey()) {
            if (!engine.policy().keyed()) {
                throw new RequestFailedException(Errors.of(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "key: the group has no order by key (expected: a keyed group, or a record)"));
            }
            ByteBuffer key = request.getKey().asReadOnlyByteBuffer();
            offset = engine.keyFront(KeyHash.identityOf(key, key.position(), key.remaining()));
            if (offset < 0) {
                return answer.setPartition(describe(engine))
                        .setCode("DONE")
                        .setText("no record with this key waits here: all are done, or dead")
                        .build();
            }
        }
        Explanation known = engine.explain(offset);
        String code = code(engine, known);
        return answer.setPartition(describe(engine))
                .setRecord(record(engine, offset))
                .setCode(code)
                .setText(text(engine, offset, known, code))
                .setBehindOffset(known.behind())
                .build();
    }

    private String code(QueueEngine engine, Explanation known) {
        if (known.reason() != Explanation.Reason.ELIGIBLE) {
            return known.reason().name();
        }
        GroupDesk group = desk.group(engine.groupId());
        if (group.consumers().isEmpty()) {
            return "NO_CONSUMER";
        }
        return group.waiting().isEmpty() ? "NO_CREDIT" : "NEXT";
    }

    private String text(QueueEngine engine, long offset, Explanation known, String code) {
        GroupDesk group = desk.group(engine.groupId());
        String counts = known.deliveries() == 0
                ? "never delivered"
                : "delivered " + times(known.deliveries()) + ", failed " + times(known.failures());
        String tries = counts + lastEnd(known);
        return switch (code) {
            case "DONE" ->
                switch (engine.howDone(offset)) {
                    case ACKNOWLEDGED -> "it is done: acknowledged";
                    case REMOVED -> "it is done: purged or cancelled, or not in the topic any more";
                    case MOVED -> "it is done: moved to another topic";
                    case FORGOTTEN -> "it is done; how is not known any more";
                };
            case "UNCOMMITTED" -> "there is no such record yet; the partition ends at " + partition.committedOffset();
            case "LEASED" ->
                (known.behind() < 0
                                ? "it is being worked on by " + holder(engine, known.session())
                                : "it is with " + holder(engine, known.session()) + ", behind the record at offset "
                                        + known.behind() + " of its key, which comes first,")
                        + " " + leaseTimes(known) + "; " + tries;
            case "DEAD" ->
                "it is dead and kept: " + counts + " (limit "
                        + (engine.policy().maxFailures() == 0
                                ? "off"
                                : engine.policy().maxFailures())
                        + ")" + lastEnd(known) + kept(engine.death(offset)) + "; redrive or purge it";
            case "MOVING" -> moving(engine, offset) + "; " + tries;
            case "SCHEDULED" ->
                "its producer wants it at " + Instant.ofEpochMilli(known.untilMs()) + ", in "
                        + in(known.untilMs() - now.wallMs());
            case "BACKOFF" ->
                "it was sent back and waits until " + Instant.ofEpochMilli(known.untilMs()) + ", for "
                        + in(known.untilMs() - now.wallMs()) + " more; " + tries;
            case "KEY_HELD" -> {
                Explanation held = engine.explain(known.behind());
                yield "its key is held by the record at offset " + known.behind() + ", which "
                        + holder(engine, held.session()) + " works on " + leaseTimes(held);
            }
            case "KEY_ORDER" ->
                "the record at offset " + known.behind() + " has the same key and comes first: it is "
                        + engine.explain(known.behind()).reason();
            case "PAUSED" -> "the group is paused in this partition; resume it";
            case "SUSPECT" ->
                "a consumer died with it and others: it waits for one that holds nothing else, to see"
                        + " whether it was the reason; " + tries;
            case "NO_CONSUMER" -> "it is ready, and no consumer of the group is connected";
            case "NO_CREDIT" ->
                "it is ready, and all " + group.consumers().size()
                        + " consumers have as many records as they asked for, unsettled";
            default ->
                "it is ready and will be delivered in its turn: "
                        + engine.counts().ready()
                        + " are ready, " + group.waiting().size() + " of "
                        + group.consumers().size()
                        + " consumers can take more";
        };
    }

    private String moving(QueueEngine engine, long offset) {
        Mover.Trouble trouble = desk.mover().trouble(engine.groupId());
        Shipment shipment = engine.shipment();
        boolean byHand = shipment != null && shipment.cargo() != Shipment.Cargo.DEAD_LETTERS && shipment.holds(offset);
        String what = byHand
                ? "an operator moves it to " + desk.mover().target(engine)
                : "it is dead since "
                        + Instant.ofEpochMilli(engine.death(offset).atMs());
        if (trouble != null) {
            return what + ", and cannot be moved since " + Instant.ofEpochMilli(trouble.sinceMs()) + ": "
                    + trouble.problem() + " (it is tried again)";
        }
        return byHand ? what + ", and it is on its way" : what + ", and on its way to the dead-letter topic";
    }

    private static String kept(Death death) {
        return switch (death.kept()) {
            case NOT -> "";
            case NO_TOPIC -> "; not moved, as its topic has no dead-letter topic any more";
            case TOO_LARGE -> "; not moved, as its copy, which has more headers, would be larger than a record may be";
            case UNREADABLE -> "; not moved, as it cannot be read";
        };
    }

    private String holder(QueueEngine engine, long session) {
        if (session == 0) {
            return "the holder of a detached lease";
        }
        @Nullable Worker worker = desk.group(engine.groupId()).ofSession(session);
        return worker == null
                ? "a consumer whose connection is lost (it has "
                        + in(engine.policy().graceMs()) + " to come back)"
                : worker.name() + " (" + worker.connection().address() + ")";
    }

    private static String times(int count) {
        return count == 1 ? "once" : count + " times";
    }

    private static String in(long ms) {
        Duration left = Duration.ofMillis(Math.max(0, ms));
        return left.toMinutes() < 2 ? left.toMillis() / 1000.0 + " s" : left.toMinutes() + " min";
    }
}
