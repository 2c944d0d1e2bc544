package io.headwater.broker.shard;

import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.observe.QueueFigures;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.ReadBuffer;
import io.headwater.broker.partition.Upkeep;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.stream.Subscription;
import io.headwater.broker.stream.Traffic;
import io.headwater.broker.work.Departure;
import io.headwater.broker.work.LetterBox;
import io.headwater.broker.work.QueueDesk;
import io.headwater.broker.work.Reports;
import io.headwater.protocol.wire.Error;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.StorageException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A partition that this broker leads, and its corner of the waiting room: replies wait in the order of the indexes that
 * they wait for; readers wait for the committed end to move.
 */
final class Owned {
    final Partition partition;
    final Set<Subscription> readers = new LinkedHashSet<>();

    private final ArrayDeque<Parked> untilDurable = new ArrayDeque<>();
    private final List<Parked> untilWritten = new ArrayList<>();
    private final List<Parked.Op> ops = new ArrayList<>();
    private long lastUsedMs;

    /** As it was when its queues were last made to fit. */
    private @Nullable TopicInfo topic;

    private final LocalReplica home;
    private final QueueDesk desk;
    /** In the shard's list of partitions whose queues take a turn. */
    boolean toTurn;
    /** In the shard's line of those that read their logs. */
    boolean catchingUp;
    /** When its queues take a turn by themselves, on the monotonic clock. */
    long turnAtMs = Long.MAX_VALUE;

    Owned(Partition partition, Traffic traffic, LetterBox letters, LocalReplica home) {
        this.partition = partition;
        this.home = home;
        this.desk = new QueueDesk(partition, traffic, letters);
    }

    QueueDesk desk() {
        return desk;
    }

    /** The copy that it is served from. */
    LocalReplica home() {
        return home;
    }

    /** False: this broker leads the partition no longer, or it is offline. */
    @SuppressWarnings("ReferenceEquality") // It may be served again by then, by another.
    boolean isServed() {
        return home.owned == this;
    }

    /** Whether somebody waits for what was appended to be committed. */
    boolean isWaitedFor() {
        return !untilDurable.isEmpty();
    }

    @SuppressWarnings("ReferenceEquality") // A topic that has not changed is the same object.
    boolean isBehind(TopicInfo now) {
        return topic != now;
    }

    /** Makes its queues and limits those that the topic has now. */
    void follow(TopicInfo newTopic, Now now) {
        topic = newTopic;
        partition.work(newTopic.policy().work());
        desk.reconcile(newTopic.queueGroups(), now);
    }

    boolean hasQueues() {
        return !partition.queues().isEmpty();
    }

    /** Adds what its queue groups have. */
    void figures(Now now, List<QueueFigures> to) {
        TopicInfo of = topic;
        if (of == null) {
            return;
        }
        Reports reports = new Reports(desk, now);
        for (QueueGroupInfo group : of.queueGroups()) {
            QueueEngine engine = partition.queues().engine(group.id());
            if (engine != null) {
                try {
                    to.add(reports.figures(engine, group.name()));
                } catch (StorageException e) {
                    // Whoever needs the record will hear of it.
                }
            }
        }
    }

    /** Whether a turn has something to do. */
    boolean wantsTurn() {
        return hasQueues() || desk.hasDepartures() || partition.deduplication().wantsToRead();
    }

    /** Whether the next turn has, whatever else happens. */
    boolean hasMore() {
        return desk.hasMore();
    }

    /** Whether it has to read its log: {@link #catchUp}. */
    boolean isBehind() {
        return desk.isBehind() || partition.deduplication().wantsToRead();
    }

    /**
     * Reads some of it; a turn is to follow.
     *
     * @param most bytes; one larger entry is read all the same
     * @return how many were read
     */
    int catchUp(ReadBuffer buffer, int most) throws StorageException {
        int read = 0;
        if (partition.deduplication().wantsToRead()) {
            read = partition.readIds(buffer, most);
        }
        return read < most ? read + desk.catchUp(buffer, most - read) : read;
    }

    /** Lets the queues decide; what that leads to waits for the disk. */
    void turn(Now now) throws StorageException {
        desk.turn(now);
        for (Departure departure : desk.takeDepartures()) {
            untilDurable.add(new Parked.Leaving(partition.log().endIndex(), departure));
        }
    }

    /** As {@link Upkeep#retain}; what nobody sends again lets go of its heap, too. */
    int retain(TopicPolicy policy, long nowMs, Executor owner) throws StorageException {
        partition.deduplication().expire(nowMs);
        return partition.upkeep().retain(policy, nowMs, partition.committedIndex(), owner);
    }

    /** It leaves when the disk has it. */
    void parkUntilDurable(Parked reply) {
        untilDurable.add(reply);
    }

    /** It leaves when this turn's write has succeeded, whether or not the disk has it. */
    void parkUntilWritten(Parked reply) {
        untilWritten.add(reply);
    }

    /** This turn's flush appends it; then it waits to be durable. */
    void park(Parked.Op op) {
        ops.add(op);
    }

    void used(long nowMs) {
        lastUsedMs = nowMs;
    }

    boolean isIdleSince(long timeMs) {
        return lastUsedMs < timeMs && untilDurable.isEmpty() && !home.toFlush && partition.isSettled();
    }

    /** Writes what this turn appended. */
    void flush(Shard shard) throws LogOfflineException {
        partition.flush();
        for (Parked reply : untilWritten) {
            reply.durable(shard);
        }
        untilWritten.clear();
        for (Parked.Op op : ops) {
            Error refused = op.op().error();
            if (refused == null) {
                untilDurable.add(op);
            } else {
                op.failed(shard, refused);
            }
        }
        ops.clear();
    }

    /** Lets go of every reply whose entries are committed. Returns how many. */
    int releaseCommitted(Shard shard) {
        long committed = partition.committedIndex();
        int released = 0;
        for (Parked next = untilDurable.peek();
                next != null && next.durableAtIndex() <= committed;
                next = untilDurable.peek()) {
            untilDurable.poll();
            next.durable(shard);
            released++;
        }
        return released;
    }

    /** Everything that waits here fails. */
    void failAll(Shard shard, Error toRepliesWaiting, Error toReaders) {
        for (Parked next = untilDurable.poll(); next != null; next = untilDurable.poll()) {
            next.failed(shard, toRepliesWaiting);
        }
        for (Parked next : untilWritten) {
            next.failed(shard, toRepliesWaiting);
        }
        untilWritten.clear();
        for (Parked.Op next : ops) {
            next.failed(shard, toRepliesWaiting);
        }
        ops.clear();
        desk.failAll(toRepliesWaiting, toReaders);
        shard.endReads().failAll(this, toReaders);
        for (Subscription reader : List.copyOf(readers)) {
            shard.readers().end(reader, toReaders);
        }
    }

    /** It is not served any more: gives back what it has of the memory that all share. */
    void close() {
        desk.forgetEntries();
        partition.close();
    }
}
