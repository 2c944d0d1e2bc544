package io.headwater.client;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Queue and keyed groups: makes them, shows what they know, operates them. Every method blocks until it is answered and
 * throws {@link HeadwaterException}: {@code UNKNOWN_TOPIC} or {@code UNKNOWN_GROUP} where there is none of that name.
 * Thread-safe.
 */
public interface QueueAdmin {
    /** {@code GROUP_EXISTS}: the topic has a queue group of this name. */
    Group create(String topic, String name, QueueGroupConfig config);

    /** What is null stays as it is. */
    Group alter(String topic, String name, QueueGroupConfig config);

    /** With all that it knows; the records stay in the topic. Its consumers are told. */
    void delete(String topic, String name);

    /** Those of a topic. */
    List<Group> list(String topic);

    /** Those of all topics. */
    List<Group> list();

    Description describe(String topic, String name);

    /**
     * The records of a state, in the order of partitions and offsets. Says what the group knows of them; what is in them
     * is read as of any stream.
     *
     * @param state not UNCOMMITTED; DONE: what was acknowledged and is still in the topic
     * @param from {@link Place#FIRST}, or where the last page said to go on
     * @param max of this page, 1 to 10,000
     */
    Page browse(String topic, String name, RecordState state, Place from, int max);

    /** The same of several states at once, and only some of the records. A page may be empty though others follow. */
    Page browse(String topic, String name, Set<RecordState> states, QueueFilter which, Place from, int max);

    /** Why a record is not being delivered now. */
    Explanation explain(String topic, String name, int partition, long offset);

    /** Why the first record that waits with a key is not being delivered now. Of a keyed group. */
    Explanation explain(String topic, String name, byte[] key);

    /**
     * The same, but that {@code browse} and {@code explain} tell what the partitions' leaders believe. By default a leader
     * whose partition has several replicas first makes sure, with a majority of them, that it still leads.
     */
    QueueAdmin local();

    /** Nothing is delivered any more; settling goes on. */
    void pause(String topic, String name);

    void resume(String topic, String name);

    /**
     * What is in these states is done, though nobody worked on it.
     *
     * @param states some of READY, WAITING, DEAD
     * @return how many records it concerned
     */
    long purge(String topic, String name, Range range, Set<RecordState> states);

    /** The dead are ready again, without failures. Returns how many. */
    long redrive(String topic, String name, Range range);

    /** What its producers want delivered later never comes. Returns how many. */
    long cancel(String topic, String name, Range range);

    /**
     * Does it with all records that are meant. Returns how many. What was done before a failure stays done. MOVE: {@code
     * MOVE_UNDECIDED} where it is not known yet whether the last of them have arrived; the broker goes on with these.
     */
    long sweep(String topic, String name, QueueSweep sweep);

    /**
     * Does some of it, for those who want to go slowly, or to tell how far it has come.
     *
     * @param from {@link Place#FIRST}, or where the last step said to go on
     * @param max how many records at most, 1 to 100,000; 0: as many as is good
     */
    Step sweep(String topic, String name, QueueSweep sweep, Place from, int max);

    /**
     * A group and its settings.
     *
     * @param id unique for ever
     * @param partitions of the topic
     * @param settings with nothing null
     */
    record Group(int id, String topic, String name, int partitions, long createdMs, QueueGroupConfig settings) {}

    /** @param partitions in the order of their indexes */
    record Description(Group group, List<PartitionStatus> partitions) {}

    /**
     * A group in one partition. Counters are since the broker started; times are -1 where there is nothing to measure.
     *
     * @param state {@code online}, {@code opening}, or {@code offline: why}
     * @param floor everything before this offset is done
     * @param oldestReadyMs how long ago the oldest ready record was ingested
     * @param timeInQueueP50Ms ingestion to first delivery
     * @param processingP50Ms as consumers reported it
     * @param heapBytes of the broker, roughly
     * @param moving on the way to the dead-letter topic, or where an operator moves them
     * @param suspects delivered one at a time until cleared: a consumer died with several
     */
    record PartitionStatus(
            int partition,
            String state,
            boolean paused,
            long ready,
            long waiting,
            long leased,
            long dead,
            long moving,
            long floor,
            long endOffset,
            long oldestReadyMs,
            long delivered,
            long acked,
            Returns returned,
            long timeInQueueP50Ms,
            long timeInQueueP99Ms,
            long processingP50Ms,
            long processingP99Ms,
            long heapBytes,
            long suspects,
            DeadLetters deadLetters,
            List<Consumer> consumers) {}

    /**
     * Records on the way to another topic.
     *
     * @param moved how many have arrived in the dead-letter topic
     * @param movingTo topic/partition to which an operator moves records just now; empty: nowhere
     * @param problem why the others do not; empty: they do, or there are none
     * @param problemSinceMs epoch ms; 0: there is no problem
     */
    record DeadLetters(long moved, String movingTo, String problem, long problemSinceMs) {}

    /**
     * Attempts that ended without an acknowledgement, by cause.
     *
     * @param expired the lease ended
     * @param lost with the consumer
     */
    record Returns(long released, long failed, long rejected, long expired, long lost) {}

    /**
     * A consumer that is connected.
     *
     * @param detached its leases belong to their tokens
     * @param leased how many records it works on; -1: not known, as its leases are detached
     */
    record Consumer(String name, String address, boolean detached, int creditRecords, long creditBytes, int leased) {}

    /** Where a page of records begins. */
    record Place(int partition, long offset) {
        public static final Place FIRST = new Place(0, 0);
    }

    /** @param next where to go on; null: these are all */
    record Page(List<KnownRecord> records, @Nullable Place next) {}

    /**
     * Some of a sweep.
     *
     * @param records that it concerned
     * @param gone REPLAY: acknowledged, and not in the topic any more
     * @param left MOVE: what was meant and stays as it is
     * @param next where to go on; null: that was all
     */
    record Step(
            long records, long gone, Left left, @Nullable Place next) {}

    /**
     * Records that were to be moved, and stay as they are.
     *
     * @param withoutOrigin do not say where they died
     * @param originGone the topic where they died is not there, or they are in it
     * @param unfit too large for a record, or cannot be read: all of them, or what their reserved headers ask for
     */
    record Left(long withoutOrigin, long originGone, long unfit) {
        public static final Left NONE = new Left(0, 0, 0);

        public Left plus(Left other) {
            return new Left(withoutOrigin + other.withoutOrigin, originGone + other.originGone, unfit + other.unfit);
        }
    }

    /**
     * What a group knows of a record.
     *
     * @param untilMs WAITING, LEASED: epoch milliseconds; else 0
     * @param sinceMs LEASED: since when, epoch milliseconds; 0: since before the broker started
     * @param holder LEASED: the consumer's name; empty: the lease is detached, or the consumer not connected
     * @param reason of its last failure, as the consumer put it; may be empty
     * @param cause how its last attempt ended: RELEASED, FAILED, REJECTED, LEASE_EXPIRED, CONSUMER_LOST, CONSUMER_CLOSED,
     *     TOO_OLD, KEY_TAKEN_BACK; more may come; empty: none has ended
     */
    record KnownRecord(
            int partition,
            long offset,
            RecordState state,
            int deliveries,
            int failures,
            int priority,
            long untilMs,
            long sinceMs,
            String holder,
            String reason,
            String cause) {}

    /**
     * Why a record is not being delivered now.
     *
     * @param code for programs: DONE, UNCOMMITTED, LEASED, DEAD, MOVING, SCHEDULED, BACKOFF, KEY_HELD, KEY_ORDER,
     *     PAUSED, SUSPECT, NO_CONSUMER, NO_CREDIT, OPENING or NEXT; more may come
     * @param text for people, with the numbers
     * @param record null: no record waits with that key, or the partition is still opening
     * @param behindOffset KEY_HELD, KEY_ORDER: the record that comes first; else -1
     */
    record Explanation(
            String code, String text, @Nullable KnownRecord record, long behindOffset, PartitionStatus partition) {}

    /**
     * The records that an operation is about.
     *
     * @param partition -1: all of the topic
     * @param fromOffset inclusive
     * @param untilOffset exclusive; -1: to the end
     */
    record Range(int partition, long fromOffset, long untilOffset) {
        public Range {
            boolean partial = fromOffset != 0 || untilOffset != -1;
            if (partition < -1 || fromOffset < 0 || untilOffset < -1 || (partial && partition == -1)) {
                throw new IllegalArgumentException("range: partition " + partition + ", offsets " + fromOffset + " to "
                        + untilOffset + " (expected: offsets from 0 on, and of one partition)");
            }
        }

        public static Range all() {
            return new Range(-1, 0, -1);
        }

        public static Range partition(int index) {
            return new Range(index, 0, -1);
        }

        public static Range record(int partition, long offset) {
            return new Range(partition, offset, offset + 1);
        }
    }
}
