package io.headwater.broker.shard;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.net.Attachment;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.queue.Now;
import io.headwater.broker.stream.ProduceRequest;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An owner of partitions. One turn: drain the mailbox, let queues decide, write what was appended (once per partition), let
 * go of what has become durable, serve readers, wake the connections that got something (once each). Nothing else touches its
 * partitions, so that there are no locks. {@link #doWork} is one turn; {@link ShardThread} takes turn after turn.
 */
final class Shard {
    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);
    private static final int DRAIN_LIMIT = 512;
    /** Deliveries of one turn: requests come in between. */
    private static final int DELIVERY_LIMIT = 64;

    private static final long RETRY_MS = 100;

    private final Mailbox mailbox;
    private final DataDirectory data;
    private final Supplier<MetadataImage> metadata;
    private final EpochClock clock;
    private final NanoClock nanoClock;
    private final Owners.Settings settings;
    private final ShardGauges gauges;
    private final Long2ObjectHashMap<Owned> partitions = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<StorageException> broken = new Long2ObjectHashMap<>();
    private final Set<Connection> touched = new HashSet<>();
    private final Readers readers = new Readers(touched, this::watch);
    private final Workers workers = new Workers();
    private final Alarms alarms = new Alarms();
    private final List<Owned> toFlush = new ArrayList<>();
    private List<Owned> toTurn = new ArrayList<>();
    private List<Owned> turning = new ArrayList<>();
    private final CatchUps catchUps = new CatchUps();
    private final List<Owned> unsettled = new ArrayList<>();
    private final List<Attachment> borrowed = new ArrayList<>();
    private final Executor soon;
    private final PostOffice postOffice;
    private final Housekeeping housekeeping;
    /** Once, and not a lambda for each turn. */
    private final Consumer<Task> runner = this::run;

    private @Nullable Runnable whenQuiet;

    Shard(
            Mailbox mailbox,
            DataDirectory data,
            Supplier<MetadataImage> metadata,
            Owners.Settings settings,
            LongFunction<Mailbox> mailboxOf) {
        this.mailbox = mailbox;
        this.data = data;
        this.metadata = metadata;
        this.clock = settings.epochClock();
        this.nanoClock = settings.nanoClock();
        this.settings = settings;
        this.gauges = new ShardGauges(clock);
        this.soon = work -> mailbox.signal(new Later(work));
        this.postOffice = new PostOffice(mailbox, mailboxOf, metadata, settings.maxRecordBytes());
        this.housekeeping = new Housekeeping(this, settings.idleAfterMs());
    }

    Mailbox mailbox() {
        return mailbox;
    }

    Traffic traffic() {
        return gauges.traffic();
    }

    ShardGauges gauges() {
        return gauges;
    }

    /** Runs work in one of the next turns; from any thread. */
    Executor soon() {
        return soon;
    }

    Readers readers() {
        return readers;
    }

    Workers workers() {
        return workers;
    }

    Housekeeping housekeeping() {
        return housekeeping;
    }

    long nowMs() {
        return clock.time();
    }

    Now now() {
        return new Now(monotonicMs(), clock.time());
    }

    private long monotonicMs() {
        return TimeUnit.NANOSECONDS.toMillis(nanoClock.nanoTime());
    }

    MetadataImage metadata() {
        return metadata.get();
    }

    DataDirectory data() {
        return data;
    }

    private void run(Task task) {
        task.run(this);
    }

    /** One turn. Returns 0 when there was nothing to do. */
    int doWork() {
        int work = mailbox.drain(runner, DRAIN_LIMIT);
        work += catchUp();
        work += turnQueues();
        work += flush();
        work += settle();
        work += readers.serve(gauges.traffic(), DELIVERY_LIMIT);
        if (!touched.isEmpty()) {
            touched.forEach(Connection::wake);
            touched.clear();
        }
        if (gauges.isDue(work > 0)) {
            gauges.update(partitions.values(), readers.count(), now());
        }
        if (whenQuiet != null && work == 0 && unsettled.isEmpty()) {
            whenQuiet.run();
            whenQuiet = null;
        }
        return work;
    }

    /** The partition, opened if this is its first use. */
    Owned owned(PartitionInfo info) throws StorageException {
        Owned owned = partitions.get(info.partitionId());
        if (owned == null) {
            owned = open(info);
        }
        owned.used(clock.time());
        follow(owned);
        // Whatever is done with it now may find a fault: the end of this turn sees whether the log is still online.
        watch(owned);
        return owned;
    }

    Collection<Owned> opened() {
        return partitions.values();
    }

    /** Whether it is offline until a restart. */
    boolean isBroken(long partitionId) {
        return broken.containsKey(partitionId);
    }

    /** Null: it is not open, or not any more. */
    @Nullable
    Owned opened(long partitionId) {
        return partitions.get(partitionId);
    }

    /** Its first use, though nobody asks for it. */
    Owned open(PartitionInfo info) throws StorageException {
        StorageException before = broken.get(info.partitionId());
        if (before != null) {
            throw before;
        }
        try {
            PartitionLog log = data.log(info.partitionId());
            Partition opened = Partition.open(info, log, clock, groupsOf(info), settings.queueMemory(), now());
            Owned owned = new Owned(opened, gauges.traffic(), postOffice.boxOf(info.partitionId()));
            partitions.put(info.partitionId(), owned);
            turn(owned);
            return owned;
        } catch (CorruptLogException | LogOfflineException e) {
            // Until a restart: reading the same damage again would tell nothing new, and take long.
            LOG.error("partition {}: cannot be opened and stays offline: {}", info.displayName(), e.getMessage());
            markBroken(info, e);
            throw e;
        }
    }

    /** Makes it what its topic says by now. */
    void follow(Owned owned) {
        TopicInfo topic = metadata.get().topic(owned.partition.info().topicName());
        if (topic != null && owned.isBehind(topic)) {
            owned.follow(topic, now());
            turn(owned);
        }
    }

    private List<QueueGroupInfo> groupsOf(PartitionInfo info) {
        TopicInfo topic = metadata.get().topic(info.topicName());
        return topic == null ? List.of() : topic.queueGroups();
    }

    /** Its queues decide in this turn; or in the next, if that is asked for while they do. */
    void turn(Owned owned) {
        if (!owned.toTurn
                && owned.wantsTurn()
                && partitions.get(owned.partition.info().partitionId()) == owned) {
            owned.toTurn = true;
            toTurn.add(owned);
        }
    }

    /** Something was appended to it: this turn writes it. */
    void appended(Owned owned) {
        turn(owned);
        if (!owned.toFlush) {
            owned.toFlush = true;
            toFlush.add(owned);
        }
    }

    /** Held until this turn's writes are done. */
    void borrow(Attachment attachment) {
        borrowed.add(attachment);
    }

    /** A connection has something to write at the end of this turn. */
    void touch(Connection connection) {
        touched.add(connection);
    }

    void complete(ProduceRequest request, int slot, ProduceResult result) {
        if (request.complete(slot, result)) {
            gauges.produceLatency().recordNs(nanoClock.nanoTime() - request.arrivedNs());
            touched.add(request.connection());
        }
    }

    /** Fails what waits on a partition, deletes its files and forgets it. */
    void delete(long partitionId) throws StorageException {
        Owned owned = partitions.remove(partitionId);
        broken.remove(partitionId);
        gauges.offlinePartitions = broken.size();
        if (owned != null) {
            toFlush.remove(owned);
            toTurn.remove(owned);
            unsettled.remove(owned);
            forget(owned);
            owned.failAll(
                    this,
                    PartitionErrors.deleted(owned.partition.info()),
                    PartitionErrors.unknownPartition(partitionId));
        }
        data.delete(partitionId);
    }

    /** Runs it once everything that was asked is answered. */
    void whenQuiet(Runnable then) {
        whenQuiet = then;
    }

    /** In how many nanoseconds at most the next turn is to be taken though nobody asks for it. */
    long nextTurnInNs() {
        if (!toTurn.isEmpty() || !catchUps.isEmpty()) {
            return 0;
        }
        long nextMs = alarms.nextMs();
        long inMs = nextMs == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, nextMs - monotonicMs());
        inMs = Math.min(inMs, gauges.nextInMs());
        return inMs == Long.MAX_VALUE ? inMs : TimeUnit.MILLISECONDS.toNanos(inMs);
    }

    /** Some of what has to be read, for those who have waited longest. */
    private int catchUp() {
        if (catchUps.isEmpty()) {
            return 0;
        }
        int work = 0;
        catchUps.beginTurn();
        for (Owned next = catchUps.next(); next != null; next = catchUps.next()) {
            work++;
            try {
                catchUps.step(next);
                // It says in its turn whether that was all.
                turn(next);
            } catch (StorageException e) {
                turnFailed(next, e);
            }
        }
        return work;
    }

    private int turnQueues() {
        if (alarms.nextMs() != Long.MAX_VALUE) {
            long nowMs = monotonicMs();
            for (Owned due = alarms.due(nowMs); due != null; due = alarms.due(nowMs)) {
                if (partitions.get(due.partition.info().partitionId()) == due) {
                    turn(due);
                }
            }
        }
        if (toTurn.isEmpty()) {
            return 0;
        }
        List<Owned> these = toTurn;
        toTurn = turning;
        turning = these;
        Now now = now();
        for (Owned owned : these) {
            owned.toTurn = false;
            try {
                owned.turn(now);
                afterTurn(owned, now);
            } catch (StorageException e) {
                turnFailed(owned, e);
            }
        }
        int work = these.size();
        these.clear();
        return work;
    }

    private void turnFailed(Owned owned, StorageException e) {
        if (owned.partition.log().offlineReason() != null || e instanceof CorruptLogException) {
            wentOffline(owned, e);
            return;
        }
        LOG.warn("partition {}: its queues: {}", owned.partition.info().displayName(), e.getMessage());
        alarms.set(owned, monotonicMs() + RETRY_MS);
    }

    private void afterTurn(Owned owned, Now now) {
        watch(owned);
        if (owned.partition.isDirty() && !owned.toFlush) {
            owned.toFlush = true;
            toFlush.add(owned);
        }
        if (owned.hasMore()) {
            turn(owned);
        }
        catchUps.add(owned);
        long inMs = owned.desk().nextTurnInMs(now);
        alarms.set(owned, inMs == Long.MAX_VALUE ? inMs : now.monotonicMs() + inMs);
    }

    private int flush() {
        for (Owned owned : toFlush) {
            owned.toFlush = false;
            try {
                owned.flush(this);
                watch(owned);
            } catch (LogOfflineException e) {
                wentOffline(owned, e);
            }
        }
        int work = toFlush.size();
        toFlush.clear();
        for (Attachment attachment : borrowed) {
            attachment.release();
        }
        borrowed.clear();
        return work;
    }

    /** Looks at the partitions that were used or not wholly durable: how far is the group commit, are they online? */
    private int settle() {
        int work = 0;
        for (int i = unsettled.size() - 1; i >= 0; i--) {
            Owned owned = unsettled.get(i);
            boolean moved = owned.partition.advanceCommitted();
            work += owned.releaseDurable(this);
            if (owned.desk().wantsTurn()) {
                // What left found something: a record that is gone, a connection that takes no more.
                turn(owned);
            }
            if (moved) {
                work++;
                readers.wakeAll(owned);
            }
            String offline = owned.partition.log().offlineReason();
            if (offline != null) {
                wentOffline(owned, new LogOfflineException(offline, null));
            } else if (!owned.partition.isSettled()) {
                continue;
            }
            owned.unsettled = false;
            int last = unsettled.size() - 1;
            unsettled.set(i, unsettled.get(last));
            unsettled.remove(last);
        }
        return work;
    }

    private void markBroken(PartitionInfo info, StorageException why) {
        broken.put(info.partitionId(), why);
        gauges.offlinePartitions = broken.size();
    }

    /** The end of this turn sees whether it is online, and wholly durable. */
    void watch(Owned owned) {
        if (!owned.unsettled) {
            owned.unsettled = true;
            unsettled.add(owned);
        }
    }

    private void forget(Owned owned) {
        alarms.set(owned, Long.MAX_VALUE);
        workers.removeAll(owned);
        catchUps.remove(owned);
        owned.close();
    }

    private void wentOffline(Owned owned, StorageException why) {
        PartitionInfo info = owned.partition.info();
        LOG.error("partition {}: offline until a restart: {}", info.displayName(), why.getMessage());
        markBroken(info, why);
        partitions.remove(info.partitionId());
        toTurn.remove(owned);
        forget(owned);
        owned.failAll(
                this,
                PartitionErrors.fateUnknown(info, String.valueOf(why.getMessage())),
                PartitionErrors.of(info, why));
    }

    /** Work that a log wants to be done on its owner's thread. */
    private record Later(Runnable work) implements Task {
        @Override
        public void run(Shard shard) {
            work.run();
        }

        @Override
        public void refuse(Error why) {
            // The owner stops: the log is closed, and what is left is undone by the next start.
        }
    }
}
