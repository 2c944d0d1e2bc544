package io.headwater.broker.shard;

import io.headwater.broker.net.Attachment;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Requests;
import io.headwater.broker.stream.IncomingBatch;
import io.headwater.broker.stream.ProduceHandler;
import io.headwater.broker.stream.ProduceRequest;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueClose;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.Unsubscribe;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2IntHashMap;
import org.jspecify.annotations.Nullable;

/**
 * From one connection's frames to values in the mailboxes of the owners that they are meant for. Runs on the
 * connection's event loop. Batches are checked here, where several network threads share that work and the bytes are
 * still warm; owners only append.
 */
final class RequestRouter implements Requests {
    private static final int NOWHERE = -1;

    private final Connection connection;
    private final Owners owners;
    private final int maxRecordBytes;
    /** The owner of each subscription; left empty where there is only one. */
    private final Int2IntHashMap homes = new Int2IntHashMap(NOWHERE);

    RequestRouter(Connection connection, Owners owners, int maxRecordBytes) {
        this.connection = connection;
        this.owners = owners;
        this.maxRecordBytes = maxRecordBytes;
    }

    @Override
    public Offered offer(Frame frame) {
        return switch (frame.type()) {
            case PRODUCE -> produce(frame);
            case SUBSCRIBE -> subscribe(frame.correlationId(), frame.message(Subscribe.class));
            case CREDIT -> credit(frame.message(Credit.class));
            case UNSUBSCRIBE -> unsubscribe(frame.correlationId(), frame.message(Unsubscribe.class));
            case FIND_OFFSET -> {
                FindOffset request = frame.message(FindOffset.class);
                yield offered(owners.mailboxOf(request.getPartitionId())
                        .offer(new StreamTasks.Find(connection, frame.correlationId(), request)));
            }
            case ERASE_RECORDS -> {
                EraseRecords request = frame.message(EraseRecords.class);
                yield offered(owners.mailboxOf(request.getPartitionId())
                        .offer(new EraseTask(connection, frame.correlationId(), request)));
            }
            case QUEUE_OPEN -> open(frame.correlationId(), frame.message(QueueOpen.class));
            case QUEUE_CREDIT -> credit(frame.message(QueueCredit.class));
            case QUEUE_CLOSE -> close(frame.correlationId(), frame.message(QueueClose.class));
            case QUEUE_SETTLE -> {
                QueueSettle request = frame.message(QueueSettle.class);
                yield offered(owners.mailboxOf(request.getPartitionId())
                        .offer(QueueTasks.settle(connection, frame.correlationId(), request)));
            }
            case QUEUE_BROWSE -> {
                QueueBrowse request = frame.message(QueueBrowse.class);
                yield offered(owners.mailboxOf(request.getPartitionId())
                        .offer(QueueTasks.browse(connection, frame.correlationId(), request)));
            }
            case QUEUE_EXPLAIN -> {
                QueueExplain request = frame.message(QueueExplain.class);
                yield offered(owners.mailboxOf(request.getPartitionId())
                        .offer(QueueTasks.explain(connection, frame.correlationId(), request)));
            }
            case QUEUE_OPERATE -> {
                QueueOperate request = frame.message(QueueOperate.class);
                yield offered(owners.mailboxOf(request.getPartitionId())
                        .offer(QueueTasks.operate(connection, frame.correlationId(), request)));
            }
            default -> throw new IllegalStateException(frame + " is not for the owners of partitions");
        };
    }

    @Override
    public void drained() {
        for (int i = 0; i < owners.count(); i++) {
            owners.mailbox(i).signal(new StreamTasks.Drained(connection));
        }
    }

    @Override
    public void closed() {
        for (int i = 0; i < owners.count(); i++) {
            owners.mailbox(i).signal(new StreamTasks.Closed(connection));
        }
    }

    private static Offered offered(boolean taken) {
        return taken ? Offered.TAKEN : Offered.FULL;
    }

    private Offered subscribe(int correlationId, Subscribe request) {
        int owner = owners.indexOf(request.getPartitionId());
        boolean taken = owners.mailbox(owner).offer(new StreamTasks.Open(connection, correlationId, request));
        if (taken && owners.count() > 1) {
            homes.put(request.getSubscriptionId(), owner);
        }
        return offered(taken);
    }

    private Offered credit(Credit credit) {
        int owner = homeOf(credit.getSubscriptionId());
        // A grant that got lost would stop its reader for good, and there is no reply that could say so.
        return owner == NOWHERE || owners.mailbox(owner).offerUrgent(new StreamTasks.Grant(connection, credit))
                ? Offered.TAKEN
                : Offered.HOPELESS;
    }

    private Offered unsubscribe(int correlationId, Unsubscribe request) {
        int home = homeOf(request.getSubscriptionId());
        int owner = home == NOWHERE ? 0 : home;
        boolean taken = owners.mailbox(owner).offer(new StreamTasks.Close(connection, correlationId, request));
        if (taken) {
            homes.remove(request.getSubscriptionId());
        }
        return offered(taken);
    }

    private Offered open(int correlationId, QueueOpen request) {
        int owner = owners.indexOf(request.getPartitionId());
        boolean taken = owners.mailbox(owner).offer(QueueTasks.open(connection, correlationId, request));
        if (taken && owners.count() > 1) {
            homes.put(request.getSubscriptionId(), owner);
        }
        return offered(taken);
    }

    private Offered credit(QueueCredit credit) {
        int owner = homeOf(credit.getSubscriptionId());
        return owner == NOWHERE || owners.mailbox(owner).offerUrgent(new QueueTasks.Grant(connection, credit))
                ? Offered.TAKEN
                : Offered.HOPELESS;
    }

    private Offered close(int correlationId, QueueClose request) {
        int home = homeOf(request.getSubscriptionId());
        int owner = home == NOWHERE ? 0 : home;
        boolean taken = owners.mailbox(owner).offer(new QueueTasks.Close(connection, correlationId, request));
        if (taken) {
            homes.remove(request.getSubscriptionId());
        }
        return offered(taken);
    }

    private int homeOf(int subscriptionId) {
        return owners.count() == 1 ? 0 : homes.get(subscriptionId);
    }

    private Offered produce(Frame frame) {
        Produce message = frame.message(Produce.class);
        int attached = Attachment.sizeOf(frame);
        Error refusal = misshapen(message, attached);
        if (refusal != null) {
            frame.release();
            connection.finished(attached);
            connection.fail(frame.correlationId(), FrameType.PRODUCE, refusal);
            return Offered.TAKEN;
        }
        if (owners.isFull(message)) {
            return Offered.FULL;
        }
        Attachment attachment = Attachment.of(connection, frame);
        ProduceRequest request = new ProduceRequest(
                connection, frame.correlationId(), attachment, message.getBatchesCount(), owners.nanoTime());
        @Nullable List<IncomingBatch>[] parts = split(request, message);
        for (int owner = 0; owner < parts.length; owner++) {
            List<IncomingBatch> part = parts[owner];
            if (part != null) {
                attachment.retain(1);
                var task = new StreamTasks.Produce(request, part);
                if (!owners.mailbox(owner).offer(task)) {
                    task.refuse(Errors.retryAfter(
                            ErrorCode.ERROR_OVERLOADED, "the owner of the partition is overloaded; try again", 20));
                }
            }
        }
        attachment.release();
        return Offered.TAKEN;
    }

    /** The batches by owner. Those that fail their check are answered here and are in none of the lists. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private @Nullable List<IncomingBatch>[] split(ProduceRequest request, Produce message) {
        @Nullable List<IncomingBatch>[] parts = new List[owners.count()];
        @Nullable ByteBuffer[] views = new ByteBuffer[owners.count()];
        int position = 0;
        boolean replied = false;
        for (int slot = 0; slot < message.getBatchesCount(); slot++) {
            ProduceBatch description = message.getBatches(slot);
            IncomingBatch batch =
                    new IncomingBatch(request, slot, description.getPartitionId(), description.getReservedHeaders());
            int owner = owners.indexOf(batch.partitionId());
            ByteBuffer view = views[owner];
            if (view == null) {
                view = request.attachment().view();
                views[owner] = view;
            }
            int bytes = description.getBytes();
            Error error = batch.check(view, position, bytes, maxRecordBytes);
            position += bytes;
            if (error != null) {
                replied |= request.complete(slot, ProduceHandler.failed(error));
                continue;
            }
            List<IncomingBatch> part = parts[owner];
            if (part == null) {
                part = new ArrayList<>(message.getBatchesCount() - slot);
                parts[owner] = part;
            }
            part.add(batch);
        }
        if (replied) {
            connection.wake();
        }
        return parts;
    }

    /** Null: the sizes add up. */
    private static @Nullable Error misshapen(Produce message, int attached) {
        long sum = 0;
        for (ProduceBatch batch : message.getBatchesList()) {
            if (batch.getBytes() <= 0) {
                return Errors.of(
                        ErrorCode.ERROR_INVALID_REQUEST, "batch bytes: " + batch.getBytes() + " (expected: above 0)");
            }
            sum += batch.getBytes();
        }
        if (message.getBatchesCount() == 0 || sum != attached) {
            return Errors.of(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "attachment: " + attached + " bytes (expected: the sum of " + message.getBatchesCount()
                            + " batches, " + sum + ")");
        }
        return null;
    }
}
