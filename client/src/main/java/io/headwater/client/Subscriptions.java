package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.Unsubscribe;
import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The subscriptions of one consumer: where each starts and ends, its credit, and what becomes of failures. On the loop. */
final class Subscriptions {
    private static final Logger LOG = LoggerFactory.getLogger(Subscriptions.class);
    private static final long RETRY_NS = 200_000_000;
    private static final long MAX_RETRY_NS = 5_000_000_000L;
    /** A bound ahead is asked for again after this at the latest: the broker's clock may be set. */
    private static final long MAX_BOUND_WAIT_MS = 10_000;

    private final Cluster cluster;
    private final ConsumerSettings settings;
    private final DeliveryQueue queue;
    private final Map<Integer, PartitionReader> byId = new HashMap<>();
    private boolean closed;

    Subscriptions(Cluster cluster, ConsumerSettings settings, DeliveryQueue queue) {
        this.cluster = cluster;
        this.settings = settings;
        this.queue = queue;
    }

    /** Starts reading at a position, up to the consumer's bound as it is now. */
    void open(PartitionReader reader, Position from) {
        reader.opening = true;
        int epoch = reader.nextEpoch();
        Runnable again = () -> open(reader, from);
        findBound(reader, epoch, again, () -> {
            if (from.kind() == Position.Kind.OFFSET) {
                started(reader, from, from.value());
            } else {
                find(reader, epoch, from, again, reply -> started(reader, from, reply.getOffset()));
            }
        });
    }

    private void started(PartitionReader reader, Position from, long offset) {
        reader.retryNs = 0;
        // The end moves: who starts there again would skip what came meanwhile.
        begin(reader, offset, from.kind() == Position.Kind.END);
    }

    private void findBound(PartitionReader reader, int epoch, Runnable again, Runnable then) {
        Position until = settings.until();
        if (until == null || reader.hasBound()) {
            then.run();
            return;
        }
        switch (until.kind()) {
            case OFFSET -> {
                reader.untilOffset = until.value();
                then.run();
            }
            case INGESTION_TIME ->
                find(reader, epoch, until, again, reply -> {
                    if (reply.getCompleteUntilMs() >= until.value()) {
                        reader.untilOffset = reply.getOffset();
                    } else {
                        // Not yet: the end is wherever that time begins.
                        reader.untilIngestionMs = until.value();
                        awaitBound(reader, until, waitMs(until, reply));
                    }
                    then.run();
                });
            default ->
                find(reader, epoch, Position.end(), again, reply -> {
                    reader.untilOffset = reply.getEndOffset();
                    then.run();
                });
        }
    }

    /** By the broker's clock, which stamps the records; its own and this machine's monotonic clock only measure. */
    private static long waitMs(Position until, FindOffsetReply reply) {
        return reply.getCompleteUntilMs() == 0
                ? RETRY_NS / 1_000_000
                : Math.max(1, Math.min(MAX_BOUND_WAIT_MS, until.value() - reply.getCompleteUntilMs()));
    }

    /** Where nothing is written no record shows that the end has come: the broker is asked, also while it is read. */
    private void awaitBound(PartitionReader reader, Position until, long waitMs) {
        cluster.loop().schedule(waitMs * 1_000_000, () -> {
            if (closed || reader.revoked || reader.untilOffset != PartitionReader.NO_BOUND) {
                return;
            }
            cluster.call(FrameType.FIND_OFFSET, request(reader, until), Call.Repeat.READ, new ReplyHandler() {
                @Override
                public void replied(MessageLite message) {
                    FindOffsetReply reply = (FindOffsetReply) message;
                    if (reply.getCompleteUntilMs() >= until.value()) {
                        boundFound(reader, reply.getOffset());
                    } else {
                        awaitBound(reader, until, waitMs(until, reply));
                    }
                }

                @Override
                public void failed(HeadwaterException why) {
                    // A partition that cannot be read any more says so to its subscription.
                    awaitBound(reader, until, MAX_BOUND_WAIT_MS);
                }
            });
        });
    }

    private void boundFound(PartitionReader reader, long offset) {
        reader.untilOffset = Math.min(reader.untilOffset, offset);
        boolean reads = !reader.opening && !reader.stopped && !reader.revoked && !closed;
        if (reads && reader.nextOffset >= reader.untilOffset) {
            reader.stopped = true;
            stop(reader);
            queue.add(Delivery.nothingUntil(reader, reader.nextOffset));
        }
    }

    private FindOffset request(PartitionReader reader, Position position) {
        return Anchors.find(reader.partitionId, position, settings.localEnds());
    }

    private void find(
            PartitionReader reader, int epoch, Position position, Runnable again, Consumer<FindOffsetReply> then) {
        cluster.call(FrameType.FIND_OFFSET, request(reader, position), Call.Repeat.READ, new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                if (reader.epoch == epoch && !reader.revoked) {
                    then.accept((FindOffsetReply) message);
                }
            }

            @Override
            public void failed(HeadwaterException why) {
                if (reader.epoch == epoch && !reader.revoked) {
                    Subscriptions.this.failed(reader, why, again);
                }
            }
        });
    }

    private void begin(PartitionReader reader, long offset, boolean commits) {
        reader.opening = false;
        reader.moveTo(offset, commits);
        if (offset >= reader.untilOffset) {
            reader.stopped = true;
            queue.add(Delivery.nothingUntil(reader, offset));
        } else {
            resume(reader);
        }
    }

    /** Subscribes from where the reader stands, unless it is subscribed, done, or not begun. */
    void resume(PartitionReader reader) {
        boolean idle = reader.subscriptionId == 0 && !reader.opening && !reader.stopped && !reader.revoked;
        if (!idle || closed || reader.notBeforeNs - cluster.loop().nowNs() > 0) {
            return;
        }
        Session session = cluster.leader(reader.partitionId);
        if (session == null) {
            return;
        }
        int id = session.openSubscription();
        reader.subscriptionId = id;
        reader.session = session;
        byId.put(id, reader);
        Subscribe.Builder request = Subscribe.newBuilder()
                .setSubscriptionId(id)
                .setPartitionId(reader.partitionId)
                .setFromOffset(reader.nextOffset)
                .setUntilOffset(reader.untilOffset == PartitionReader.NO_BOUND ? -1 : reader.untilOffset)
                .setCreditBytes(Math.max(0, settings.maxBufferedBytes() - reader.bufferedBytes))
                .setLocal(settings.localEnds())
                .setRecheck(reader.nextOffset == reader.recheckFrom);
        if (settings.filtersEventTime()) {
            request.setFilterEventTime(true)
                    .setEventFromMs(settings.eventFromMs())
                    .setEventUntilMs(settings.eventUntilMs());
        }
        session.sendOnce(FrameType.SUBSCRIBE, request.build(), List.of(), new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                // Deliveries say everything that this reply says.
            }

            @Override
            public void failed(HeadwaterException why) {
                ended(session, id, why);
            }
        });
        session.flush();
    }

    /** Another broker may lead its partition now. */
    void follow(PartitionReader reader) {
        Session session = reader.session;
        if (reader.subscriptionId != 0 && session != null && !cluster.mayLead(session, reader.partitionId)) {
            stop(reader);
        }
    }

    /** Reads no further until somebody seeks; nothing if somebody has. */
    void halt(PartitionReader reader, int epoch) {
        if (reader.epoch == epoch) {
            reader.stopped = true;
            stop(reader);
        }
    }

    /** Goes on where damaged bytes came, which their broker has to check; nothing if the reader was moved elsewhere. */
    void readAgain(PartitionReader reader, int epoch) {
        if (reader.epoch == epoch && !reader.revoked && !closed) {
            LOG.warn("partition {}: damaged bytes arrived at offset {}; reading them again", reader, reader.position);
            stop(reader);
            reader.recheckFrom = reader.position;
            begin(reader, reader.position, !reader.isUnread());
        }
    }

    /** Goes on from another offset. */
    void move(PartitionReader reader, long offset) {
        stop(reader);
        begin(reader, offset, true);
    }

    /** Goes on from what is processed; nothing if somebody is moving the reader elsewhere. */
    void rewind(PartitionReader reader) {
        if (!closed && !reader.opening && !reader.revoked && reader.processed < reader.position) {
            stop(reader);
            begin(reader, reader.processed, !reader.isUnread());
        }
    }

    void stop(PartitionReader reader) {
        int id = reader.subscriptionId;
        Session session = reader.session;
        if (id != 0 && session != null) {
            reader.subscriptionId = 0;
            byId.remove(id);
            if (session.isReady()) {
                session.sendOnce(
                        FrameType.UNSUBSCRIBE,
                        Unsubscribe.newBuilder().setSubscriptionId(id).build(),
                        List.of(),
                        new ReplyHandler() {
                            @Override
                            public void replied(MessageLite reply) {
                                session.closeSubscription(id);
                            }

                            @Override
                            public void failed(HeadwaterException why) {
                                // The broker may go on until the credit is used up.
                            }
                        });
                session.flush();
            }
        }
    }

    /** Nothing is read any more. */
    void close() {
        closed = true;
    }

    void lost(Session session) {
        byId.values().removeIf(reader -> {
            boolean isLost = reader.session == session;
            if (isLost) {
                reader.subscriptionId = 0;
            }
            return isLost;
        });
    }

    /** Borrows the attachment; copies it once, into memory that the records will share. */
    void delivered(Session session, Deliver deliver, ByteBuf attachment) {
        PartitionReader reader = byId.get(deliver.getSubscriptionId());
        if (reader == null) {
            return;
        }
        if (deliver.hasError()) {
            cluster.misdirected(session, reader.partitionId, deliver.getError());
            ended(session, deliver.getSubscriptionId(), WireErrors.exception(deliver.getError()));
            return;
        }
        byte[] data = new byte[attachment.readableBytes()];
        attachment.getBytes(attachment.readerIndex(), data);
        reader.bufferedBytes += data.length;
        reader.nextOffset = deliver.getNextOffset();
        reader.deliveredUntil = Math.max(reader.deliveredUntil, reader.nextOffset);
        reader.detours = 0;
        queue.add(new Delivery(reader, reader.epoch, data, deliver.getNextOffset(), null));
        if (reader.nextOffset >= reader.untilOffset) {
            reader.stopped = true;
            stop(reader);
        }
    }

    /** The user has taken that many bytes. On the loop. */
    void credit(PartitionReader reader, int bytes) {
        reader.bufferedBytes -= bytes;
        Session session = reader.session;
        if (reader.subscriptionId != 0 && session != null && session.isReady()) {
            session.tell(
                    FrameType.CREDIT,
                    Credit.newBuilder()
                            .setSubscriptionId(reader.subscriptionId)
                            .setBytes(bytes)
                            .build());
            session.flush();
        }
    }

    private void ended(Session session, int subscriptionId, HeadwaterException why) {
        session.closeSubscription(subscriptionId);
        PartitionReader reader = byId.remove(subscriptionId);
        if (reader != null) {
            reader.subscriptionId = 0;
            failed(reader, why, () -> resume(reader));
        }
    }

    private void failed(PartitionReader reader, HeadwaterException why, Runnable again) {
        int epoch = reader.epoch;
        if (why.code().equals("NOT_LEADER") || isBehind(reader, why)) {
            retry(reader, epoch, Detour.delayNs(reader.detours++), again);
        } else if (why.code().equals("OFFSET_OUT_OF_RANGE")
                && settings.outOfRange() != StreamConsumer.OutOfRange.FAIL) {
            boolean earliest = settings.outOfRange() == StreamConsumer.OutOfRange.EARLIEST;
            open(reader, earliest ? Position.beginning() : Position.end());
        } else if (why instanceof HeadwaterException.Rejected) {
            reader.stopped = true;
            reader.opening = false;
            queue.add(Delivery.failed(reader, why));
        } else if (reader.opening) {
            // The requests of an opening wait for a connection themselves.
            reader.retryNs = Math.max(RETRY_NS, Math.min(MAX_RETRY_NS, reader.retryNs * 2));
            LOG.warn("partition {}: not read yet, will try again: {}", reader, why.getMessage());
            retry(reader, epoch, reader.retryNs, again);
        } else if (!why.code().equals(WireErrors.CONNECTION_LOST)) {
            retry(reader, epoch, RETRY_NS, again);
        }
    }

    /**
     * In a cluster a leader that is new may not know yet how far its log is committed. What has been delivered or
     * committed is there: that is no reason to begin elsewhere.
     */
    private boolean isBehind(PartitionReader reader, HeadwaterException why) {
        return cluster.isCluster()
                && !reader.opening
                && why instanceof HeadwaterException.Rejected rejected
                && rejected.code().equals("OFFSET_OUT_OF_RANGE")
                && rejected.validUntil() < reader.nextOffset
                && reader.nextOffset <= Math.max(reader.deliveredUntil, reader.committed);
    }

    private void retry(PartitionReader reader, int epoch, long delayNs, Runnable again) {
        reader.notBeforeNs = cluster.loop().nowNs() + delayNs;
        cluster.loop().schedule(delayNs, () -> {
            if (reader.epoch == epoch && !reader.revoked && !closed) {
                again.run();
            }
        });
    }
}
