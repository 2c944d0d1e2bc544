package io.headwater.client;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.protocol.wire.LeaveGroupReply;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The user's side of a consumer: takes deliveries, hands out their records, and remembers how far the user has come. */
final class PushConsumer implements StreamConsumer {
    /** A handler's batch is kept short, so that a revoked partition is given up soon. */
    private static final int HANDLER_BATCH = 500;

    private static final long FOR_EVER_NS = Long.MAX_VALUE / 4;

    private final Caller caller;
    private final ConsumerSettings settings;
    private final InstantSource clock;
    private final Runnable onClose;
    private final DeliveryQueue queue = new DeliveryQueue();
    private final ConsumerCore core;
    private final @Nullable Committer committer;
    private final DeliveryReader deliveries;
    private final List<PartitionReader> touched = new ArrayList<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile boolean closed;
    private long autoCommitAtNs;

    PushConsumer(Caller caller, ConsumerSettings settings, InstantSource clock, Runnable onClose) {
        this.caller = caller;
        this.settings = settings;
        this.clock = clock;
        this.onClose = onClose;
        Cluster cluster = caller.cluster();
        this.core = new ConsumerCore(cluster, settings, queue, new Subscriptions(cluster, settings, queue));
        GroupMember member = core.member();
        this.committer = member == null ? null : new Committer(caller, member);
        this.deliveries = new DeliveryReader(settings);
        this.autoCommitAtNs = nowNs() + settings.autoCommitNs();
        cluster.loop().execute(() -> cluster.add(core));
    }

    private long nowNs() {
        return caller.cluster().loop().nowNs();
    }

    @Override
    public List<ConsumedRecord> poll(Duration timeout) {
        checkOpen();
        markProcessed();
        commitIfDue();
        return next(nanos(timeout), settings.maxPollRecords());
    }

    private static long nanos(Duration timeout) {
        return timeout.compareTo(Duration.ofNanos(FOR_EVER_NS)) > 0 ? FOR_EVER_NS : timeout.toNanos();
    }

    private List<ConsumedRecord> next(long timeoutNs, int max) {
        List<ConsumedRecord> records = new ArrayList<>();
        long leftNs = timeoutNs;
        while (true) {
            giveUpRevoked();
            fill(records, max);
            if (!records.isEmpty()) {
                begin(clock.millis());
                return records;
            }
            if (woken.getAndSet(false) || closed || leftNs <= 0 || isAtEnd()) {
                return records;
            }
            try {
                leftNs = queue.await(leftNs);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return records;
            }
        }
    }

    private void fill(List<ConsumedRecord> records, int max) {
        while (records.size() < max) {
            Delivery delivery = deliveries.delivery();
            if (delivery == null) {
                delivery = queue.poll();
                if (delivery == null) {
                    return;
                }
                if (delivery.failure() != null && !records.isEmpty()) {
                    // What was read before it comes first.
                    queue.putBack(delivery);
                    return;
                }
                deliveries.open(delivery);
            }
            read(delivery, records, max);
        }
    }

    private void read(Delivery delivery, List<ConsumedRecord> records, int max) {
        PartitionReader reader = delivery.reader();
        if (reader != null && delivery.isStale()) {
            release(delivery, reader);
            return;
        }
        HeadwaterException failure = delivery.failure();
        if (failure != null || reader == null) {
            deliveries.drop();
            if (reader != null) {
                reader.failedEpoch = delivery.epoch();
                if (readsAgain(reader, delivery)) {
                    return;
                }
            }
            throw failure == null ? new IllegalStateException("a delivery of nobody") : failure;
        }
        touch(reader);
        boolean done;
        try {
            done = deliveries.read(reader, records, max);
        } catch (HeadwaterException damage) {
            release(delivery, reader);
            onLoop(() -> core.subscriptions().halt(reader, delivery.epoch()));
            // Comes next, and after what was read before it.
            queue.putBack(delivery.failing(damage));
            return;
        }
        if (done) {
            long bound = reader.untilOffset;
            boolean current = reader.handedOut(delivery.epoch(), Math.min(delivery.nextOffset(), bound));
            if (current && delivery.nextOffset() >= bound) {
                reader.finish(delivery.epoch());
                onLoop(() -> core.subscriptions().halt(reader, delivery.epoch()));
            }
            release(delivery, reader);
        }
    }

    /**
     * What came damaged is asked for once more: its broker looks at it before it sends it again, and another one may have it
     * whole. All before it is processed by now.
     */
    private boolean readsAgain(PartitionReader reader, Delivery delivery) {
        HeadwaterException failure = delivery.failure();
        boolean isDamage = failure != null && failure.code().equals(WireErrors.CORRUPT_BATCH);
        boolean isFirst = isDamage && reader.damagedAt != reader.position;
        reader.damagedAt = isFirst ? reader.position : -1;
        if (isFirst) {
            onLoop(() -> core.subscriptions().readAgain(reader, delivery.epoch()));
        }
        return isFirst;
    }

    private void touch(PartitionReader reader) {
        if (!reader.touched) {
            reader.touched = true;
            touched.add(reader);
        }
    }

    /** The delivery is read or thrown away: its bytes are credited again, some at a time. */
    private void release(Delivery delivery, PartitionReader reader) {
        deliveries.drop();
        int bytes = delivery.data().length;
        reader.bytesToCredit += bytes;
        if (reader.bytesToCredit >= settings.maxBufferedBytes() / 4) {
            int credit = reader.bytesToCredit;
            reader.bytesToCredit = 0;
            onLoop(() -> core.subscriptions().credit(reader, credit));
        }
    }

    private void onLoop(Runnable task) {
        try {
            caller.cluster().loop().execute(task);
        } catch (RejectedExecutionException e) {
            throw WireErrors.closed("client");
        }
    }

    private void begin(long nowMs) {
        for (PartitionReader reader : touched) {
            reader.processingStartMs = nowMs;
        }
    }

    /** Everything that was handed out is done. */
    private void markProcessed() {
        if (touched.isEmpty()) {
            return;
        }
        long nowMs = clock.millis();
        for (PartitionReader reader : touched) {
            reader.markProcessed();
            reader.processingEndMs = nowMs;
            reader.touched = false;
        }
        touched.clear();
    }

    private void commitIfDue() {
        if (committer != null && settings.autoCommit() && nowNs() - autoCommitAtNs >= 0) {
            autoCommitAtNs = nowNs() + settings.autoCommitNs();
            committer.commitInBackground(core.readers());
        }
    }

    /** What the user has of revoked partitions is processed: commit it, then let them go. */
    private void giveUpRevoked() {
        List<PartitionReader> given = new ArrayList<>(0);
        for (PartitionReader reader = core.nextRevocation(); reader != null; reader = core.nextRevocation()) {
            given.add(reader);
        }
        if (given.isEmpty()) {
            return;
        }
        try {
            if (committer != null && settings.autoCommit()) {
                committer.commitWhatIsStillOurs(given);
            }
        } finally {
            onLoop(() -> core.gaveUp(given));
        }
    }

    @Override
    public void run(RecordHandler handler) {
        checkOpen();
        while (!closed) {
            List<ConsumedRecord> records = next(FOR_EVER_NS, Math.min(HANDLER_BATCH, settings.maxPollRecords()));
            if (records.isEmpty()) {
                commitProcessed();
                return;
            }
            for (int i = 0; i < records.size(); i++) {
                StoredRecord record = (StoredRecord) records.get(i);
                if (!record.isStale()) {
                    handle(handler, record);
                }
            }
            // Also past what the filter skipped behind the last record.
            for (PartitionReader reader : touched) {
                if (!reader.revoked) {
                    reader.markProcessed();
                }
                reader.touched = false;
            }
            touched.clear();
        }
    }

    private void handle(RecordHandler handler, StoredRecord record) {
        PartitionReader reader = record.reader();
        if (committer != null) {
            reader.processingStartMs = clock.millis();
        }
        try {
            handler.handle(record);
        } catch (RuntimeException | Error e) {
            rewind(reader, record);
            throw e;
        } catch (Exception e) {
            rewind(reader, record);
            throw new IllegalStateException("the handler failed at " + record, e);
        }
        reader.markProcessed(record.epoch(), record.offset() + 1);
        if (committer != null) {
            reader.processingEndMs = clock.millis();
            reader.lastEventTimeMs = record.eventTimeMs();
            commitIfDue();
        }
    }

    /** The handler's records are not processed from this one on, and come again; what was processed is committed. */
    private void rewind(PartitionReader reader, StoredRecord record) {
        reader.markProcessed(record.epoch(), Math.max(reader.processed, record.offset()));
        List<PartitionReader> unprocessed = List.copyOf(touched);
        touched.forEach(other -> other.touched = false);
        touched.clear();
        CompletableFuture<@Nullable Void> moved = new CompletableFuture<>();
        onLoop(() -> {
            unprocessed.forEach(core.subscriptions()::rewind);
            moved.complete(null);
        });
        caller.await(moved);
        commitProcessed();
    }

    private void commitProcessed() {
        if (committer != null && settings.autoCommit()) {
            committer.commitWhatIsStillOurs(core.readers());
        }
    }

    @Override
    public void commit() {
        checkOpen();
        if (committer == null) {
            throw new IllegalStateException("commit: this consumer has no group (expected: one built with group(…))");
        }
        markProcessed();
        committer.commit(core.readers());
    }

    @Override
    public void seek(String topic, int partition, Position position) {
        checkOpen();
        TopicPartition wanted = new TopicPartition(topic, partition);
        PartitionReader reader = readerOf(wanted);
        FindOffsetReply found = caller.call(
                FrameType.FIND_OFFSET,
                Anchors.find(reader.partitionId, position, settings.localEnds()),
                Call.Repeat.READ,
                FindOffsetReply.class);
        CompletableFuture<@Nullable Void> moved = new CompletableFuture<>();
        onLoop(() -> {
            core.subscriptions().move(reader, found.getOffset());
            moved.complete(null);
        });
        caller.await(moved);
    }

    private PartitionReader readerOf(TopicPartition wanted) {
        for (PartitionReader reader : core.readers()) {
            if (reader.partition.equals(wanted) && !reader.revoked) {
                return reader;
            }
        }
        throw new IllegalStateException("partition " + wanted.topic() + "-" + wanted.partition()
                + " is not read now (expected: one of " + assignment() + ")");
    }

    @Override
    public boolean isAtEnd() {
        if (settings.until() == null || !core.isResolved()) {
            return false;
        }
        for (PartitionReader reader : core.readers()) {
            if (!reader.finished) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Collection<TopicPartition> assignment() {
        List<TopicPartition> assignment = new ArrayList<>();
        for (PartitionReader reader : core.readers()) {
            if (!reader.revoked) {
                assignment.add(reader.partition);
            }
        }
        return assignment;
    }

    @Override
    public void wakeup() {
        woken.set(true);
        queue.nudge();
    }

    private void checkOpen() {
        if (closed) {
            throw WireErrors.closed("consumer");
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        queue.nudge();
        try {
            commitProcessed();
        } finally {
            leave();
            onClose.run();
        }
    }

    private void leave() {
        GroupMember member = core.member();
        CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
        onLoop(() -> {
            core.stop();
            stopped.complete(null);
        });
        caller.await(stopped);
        if (member == null || !member.isJoined()) {
            return;
        }
        try {
            caller.call(
                    FrameType.LEAVE_GROUP,
                    LeaveGroup.newBuilder()
                            .setGroup(member.group())
                            .setMemberId(member.memberId())
                            .build(),
                    Call.Repeat.SAFE,
                    LeaveGroupReply.class);
        } catch (HeadwaterException.Rejected | HeadwaterException.OutcomeUnknown e) {
            // The broker takes a member that it does not hear from any more for gone: nothing is lost by this.
            org.slf4j.LoggerFactory.getLogger(PushConsumer.class)
                    .info("group {}: left without an answer: {}", member.group(), e.getMessage());
        }
    }
}
