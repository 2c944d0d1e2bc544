package io.headwater.client;

import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.EraseRecordsReply;
import io.headwater.protocol.wire.Feature;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.GroupSummary;
import io.headwater.protocol.wire.RecoveryPlan;
import io.headwater.protocol.wire.ReplicaMove;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicDescription;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Topics, groups and the broker itself. Every method blocks until it is answered and throws {@link HeadwaterException}.
 * Descriptions are the protocol's own messages: they grow with it. Thread-safe.
 *
 * <pre>{@code
 * try (HeadwaterClient client = HeadwaterClient.builder().server(server).build()) {
 *     Admin admin = client.admin();
 *     try {
 *         admin.createTopic(
 *                 "orders", TopicSettings.defaults().withPartitions(3).withRetention(Duration.ofDays(30)));
 *     } catch (HeadwaterException.Rejected e) {
 *         if (!e.code().equals("TOPIC_EXISTS")) {
 *             throw e;
 *         }
 *     }
 *     admin.topics()
 *             .forEach(topic ->
 *                     System.out.println(topic.getName() + ": " + topic.getPartitionsCount() + " partitions"));
 * }
 * }</pre>
 */
public interface Admin {
    Topic createTopic(String name, TopicSettings settings);

    /** @throws IllegalArgumentException the settings name a number of replicas: that does not change this way */
    Topic alterTopic(String name, TopicSettings settings);

    void deleteTopic(String name);

    List<Topic> topics();

    /** Where the end of a partition cannot be confirmed by a majority of its replicas, its state says so. */
    TopicDescription describeTopic(String name);

    /** @param localEnds the ends that the leaders believe in are enough: see {@link StreamConsumer.Builder#localEnds} */
    TopicDescription describeTopic(String name, boolean localEnds);

    /**
     * Removes a record for good, from every file of its partition, and its copies from the topic's dead-letter topic and
     * those behind it; returns when that is done and durable. Repeating it is harmless: after a timeout, ask again.
     *
     * @return what was erased where: of the record's partition first, then of all partitions of these topics
     */
    List<Erasure> eraseRecord(String topic, int partition, long offset);

    /** The same for all records with a key that there are now, in all partitions of all these topics. */
    List<Erasure> eraseKey(String topic, byte[] key);

    /** What was erased in one partition. */
    record Erasure(String topic, int partition, EraseRecordsReply report) {}

    List<GroupSummary> groups();

    GroupDescription describeGroup(String group);

    /**
     * Moves a group's positions, also while it runs.
     *
     * @param partition -1: all of the topic
     */
    List<GroupPartition> seekGroup(String group, String topic, int partition, Position to);

    void deleteGroup(String group);

    Status status();

    /** The cluster, as one of its brokers knows it. */
    ClusterDescription cluster();

    /**
     * Asks for another leader of a partition; returns when its present leader is told to hand over. That it did shows in
     * {@link #topics}. Repeating it is harmless.
     *
     * @param node one of the partition's voters, whose broker is alive; 0: any
     */
    void transferLeader(String topic, int partition, int node);

    /**
     * Asks for other voters of a partition; returns when the controller knows. They get copies of its log first, so it
     * takes as long as it takes, and shows in {@link #topics}. A new controller does not know of it: whoever still wants it
     * asks again, which is harmless.
     *
     * @param nodes of the voters; the first is the preferred leader
     */
    ReplicaMove moveReplicas(String topic, int partition, List<Integer> nodes);

    /**
     * Has a node leave the cluster for good: its replicas go to other nodes, and when it holds none it is no part of the
     * cluster any more. This goes on after the return, whatever becomes of this client, and cannot be taken back.
     *
     * @param dryRun whether to say only what would be done
     * @return where its replicas go, as things are now
     */
    List<ReplicaMove> decommission(int node, boolean dryRun);

    /**
     * Lets the cluster use what all its brokers can do by now, after each has been restarted with a newer version. A broker of
     * an older one is refused from then on: this cannot be taken back. Repeating it is harmless.
     *
     * @param dryRun whether to say only what would be done
     * @return what rises, from its level to the one that is possible; none: everything is as high as all brokers can
     */
    List<Feature> raiseFeatures(boolean dryRun);

    /**
     * Spreads replicas and leaders evenly over the live nodes. This goes on after the return, for as long as the controller
     * is the same; asking again is harmless.
     *
     * @param dryRun whether to say only what would be done
     * @return what gets which voters and leader, and why
     */
    List<ReplicaMove> rebalance(boolean dryRun);

    /**
     * Partitions too many of whose voters are gone for good, and what is to be kept.
     *
     * @param topic null: all topics
     * @param partition below 0: all of the topic that cannot go on
     * @param node whose copies are kept
     * @param operator who wants this, for the record
     */
    record Recovery(@Nullable String topic, int partition, int node, String operator, String reason) {}

    /**
     * Gives up what is not on one node, so that partitions go on that would otherwise wait for their voters for ever.
     * Acknowledged records may be lost. It shows in {@link #cluster} for good.
     *
     * @param dryRun whether to say only what would be done
     * @return what is kept, or why nothing is done, of each partition
     */
    List<RecoveryPlan> recoverUnsafely(Recovery recovery, boolean dryRun);

    /**
     * A topic's settings. Null means the broker's default when creating, and unchanged when altering.
     *
     * @param partitions 0: default or unchanged
     * @param replicas of each partition, on as many brokers; 0: as many as the cluster's size suggests. Only when creating
     * @param retention negative: no limit
     * @param retentionBytes per partition; negative: no limit
     * @param compact of the records with one key only the last stays, once its segment is sealed
     * @param work what its queue and keyed groups mean for its records
     */
    record TopicSettings(
            int partitions,
            int replicas,
            @Nullable Duration retention,
            @Nullable Long retentionBytes,
            @Nullable AckLevel ackLevel,
            @Nullable Boolean compact,
            WorkSettings work) {
        public static TopicSettings defaults() {
            return new TopicSettings(0, 0, null, null, null, null, WorkSettings.defaults());
        }

        public TopicSettings withPartitions(int count) {
            return new TopicSettings(count, replicas, retention, retentionBytes, ackLevel, compact, work);
        }

        public TopicSettings withReplicas(int count) {
            return new TopicSettings(partitions, count, retention, retentionBytes, ackLevel, compact, work);
        }

        public TopicSettings withRetention(Duration limit) {
            return new TopicSettings(partitions, replicas, limit, retentionBytes, ackLevel, compact, work);
        }

        public TopicSettings withRetentionBytes(long bytes) {
            return new TopicSettings(partitions, replicas, retention, bytes, ackLevel, compact, work);
        }

        public TopicSettings withAckLevel(AckLevel level) {
            return new TopicSettings(partitions, replicas, retention, retentionBytes, level, compact, work);
        }

        public TopicSettings withCompact(boolean on) {
            return new TopicSettings(partitions, replicas, retention, retentionBytes, ackLevel, on, work);
        }

        public TopicSettings withWork(WorkSettings settings) {
            return new TopicSettings(partitions, replicas, retention, retentionBytes, ackLevel, compact, settings);
        }
    }

    /**
     * A topic as a place of work. Null means the broker's default when creating, and unchanged when altering.
     *
     * @param deleteOnAck a record goes when all queue and keyed groups of the topic are done with it; without such a
     *     group it stays; default false
     * @param ackedGrace it goes so long after that; zero, which is the default: at once
     * @param limits of what some group is not done with
     * @param deadLetter the topic to which the dead of its groups are moved; empty, which is the default: they are kept
     *     in place
     * @param dedup of what producers send again
     */
    record WorkSettings(
            @Nullable Boolean deleteOnAck,
            @Nullable Duration ackedGrace,
            LimitSettings limits,
            @Nullable String deadLetter,
            DedupSettings dedup) {
        public static WorkSettings defaults() {
            return new WorkSettings(null, null, LimitSettings.defaults(), null, DedupSettings.defaults());
        }

        public WorkSettings withDeleteOnAck(boolean choice) {
            return new WorkSettings(choice, ackedGrace, limits, deadLetter, dedup);
        }

        public WorkSettings withAckedGrace(Duration grace) {
            return new WorkSettings(deleteOnAck, grace, limits, deadLetter, dedup);
        }

        public WorkSettings withMaxRecords(long records, Overflow beyond) {
            return withLimits(new LimitSettings(records, limits.maxBytes(), limits.maxAge(), beyond));
        }

        public WorkSettings withMaxBytes(long bytes, Overflow beyond) {
            return withLimits(new LimitSettings(limits.maxRecords(), bytes, limits.maxAge(), beyond));
        }

        public WorkSettings withMaxAge(Duration age) {
            return withLimits(new LimitSettings(limits.maxRecords(), limits.maxBytes(), age, limits.overflow()));
        }

        public WorkSettings withLimits(LimitSettings settings) {
            return new WorkSettings(deleteOnAck, ackedGrace, settings, deadLetter, dedup);
        }

        public WorkSettings withDeadLetter(String topic) {
            return new WorkSettings(deleteOnAck, ackedGrace, limits, topic, dedup);
        }

        public WorkSettings withoutDeadLetter() {
            return withDeadLetter("");
        }

        public WorkSettings withDedupWindow(Duration window) {
            return withDedup(new DedupSettings(window, dedup.maxIds()));
        }

        public WorkSettings withDedup(DedupSettings settings) {
            return new WorkSettings(deleteOnAck, ackedGrace, limits, deadLetter, settings);
        }
    }

    /**
     * How much of each partition of a topic may be left that some queue or keyed group is not done with. Null means the
     * broker's default when creating, and unchanged when altering.
     *
     * @param maxRecords negative, which is the default: no limit
     * @param maxBytes as stored; a batch counts until all its records are done; negative, which is the default: no limit
     * @param maxAge a record that waits for longer, from when the broker got it or from when its producer wants it, is
     *     dead; 1 s or more; negative, which is the default: no limit
     * @param overflow what happens to a producer at {@code maxRecords} and {@code maxBytes}; default {@link Overflow#BLOCK}
     */
    record LimitSettings(
            @Nullable Long maxRecords,
            @Nullable Long maxBytes,
            @Nullable Duration maxAge,
            @Nullable Overflow overflow) {
        public static LimitSettings defaults() {
            return new LimitSettings(null, null, null, null);
        }
    }

    /**
     * Which records are stored once though they are sent again. Null means the broker's default when creating, and
     * unchanged when altering.
     *
     * @param window a record whose message id ({@link ProducerRecord#withMessageId}) came to its partition within it is
     *     confirmed and not stored; 1 s to 7 d; negative, which is the default: off
     * @param maxIds of a partition, kept in the broker's memory; beyond, producers wait; 1,000 or more, default 2,000,000
     */
    record DedupSettings(
            @Nullable Duration window, @Nullable Integer maxIds) {
        public static DedupSettings defaults() {
            return new DedupSettings(null, null);
        }
    }

    /** What happens to a producer when a topic holds as much that is not done as it may. */
    enum Overflow {
        /** It tries again until its own time is up. */
        BLOCK,
        /** The send fails at once, with {@code QUEUE_FULL}. */
        REJECT
    }
}
