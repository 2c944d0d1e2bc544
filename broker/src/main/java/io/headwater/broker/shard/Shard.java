package io.headwater.broker.shard;

import io.headwater.broker.copy.PromiseKeeper;
import io.headwater.broker.copy.SegmentGiver;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.net.Attachment;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.NotLeaderException;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.queue.Now;
import io.headwater.broker.replica.ReplicaSettings;
import io.headwater.broker.stream.ProduceRequest;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;
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
    private final Unknown unknown;
    private final EpochClock clock;
    private final NanoClock nanoClock;
    private final Owners.Settings settings;
    private final ShardGauges gauges;
    private final Replicas replicas;
    private final ReplicaPost post;
    private final ReplicaSettings replication;
    /** In the order in which they were touched, which is the same in each run of a simulation. */
    private final Set<Connection> touched = new LinkedHashSet<>();

    private final Readers readers = new Readers(touched, this::watch);
    private final EndReads endReads = new EndReads();
    private final Workers workers = new Workers();
    private final Alarms alarms = new Alarms();
    private final List<LocalReplica> toFlush = new ArrayList<>();
    private List<Owned> toTurn = new ArrayList<>();
    private List<Owned> turning = new ArrayList<>();
    private final CatchUps catchUps = new CatchUps();
    private final List<LocalReplica> unsettled = new ArrayList<>();
    private final List<LocalReplica> moved = new ArrayList<>();
    private final List<Attachment> borrowed = new ArrayList<>();
    private final LongFunction<Mailbox> mailboxOf;
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
            LongFunction<Mailbox> mailboxOf,
            NodeInfo self,
            ReplicaPost post,
            PromiseKeeper promises,
            SegmentGiver segments,
            ReplicaSettings replication) {
        this.mailbox = mailbox;
        this.data = data;
        this.metadata = metadata;
        this.unknown = new Unknown(self.isMember(), metadata);
        this.clock = settings.epochClock();
        this.nanoClock = settings.nanoClock();
        this.settings = settings;
        this.gauges = new ShardGauges(clock);
        this.soon = work -> mailbox.signal(new Later(work));
        this.mailboxOf = mailboxOf;
        this.post = post;
        this.replicas = new Replicas(this, self, post, promises, segments);
        this.replication = replication;
        this.postOffice = new PostOffice(mailbox, mailboxOf, metadata, post, self.nodeId(), settings.maxRecordBytes());
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

    EndReads endReads() {
        return endReads;
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

    EpochClock epochClock() {
        return clock;
    }

    Now now() {
        return new Now(monotonicMs(), clock.time());
    }

    long monotonicMs() {
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
        work += replicas.tick(monotonicMs());
        work += catchUp();
        work += turnQueues();
        work += flush();
        work += settle();
        work += endReads.turn(monotonicMs());
        work += readers.serve(gauges.traffic(), DELIVERY_LIMIT);
        post.flush();
        if (!touched.isEmpty()) {
            touched.forEach(Connection::wake);
            touched.clear();
        }
        if (gauges.isDue(work > 0)) {
            gauges.update(replicas, readers.count(), now());
        }
        if (whenQuiet != null
                && work == 0
                && endReads.isEmpty()
                && unsettled.stream().noneMatch(local -> local.owned != null)
                && replicas.served().stream().noneMatch(Owned::isWaitedFor)) {
            whenQuiet.run();
            whenQuiet = null;
        }
        return work;
    }

    /**
     * The partition, opened if this is its first use.
     *
     * @throws NotLeaderException if this broker does not lead it
     */
    Owned owned(PartitionInfo info) throws StorageException {
        Owned owned = replicas.serving(info);
        owned.used(clock.time());
        follow(owned);
        // Whatever is done with it now may find a fault: the end of this turn sees whether the log is still online.
        watch(owned.home());
        return owned;
    }

    Unknown unknown() {
        return unknown;
    }

    ReplicaSettings replication() {
        return replication;
    }

    Replicas replicas() {
        return replicas;
    }

    /** Whether partitions with this id are this owner's. */
    @SuppressWarnings("ReferenceEquality") // Its own.
    boolean owns(long partitionId) {
        return mailboxOf.apply(partitionId) == mailbox;
    }

    /** Rebuilds from its log what clients are served with. */
    Owned serve(LocalReplica local) throws StorageException {
        PartitionInfo info = local.info();
        Partition opened = Partition.open(info, local.log, local, clock, groupsOf(info), settings.queueMemory(), now());
        return new Owned(opened, gauges.traffic(), postOffice.boxOf(info.partitionId()), local);
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
        if (!owned.toTurn && owned.wantsTurn() && owned.isServed()) {
            owned.toTurn = true;
            toTurn.add(owned);
        }
    }

    /** Something was appended to it: this turn writes it. */
    void appended(Owned owned) {
        turn(owned);
        appended(owned.home());
    }

    void appended(LocalReplica local) {
        if (!local.toFlush) {
            local.toFlush = true;
            toFlush.add(local);
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
        inMs = Math.min(inMs, Math.min(gauges.nextInMs(), endReads.nextInMs(monotonicMs())));
        inMs = Math.min(inMs, replicas.nextTickInMs(monotonicMs()));
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
                turn(due);
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
            if (!owned.isServed()) {
                continue;
            }
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
            replicas.goOffline(owned.home(), e);
            return;
        }
        LOG.warn("partition {}: its queues: {}", owned.partition.info().displayName(), e.getMessage());
        alarms.set(owned, monotonicMs() + RETRY_MS);
    }

    private void afterTurn(Owned owned, Now now) {
        watch(owned.home());
        if (owned.partition.isDirty()) {
            appended(owned.home());
        }
        if (owned.hasMore()) {
            turn(owned);
        }
        catchUps.add(owned);
        long inMs = owned.desk().nextTurnInMs(now);
        alarms.set(owned, inMs == Long.MAX_VALUE ? inMs : now.monotonicMs() + inMs);
    }

    private int flush() {
        for (LocalReplica local : toFlush) {
            local.toFlush = false;
            try {
                local.flush(this);
                watch(local);
            } catch (LogOfflineException e) {
                moved.add(local);
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

    /** Looks at the partitions that were used or not wholly committed: how far is the group commit, are they online? */
    private int settle() {
        int work = 0;
        for (int i = unsettled.size() - 1; i >= 0; i--) {
            LocalReplica local = unsettled.get(i);
            work += settle(local);
            if (local.log.offlineReason() == null && !local.isSettled()) {
                continue;
            }
            local.unsettled = false;
            int last = unsettled.size() - 1;
            unsettled.set(i, unsettled.get(last));
            unsettled.remove(last);
        }
        // What begins or ends to be served changes the list.
        for (LocalReplica local : moved) {
            replicas.after(local);
        }
        moved.clear();
        return work;
    }

    private int settle(LocalReplica local) {
        int work = local.lookDurable() ? 1 : 0;
        if (work > 0 || local.log.offlineReason() != null) {
            moved.add(local);
        }
        Owned owned = local.owned;
        if (owned == null) {
            return work;
        }
        boolean further = owned.partition.advanceCommitted();
        work += owned.releaseCommitted(this);
        if (owned.desk().wantsTurn()) {
            // What left found something: a record that is gone, a connection that takes no more.
            turn(owned);
        }
        if (further) {
            work++;
            readers.wakeAll(owned);
        }
        return work;
    }

    /** The end of this turn sees whether it is online, and wholly committed. */
    void watch(LocalReplica local) {
        if (!local.unsettled) {
            local.unsettled = true;
            unsettled.add(local);
        }
    }

    void watch(Owned owned) {
        watch(owned.home());
    }

    /** It is not served any more. */
    void forget(Owned owned) {
        alarms.set(owned, Long.MAX_VALUE);
        workers.removeAll(owned);
        catchUps.remove(owned);
        toTurn.remove(owned);
        owned.close();
    }

    /** Whether something is appended that may not be on disk. */
    boolean isUnsettled() {
        return !unsettled.isEmpty();
    }

    /** It is not there any more. */
    void drop(LocalReplica local) {
        toFlush.remove(local);
        unsettled.remove(local);
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
