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
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The subscriptions of one consumer: where each starts and ends, its credit, and what becomes of failures. On the loop. */
final class Subscriptions {
    private static final long RETRY_NS = 200_000_000;

    private final Session session;
    private final ConsumerSettings settings;
    private final DeliveryQueue queue;
    private final InstantSource clock;
    private final Map<Integer, PartitionReader> byId = new HashMap<>();

    Subscriptions(Session session, ConsumerSettings settings, DeliveryQueue queue, InstantSource clock) {
        this.session = session;
        this.settings = settings;
        this.queue = queue;
        this.clock = clock;
    }

    /** Starts reading at a position, up to the consumer's bound as it is now. */
    void open(PartitionReader reader, Position from) {
        reader.opening = true;
        int epoch = reader.nextEpoch();
        findBound(reader, epoch, () -> {
            if (from.kind() == Position.Kind.OFFSET) {
                begin(reader, from.value());
            } else {
                find(reader, epoch, from, reply -> begin(reader, reply.getOffset()));
            }
        });
    }

    private void findBound(PartitionReader reader, int epoch, Runnable then) {
        Position until = settings.until();
        if (until == null || reader.started) {
            then.run();
            return;
        }
        switch (until.kind()) {
            case OFFSET -> {
                reader.untilOffset = until.value();
                then.run();
            }
            case INGESTION_TIME -> {
                if (until.value() > clock.millis()) {
                    // Not yet: the end is wherever that time begins.
                    reader.untilIngestionMs = until.value();
                    then.run();
                } else {
                    find(reader, epoch, until, reply -> {
                        reader.untilOffset = reply.getOffset();
                        then.run();
                    });
                }
            }
            default ->
                find(reader, epoch, Position.end(), reply -> {
                    reader.untilOffset = reply.getEndOffset();
                    then.run();
                });
        }
    }

    private void find(PartitionReader reader, int epoch, Position position, Consumer<FindOffsetReply> then) {
        FindOffset request = FindOffset.newBuilder()
                .setPartitionId(reader.partitionId)
                .setAnchor(Anchors.of(position))
                .setValue(position.value())
                .build();
        session.call(FrameType.FIND_OFFSET, request, Call.Repeat.READ, new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                if (reader.epoch == epoch && !reader.revoked) {
                    then.accept((FindOffsetReply) message);
                }
            }

            @Override
            public void failed(HeadwaterException why) {
                if (reader.epoch == epoch && !reader.revoked) {
                    Subscriptions.this.failed(reader, why, () -> open(reader, settings.from()));
                }
            }
        });
    }

    private void begin(PartitionReader reader, long offset) {
        reader.opening = false;
        reader.started = true;
        reader.moveTo(offset);
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
        if (!idle || !session.isReady()) {
            return;
        }
        int id = session.nextSubscriptionId();
        reader.subscriptionId = id;
        byId.put(id, reader);
        Subscribe.Builder request = Subscribe.newBuilder()
                .setSubscriptionId(id)
                .setPartitionId(reader.partitionId)
                .setFromOffset(reader.nextOffset)
                .setUntilOffset(reader.untilOffset == PartitionReader.NO_BOUND ? -1 : reader.untilOffset)
                .setCreditBytes(Math.max(0, settings.maxBufferedBytes() - reader.bufferedBytes.get()));
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
                ended(id, why);
            }
        });
        session.flush();
    }

    /** Reads no further until somebody seeks; nothing if somebody has. */
    void halt(PartitionReader reader, int epoch) {
        if (reader.epoch == epoch) {
            reader.stopped = true;
            stop(reader);
        }
    }

    /** Goes on from another offset. */
    void move(PartitionReader reader, long offset) {
        stop(reader);
        begin(reader, offset);
    }

    void stop(PartitionReader reader) {
        int id = reader.subscriptionId;
        if (id != 0) {
            reader.subscriptionId = 0;
            byId.remove(id);
            if (session.isReady()) {
                session.sendOnce(
                        FrameType.UNSUBSCRIBE,
                        Unsubscribe.newBuilder().setSubscriptionId(id).build(),
                        List.of(),
                        IGNORED);
                session.flush();
            }
        }
    }

    private static final ReplyHandler IGNORED = new ReplyHandler() {
        @Override
        public void replied(MessageLite reply) {
            // Nothing to learn.
        }

        @Override
        public void failed(HeadwaterException why) {
            // It is gone either way.
        }
    };

    void lost() {
        byId.values().forEach(reader -> reader.subscriptionId = 0);
        byId.clear();
    }

    /** Borrows the attachment; copies it once, into memory that the records will share. */
    void delivered(Deliver deliver, ByteBuf attachment) {
        PartitionReader reader = byId.get(deliver.getSubscriptionId());
        if (reader == null) {
            return;
        }
        if (deliver.hasError()) {
            ended(deliver.getSubscriptionId(), WireErrors.exception(deliver.getError()));
            return;
        }
        byte[] data = new byte[attachment.readableBytes()];
        attachment.getBytes(attachment.readerIndex(), data);
        reader.bufferedBytes.addAndGet(data.length);
        reader.nextOffset = deliver.getNextOffset();
        queue.add(new Delivery(reader, reader.epoch, data, deliver.getNextOffset(), null));
        if (reader.nextOffset >= reader.untilOffset) {
            reader.stopped = true;
            stop(reader);
        }
    }

    /** The user has taken that many bytes. On the loop. */
    void credit(PartitionReader reader, int bytes) {
        if (reader.subscriptionId != 0 && session.isReady()) {
            session.tell(
                    FrameType.CREDIT,
                    Credit.newBuilder()
                            .setSubscriptionId(reader.subscriptionId)
                            .setBytes(bytes)
                            .build());
            session.flush();
        }
    }

    private void ended(int subscriptionId, HeadwaterException why) {
        PartitionReader reader = byId.remove(subscriptionId);
        if (reader != null) {
            reader.subscriptionId = 0;
            failed(reader, why, () -> resume(reader));
        }
    }

    private void failed(PartitionReader reader, HeadwaterException why, Runnable again) {
        int epoch = reader.epoch;
        if (why.code().equals("OFFSET_OUT_OF_RANGE") && settings.outOfRange() != StreamConsumer.OutOfRange.FAIL) {
            boolean earliest = settings.outOfRange() == StreamConsumer.OutOfRange.EARLIEST;
            open(reader, earliest ? Position.beginning() : Position.end());
        } else if (why instanceof HeadwaterException.Rejected || reader.opening) {
            reader.stopped = true;
            reader.opening = false;
            queue.add(Delivery.failed(reader, why));
        } else if (session.isReady()) {
            session.loop().schedule(RETRY_NS, () -> {
                if (reader.epoch == epoch) {
                    again.run();
                }
            });
        }
    }
}
