package io.headwater.client;

import com.google.protobuf.ByteString;
import io.headwater.client.QueueGroupConfig.Backoff;
import io.headwater.client.QueueGroupConfig.OnDead;
import io.headwater.protocol.wire.BackoffKind;
import io.headwater.protocol.wire.HeaderValue;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueOperation;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.QueueReturns;
import io.headwater.protocol.wire.QueueTimes;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.record.RecordHeader;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What is said of queue groups, in this client's words and in the protocol's. */
final class QueueWire {
    /** The broker keeps so many bytes. */
    private static final int MAX_REASON_LENGTH = 256;

    private QueueWire() {}

    static QueueConfig config(QueueGroupConfig config) {
        QueueConfig.Builder wire = QueueConfig.newBuilder();
        Duration lease = config.lease();
        if (lease != null) {
            wire.setLeaseMs(lease.toMillis());
        }
        Integer maxFailures = config.maxFailures();
        if (maxFailures != null) {
            wire.setMaxFailures(maxFailures < 0 ? -1 : maxFailures);
        }
        Backoff backoff = config.backoff();
        if (backoff != null) {
            wire.setBackoff(io.headwater.protocol.wire.Backoff.newBuilder()
                    .setKind(
                            switch (backoff.kind()) {
                                case NONE -> BackoffKind.BACKOFF_NONE;
                                case FIXED -> BackoffKind.BACKOFF_FIXED;
                                case LINEAR -> BackoffKind.BACKOFF_LINEAR;
                                case EXPONENTIAL -> BackoffKind.BACKOFF_EXPONENTIAL;
                            })
                    .setFirstMs(backoff.first().toMillis())
                    .setMaxMs(backoff.max().toMillis()));
        }
        OnDead onDead = config.onDead();
        if (onDead != null) {
            wire.setOnDead(
                    switch (onDead) {
                        case SKIP -> io.headwater.protocol.wire.OnDead.ON_DEAD_SKIP;
                        case HOLD_KEY -> io.headwater.protocol.wire.OnDead.ON_DEAD_HOLD_KEY;
                        case STOP -> io.headwater.protocol.wire.OnDead.ON_DEAD_STOP;
                    });
        }
        Duration grace = config.sessionGrace();
        if (grace != null) {
            wire.setSessionGraceMs(grace.isZero() ? -1 : grace.toMillis());
        }
        return wire.build();
    }

    static QueueAdmin.Group group(QueueGroup wire) {
        QueueConfig config = wire.getConfig();
        return new QueueAdmin.Group(
                wire.getId(),
                wire.getTopic(),
                wire.getName(),
                wire.getPartitionIdsCount(),
                wire.getCreatedMs(),
                new QueueGroupConfig(
                        wire.getKeyed(),
                        Duration.ofMillis(config.getLeaseMs()),
                        config.getMaxFailures(),
                        backoff(config.getBackoff()),
                        switch (config.getOnDead()) {
                            case ON_DEAD_HOLD_KEY -> OnDead.HOLD_KEY;
                            case ON_DEAD_STOP -> OnDead.STOP;
                            default -> OnDead.SKIP;
                        },
                        Duration.ofMillis(Math.max(0, config.getSessionGraceMs()))));
    }

    private static Backoff backoff(io.headwater.protocol.wire.Backoff wire) {
        return new Backoff(
                switch (wire.getKind()) {
                    case BACKOFF_FIXED -> Backoff.Kind.FIXED;
                    case BACKOFF_LINEAR -> Backoff.Kind.LINEAR;
                    case BACKOFF_EXPONENTIAL -> Backoff.Kind.EXPONENTIAL;
                    default -> Backoff.Kind.NONE;
                },
                Duration.ofMillis(wire.getFirstMs()),
                Duration.ofMillis(wire.getMaxMs()));
    }

    static QueueAdmin.PartitionStatus status(QueuePartition wire) {
        QueueReturns returned = wire.getReturned();
        List<QueueAdmin.Consumer> consumers = wire.getWorkersList().stream()
                .map(worker -> new QueueAdmin.Consumer(
                        worker.getName(),
                        worker.getAddress(),
                        worker.getSession() == 0,
                        worker.getCreditRecords(),
                        worker.getCreditBytes(),
                        worker.getLeased()))
                .toList();
        return new QueueAdmin.PartitionStatus(
                wire.getIndex(),
                wire.getState(),
                wire.getPaused(),
                wire.getReady(),
                wire.getWaiting(),
                wire.getLeased(),
                wire.getDead(),
                wire.getMoving(),
                wire.getFloor(),
                wire.getEndOffset(),
                wire.getOldestReadyMs(),
                wire.getDelivered(),
                wire.getAcked(),
                new QueueAdmin.Returns(
                        returned.getReleased(),
                        returned.getFailed(),
                        returned.getRejected(),
                        returned.getExpired(),
                        returned.getLost()),
                wire.getTimeInQueueP50Ms(),
                wire.getTimeInQueueP99Ms(),
                wire.getProcessingP50Ms(),
                wire.getProcessingP99Ms(),
                wire.getHeapBytes(),
                wire.getSuspects(),
                new QueueAdmin.DeadLetters(
                        wire.getMoved(), wire.getMovingTo(), wire.getMovingProblem(), wire.getMovingProblemSinceMs()),
                consumers);
    }

    static QueueAdmin.KnownRecord record(int partition, io.headwater.protocol.wire.QueueRecord wire) {
        return new QueueAdmin.KnownRecord(
                partition,
                wire.getOffset(),
                state(wire.getState()),
                wire.getDeliveries(),
                wire.getFailures(),
                wire.getPriority(),
                wire.getUntilMs(),
                wire.getSinceMs(),
                wire.getHolder(),
                wire.getReason(),
                wire.getCause());
    }

    static RecordState state(io.headwater.protocol.wire.RecordState wire) {
        return switch (wire) {
            case RECORD_READY -> RecordState.READY;
            case RECORD_WAITING -> RecordState.WAITING;
            case RECORD_LEASED -> RecordState.LEASED;
            case RECORD_DEAD -> RecordState.DEAD;
            case RECORD_MOVING -> RecordState.MOVING;
            case RECORD_DONE -> RecordState.DONE;
            case RECORD_UNCOMMITTED, RECORD_STATE_UNSPECIFIED, UNRECOGNIZED -> RecordState.UNCOMMITTED;
        };
    }

    static io.headwater.protocol.wire.RecordState state(RecordState state) {
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

    /** The first place of a range that is not before another. */
    static QueueAdmin.Place within(QueueAdmin.Range range, QueueAdmin.Place from) {
        boolean before = range.partition() > from.partition()
                || (range.partition() == from.partition() && range.fromOffset() > from.offset());
        return before ? new QueueAdmin.Place(range.partition(), range.fromOffset()) : from;
    }

    static QueueAdmin.Left left(io.headwater.protocol.wire.QueueLeft wire) {
        return new QueueAdmin.Left(wire.getWithoutOrigin(), wire.getOriginGone(), wire.getUnfit());
    }

    static QueueOperation operation(QueueSweep.Kind kind) {
        return switch (kind) {
            case PURGE -> QueueOperation.QUEUE_PURGE;
            case REDRIVE -> QueueOperation.QUEUE_REDRIVE;
            case CANCEL -> QueueOperation.QUEUE_CANCEL;
            case REPLAY -> QueueOperation.QUEUE_REPLAY;
            case MOVE -> QueueOperation.QUEUE_MOVE;
        };
    }

    /** But for the range. */
    static io.headwater.protocol.wire.QueueFilter filter(QueueFilter filter) {
        var wire = io.headwater.protocol.wire.QueueFilter.newBuilder();
        byte[] key = filter.key();
        if (key != null) {
            wire.setKey(ByteString.copyFrom(key));
        }
        if (!filter.event().equals(QueueFilter.Times.ALL)) {
            wire.setEvent(times(filter.event()));
        }
        if (!filter.ingestion().equals(QueueFilter.Times.ALL)) {
            wire.setIngestion(times(filter.ingestion()));
        }
        for (RecordHeader header : filter.headers()) {
            byte[] value = header.value();
            wire.addHeaders(HeaderValue.newBuilder()
                    .setName(header.name())
                    .setValue(value == null ? ByteString.EMPTY : ByteString.copyFrom(value)));
        }
        return wire.addAllCauses(filter.causes()).build();
    }

    private static QueueTimes times(QueueFilter.Times times) {
        QueueTimes.Builder wire = QueueTimes.newBuilder();
        Instant from = times.from();
        if (from != null) {
            wire.setFromMs(from.toEpochMilli());
        }
        Instant until = times.until();
        if (until != null) {
            wire.setUntilMs(until.toEpochMilli());
        }
        return wire.build();
    }

    /** The offsets, and what stands with each of them, are the caller's to add. */
    static io.headwater.protocol.wire.Settlement.Builder settlement(Settlement settlement) {
        return io.headwater.protocol.wire.Settlement.newBuilder()
                .setVerb(
                        switch (settlement.verb()) {
                            case ACK -> QueueVerb.VERB_ACK;
                            case RELEASE -> QueueVerb.VERB_RELEASE;
                            case FAIL -> QueueVerb.VERB_FAIL;
                            case REJECT -> QueueVerb.VERB_REJECT;
                            case EXTEND -> QueueVerb.VERB_EXTEND;
                        })
                .setDelayMs(settlement.delayMs())
                .setHasDelay(settlement.delay() != null)
                .setReason(cut(settlement.reason()));
    }

    private static String cut(String reason) {
        if (reason.length() <= MAX_REASON_LENGTH) {
            return reason;
        }
        boolean splitsACharacter = Character.isHighSurrogate(reason.charAt(MAX_REASON_LENGTH - 1));
        return reason.substring(0, splitsACharacter ? MAX_REASON_LENGTH - 1 : MAX_REASON_LENGTH);
    }
}
