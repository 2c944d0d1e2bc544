package io.headwater.broker.shard;

import com.google.protobuf.MessageLite;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.work.Answer;
import io.headwater.broker.work.Reports;
import io.headwater.broker.work.Worker;
import io.headwater.protocol.Errors;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueClose;
import io.headwater.protocol.wire.QueueCloseReply;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOpenReply;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.storage.StorageException;

/** What consumers and operators of queue groups want from an owner. */
final class QueueTasks {
    private QueueTasks() {}

    /** What is done with one partition, once it is open. */
    @FunctionalInterface
    private interface Work {
        void on(Shard shard, Owned owned) throws StorageException, RequestFailedException;
    }

    @FunctionalInterface
    private interface Question {
        MessageLite answer(Reports reports) throws StorageException, RequestFailedException;
    }

    /** A request about a group in one partition; what cannot be done is answered with an error. */
    private record Request(
            Connection connection, int correlationId, FrameType type, long partitionId, int groupId, Work work)
            implements Task {
        @Override
        public void run(Shard shard) {
            PartitionInfo info = shard.metadata().partition(partitionId);
            Error refusal = info == null
                    ? shard.unknown().partition(partitionId)
                    : shard.unknown().groupYet(info, groupId);
            if (info != null && refusal == null) {
                try {
                    work.on(shard, shard.owned(info));
                } catch (StorageException e) {
                    refusal = PartitionErrors.of(info, e);
                } catch (RequestFailedException e) {
                    refusal = e.error();
                }
            }
            if (refusal != null) {
                connection.post(Outgoing.failure(correlationId, type, refusal));
                shard.touch(connection);
            }
        }

        @Override
        public void refuse(Error why) {
            connection.fail(correlationId, type, why);
        }
    }

    static Task open(Connection connection, int correlationId, QueueOpen request) {
        Work work = (shard, owned) -> open(shard, owned, connection, correlationId, request);
        return new Request(
                connection, correlationId, FrameType.QUEUE_OPEN, request.getPartitionId(), request.getGroupId(), work);
    }

    static Task settle(Connection connection, int correlationId, QueueSettle request) {
        Work work = (shard, owned) -> {
            owned.desk().settle(request, shard.now(), new Answer<>(connection, correlationId, FrameType.QUEUE_SETTLE));
            shard.turn(owned);
        };
        return new Request(
                connection,
                correlationId,
                FrameType.QUEUE_SETTLE,
                request.getPartitionId(),
                request.getGroupId(),
                work);
    }

    static Task operate(Connection connection, int correlationId, QueueOperate request) {
        // What it finds nothing to do for leaves no entry, that only a leader could commit.
        return sure(
                connection,
                correlationId,
                FrameType.QUEUE_OPERATE,
                request.getPartitionId(),
                request.getGroupId(),
                false,
                (shard, owned) -> {
                    owned.desk()
                            .operate(
                                    request,
                                    shard.now(),
                                    new Answer<>(connection, correlationId, FrameType.QUEUE_OPERATE));
                    shard.turn(owned);
                });
    }

    static Task browse(Connection connection, int correlationId, QueueBrowse request) {
        return look(
                connection,
                correlationId,
                FrameType.QUEUE_BROWSE,
                request.getPartitionId(),
                request.getGroupId(),
                request.getLocal(),
                reports -> reports.browse(request));
    }

    static Task explain(Connection connection, int correlationId, QueueExplain request) {
        return look(
                connection,
                correlationId,
                FrameType.QUEUE_EXPLAIN,
                request.getPartitionId(),
                request.getGroupId(),
                request.getLocal(),
                reports -> reports.explain(request));
    }

    private static Task look(
            Connection connection,
            int correlationId,
            FrameType type,
            long partitionId,
            int groupId,
            boolean local,
            Question question) {
        return sure(connection, correlationId, type, partitionId, groupId, local, (shard, owned) -> {
            MessageLite answer = question.answer(new Reports(owned.desk(), shard.now()));
            connection.post(Outgoing.reply(correlationId, type, answer));
            shard.touch(connection);
        });
    }

    /** Done when it is sure that there is nothing more in the partition than this broker knows of. */
    private static Task sure(
            Connection connection,
            int correlationId,
            FrameType type,
            long partitionId,
            int groupId,
            boolean local,
            Work work) {
        return new Request(
                connection,
                correlationId,
                type,
                partitionId,
                groupId,
                (shard, owned) -> shard.endReads().ask(owned, local, new EndReads.Read() {
                    @Override
                    public void answer() throws StorageException, RequestFailedException {
                        work.on(shard, owned);
                    }

                    @Override
                    public void fail(Error why) {
                        connection.post(Outgoing.failure(correlationId, type, why));
                        shard.touch(connection);
                    }
                }));
    }

    private static void open(Shard shard, Owned owned, Connection connection, int correlationId, QueueOpen request)
            throws RequestFailedException {
        if (shard.workers().find(connection, request.getSubscriptionId()) != null) {
            throw refused(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "subscription_id: " + request.getSubscriptionId() + " (expected: one that is not in use)");
        }
        if (shard.workers().isFull(connection)) {
            throw refused(
                    ErrorCode.ERROR_OVERLOADED,
                    "subscriptions: " + Readers.MAX_OF_A_CONNECTION + " of this connection, the most there may be");
        }
        if (!connection.isOpen()) {
            // A consumer whose connection is gone would never be ended.
            return;
        }
        Worker worker = owned.desk().open(connection, request, group(shard, owned, request.getGroupId()), shard.now());
        shard.workers().add(worker, owned);
        connection.post(Outgoing.reply(
                correlationId,
                FrameType.QUEUE_OPEN,
                QueueOpenReply.newBuilder().setLeaseMs(worker.leaseMs()).build()));
        shard.touch(connection);
        shard.turn(owned);
    }

    private static QueueGroupInfo group(Shard shard, Owned owned, int groupId) throws RequestFailedException {
        String topicName = owned.partition.info().topicName();
        TopicInfo topic = shard.metadata().topic(topicName);
        QueueGroupInfo group = topic == null ? null : topic.queueGroup(groupId);
        if (group == null) {
            throw refused(
                    ErrorCode.ERROR_UNKNOWN_GROUP, "topic " + topicName + " has no queue group with the id " + groupId);
        }
        return group;
    }

    private static RequestFailedException refused(ErrorCode code, String message) {
        return new RequestFailedException(Errors.of(code, message));
    }

    record Grant(Connection connection, QueueCredit credit) implements Task {
        @Override
        public void run(Shard shard) {
            Workers.Place place = shard.workers().find(connection, credit.getSubscriptionId());
            // None: it has ended while the credit was on its way.
            if (place != null) {
                place.owned().desk().credit(place.worker(), credit.getRecords(), credit.getBytes());
                shard.turn(place.owned());
            }
        }

        @Override
        public void refuse(Error why) {}
    }

    record Close(Connection connection, int correlationId, QueueClose request) implements Task {
        @Override
        public void run(Shard shard) {
            Answer<QueueCloseReply> answer = new Answer<QueueCloseReply>(
                            connection, correlationId, FrameType.QUEUE_CLOSE)
                    .with(QueueCloseReply.getDefaultInstance());
            Workers.Place place = shard.workers().find(connection, request.getSubscriptionId());
            if (place == null) {
                answer.leave();
                shard.touch(connection);
                return;
            }
            if (request.getRelease()) {
                shard.workers().remove(place.worker());
            }
            place.owned().desk().close(place.worker(), request.getRelease(), shard.now(), answer);
            shard.turn(place.owned());
        }

        @Override
        public void refuse(Error why) {
            connection.fail(correlationId, FrameType.QUEUE_CLOSE, why);
        }
    }
}
