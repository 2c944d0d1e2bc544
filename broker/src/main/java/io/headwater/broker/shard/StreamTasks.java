package io.headwater.broker.shard;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.broker.partition.AppendOutcome;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.stream.IncomingBatch;
import io.headwater.broker.stream.OffsetFinder;
import io.headwater.broker.stream.ProduceHandler;
import io.headwater.broker.stream.ProduceRequest;
import io.headwater.broker.stream.Subscription;
import io.headwater.broker.stream.Subscription.Next;
import io.headwater.protocol.Errors;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.Unsubscribe;
import io.headwater.protocol.wire.UnsubscribeReply;
import io.headwater.storage.StorageException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What connections want from an owner. */
final class StreamTasks {
    private StreamTasks() {}

    /** The checked batches of one produce frame that belong to this owner; holds the frame's attachment once. */
    record Produce(ProduceRequest request, List<IncomingBatch> batches) implements Task {
        @Override
        public void run(Shard shard) {
            shard.borrow(request.attachment());
            for (IncomingBatch batch : batches) {
                append(shard, batch);
            }
        }

        private void append(Shard shard, IncomingBatch batch) {
            PartitionInfo info = shard.metadata().partition(batch.partitionId());
            if (info == null) {
                fail(shard, batch, shard.unknown().partition(batch.partitionId()));
                return;
            }
            if (batch.producerId() >= shard.metadata().nextProducerId()) {
                // A partition that forgets a producer forgets all with a lower id: one made up would shut others out.
                fail(shard, batch, shard.unknown().producer(info, batch.producerId()));
                return;
            }
            Owned owned;
            try {
                owned = shard.owned(info);
            } catch (StorageException e) {
                fail(shard, batch, PartitionErrors.of(info, e));
                return;
            }
            Partition partition = owned.partition;
            AppendOutcome outcome = ProduceHandler.append(partition, batch, shard.traffic());
            Error error = outcome.error();
            if (partition.isDirty()) {
                // Also where only the epoch's start was written before the batch was refused.
                shard.appended(owned);
            }
            if (error != null) {
                // It may wait for something that a turn brings nearer.
                shard.turn(owned);
                fail(shard, batch, error);
                return;
            }
            AckLevel level = level(shard, info);
            ProduceResult result = ProduceHandler.acknowledged(outcome, level);
            var reply = new Parked.Append(outcome.durableAtIndex(), request, batch.slot(), result, owned.home());
            if (outcome.durableAtIndex() <= partition.committedIndex()) {
                reply.durable(shard);
            } else if (partition.isDirty() && leavesWritten(level, owned.home())) {
                owned.parkUntilWritten(reply);
            } else {
                owned.parkUntilDurable(reply);
            }
        }

        private static boolean leavesWritten(AckLevel level, LocalReplica home) {
            return level == AckLevel.ACK_MEMORY || (level == AckLevel.ACK_REPLICATED && home.acknowledgesWritten());
        }

        private static AckLevel level(Shard shard, PartitionInfo info) {
            TopicInfo topic = shard.metadata().topic(info.topicName());
            return topic == null ? AckLevel.ACK_PERSISTED : topic.policy().ackLevel();
        }

        private void fail(Shard shard, IncomingBatch batch, Error error) {
            shard.complete(request, batch.slot(), ProduceHandler.failed(error));
        }

        @Override
        public void refuse(Error why) {
            request.attachment().release();
            for (IncomingBatch batch : batches) {
                if (request.complete(batch.slot(), ProduceHandler.failed(why))) {
                    request.connection().wake();
                }
            }
        }
    }

    record Open(Connection connection, int correlationId, Subscribe request) implements Task {
        @Override
        public void run(Shard shard) {
            subscribe(shard, request.getLocal());
        }

        /** @param endIsSure nobody can have read or been told of what lies behind the end */
        private void subscribe(Shard shard, boolean endIsSure) {
            Error refusal = refusal(shard, endIsSure);
            if (refusal != null) {
                refuse(shard, refusal);
            }
            shard.touch(connection);
        }

        private void refuse(Shard shard, Error refusal) {
            connection.post(Outgoing.failure(correlationId, FrameType.SUBSCRIBE, refusal));
            shard.touch(connection);
        }

        private @Nullable Error refusal(Shard shard, boolean endIsSure) {
            if (shard.readers().find(connection, request.getSubscriptionId()) != null) {
                return Errors.of(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "subscription_id: " + request.getSubscriptionId() + " (expected: one that is not in use)");
            }
            if (shard.readers().isFull(connection)) {
                return Errors.of(
                        ErrorCode.ERROR_OVERLOADED,
                        "subscriptions: " + Readers.MAX_OF_A_CONNECTION + " of this connection, the most there may be");
            }
            if (request.getFilterEventTime() && request.getEventFromMs() > request.getEventUntilMs()) {
                return Errors.of(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "event_until_ms: " + request.getEventUntilMs() + " (expected: at least event_from_ms, "
                                + request.getEventFromMs() + ")");
            }
            PartitionInfo info = shard.metadata().partition(request.getPartitionId());
            if (info == null) {
                return shard.unknown().partition(request.getPartitionId());
            }
            try {
                Owned owned = shard.owned(info);
                long start = owned.partition.startOffset();
                long end = owned.partition.committedOffset();
                if (request.getFromOffset() > end && !endIsSure) {
                    shard.endReads().ask(owned, false, new EndReads.Read() {
                        @Override
                        public void answer() {
                            subscribe(shard, true);
                        }

                        @Override
                        public void fail(Error why) {
                            refuse(shard, why);
                        }
                    });
                    return null;
                }
                if (request.getFromOffset() < start || request.getFromOffset() > end) {
                    return PartitionErrors.outOfRange(info, request.getFromOffset(), start, end);
                }
                // A subscription of a connection that is gone would never be ended.
                if (connection.isOpen()) {
                    shard.readers().add(owned, new Subscription(connection, request, owned.partition));
                }
                connection.post(Outgoing.reply(
                        correlationId,
                        FrameType.SUBSCRIBE,
                        SubscribeReply.newBuilder()
                                .setStartOffset(start)
                                .setEndOffset(end)
                                .build()));
                return null;
            } catch (StorageException e) {
                return PartitionErrors.of(info, e);
            }
        }

        @Override
        public void refuse(Error why) {
            connection.fail(correlationId, FrameType.SUBSCRIBE, why);
        }
    }

    record Grant(Connection connection, Credit credit) implements Task {
        @Override
        public void run(Shard shard) {
            Subscription subscription = shard.readers().find(connection, credit.getSubscriptionId());
            // None: it has ended while the credit was on its way.
            if (subscription != null) {
                subscription.addCredit(credit.getBytes());
                shard.readers().wake(subscription, Next.CREDIT);
            }
        }

        @Override
        public void refuse(Error why) {}
    }

    record Close(Connection connection, int correlationId, Unsubscribe request) implements Task {
        @Override
        public void run(Shard shard) {
            Subscription subscription = shard.readers().find(connection, request.getSubscriptionId());
            if (subscription != null) {
                shard.readers().remove(subscription);
            }
            connection.post(
                    Outgoing.reply(correlationId, FrameType.UNSUBSCRIBE, UnsubscribeReply.getDefaultInstance()));
            shard.touch(connection);
        }

        @Override
        public void refuse(Error why) {
            connection.fail(correlationId, FrameType.UNSUBSCRIBE, why);
        }
    }

    record Find(Connection connection, int correlationId, FindOffset request) implements Task {
        @Override
        public void run(Shard shard) {
            PartitionInfo info = shard.metadata().partition(request.getPartitionId());
            if (info == null) {
                fail(shard, shard.unknown().partition(request.getPartitionId()));
                return;
            }
            try {
                Owned owned = shard.owned(info);
                shard.endReads().ask(owned, request.getLocal(), new EndReads.Read() {
                    @Override
                    public void answer() throws StorageException, RequestFailedException {
                        FindOffsetReply found = OffsetFinder.find(
                                owned.partition, request.getAnchor(), request.getValue(), shard.nowMs());
                        connection.post(Outgoing.reply(correlationId, FrameType.FIND_OFFSET, found));
                        shard.touch(connection);
                    }

                    @Override
                    public void fail(Error why) {
                        Find.this.fail(shard, why);
                    }
                });
            } catch (StorageException e) {
                fail(shard, PartitionErrors.of(info, e));
            }
        }

        private void fail(Shard shard, Error error) {
            connection.post(Outgoing.failure(correlationId, FrameType.FIND_OFFSET, error));
            shard.touch(connection);
        }

        @Override
        public void refuse(Error why) {
            connection.fail(correlationId, FrameType.FIND_OFFSET, why);
        }
    }

    /** The connection may be given more. */
    record Drained(Connection connection) implements Task {
        @Override
        public void run(Shard shard) {
            shard.readers().drained(connection);
            shard.workers().of(connection).forEach(place -> shard.turn(place.owned()));
        }

        @Override
        public void refuse(Error why) {}
    }

    /** The connection is closed. */
    record Closed(Connection connection) implements Task {
        @Override
        public void run(Shard shard) {
            shard.readers().closed(connection);
            for (Workers.Place place : shard.workers().removeAll(connection)) {
                place.owned().desk().lost(place.worker(), shard.now());
                shard.turn(place.owned());
            }
        }

        @Override
        public void refuse(Error why) {}
    }
}
