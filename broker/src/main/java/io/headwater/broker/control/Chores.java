package io.headwater.broker.control;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.Partitions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.EpochClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the housekeeper does without being asked, and when. Work over many partitions is spread over many turns. */
final class Chores {
    private static final Logger LOG = LoggerFactory.getLogger(Chores.class);
    private static final int PARTITIONS_A_TURN = 256;
    private static final long GROUP_TICK_NS = TimeUnit.SECONDS.toNanos(1);

    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView view;
    private final PositionsView.Marked marks;
    private final ViewKeeper keeper;
    private final GroupMembers members;
    private final LagReport lag;
    private final int nodeId;
    private final EpochClock clock;
    private final Timer groups;
    private final Timer views;
    private final Timer retention;
    private final Timer hibernation;
    private final Queue<TopicInfo> topicsToRetain = new ArrayDeque<>();
    private final Queue<PartitionInfo> partitionsToRetain = new ArrayDeque<>();

    /** Rings at a fixed pace, from its first look on. */
    private static final class Timer {
        final long everyNs;
        private boolean set;
        private long atNs;

        Timer(long everyNs) {
            this.everyNs = everyNs;
        }

        boolean rings(long nowNs) {
            if (!set) {
                set = true;
                atNs = nowNs + everyNs;
                return false;
            }
            if (nowNs - atNs < 0) {
                return false;
            }
            atNs = nowNs + everyNs;
            return true;
        }

        long inNs(long nowNs) {
            return set ? Math.max(0, atNs - nowNs) : 0;
        }
    }

    Chores(
            BrokerConfig config,
            Proposals proposals,
            Partitions partitions,
            PositionsView view,
            PositionsView.Marked marks,
            ViewKeeper keeper,
            GroupMembers members,
            LagReport lag,
            int nodeId,
            EpochClock clock) {
        this.proposals = proposals;
        this.partitions = partitions;
        this.view = view;
        this.marks = marks;
        this.keeper = keeper;
        this.members = members;
        this.lag = lag;
        this.nodeId = nodeId;
        this.clock = clock;
        this.groups = new Timer(GROUP_TICK_NS);
        this.views = new Timer(TimeUnit.MILLISECONDS.toNanos(config.groups().viewIntervalMs()));
        this.retention =
                new Timer(TimeUnit.MILLISECONDS.toNanos(config.storage().retentionCheckMs()));
        this.hibernation = new Timer(
                TimeUnit.MILLISECONDS.toNanos(Math.max(500, config.storage().idleAfterMs() / 4)));
    }

    /**
     * Logs of topics that were deleted, and of copies that were moved away, while this broker was down or could not delete
     * them. What the metadata say is new enough: a broker starts only when they know of this start.
     */
    void deleteOrphans() {
        List<Long> orphans = new ArrayList<>();
        for (long partitionId : marks.partitionIds()) {
            PartitionInfo partition = proposals.image().partition(partitionId);
            if (partition == null || !isCopyHere(partition)) {
                orphans.add(partitionId);
            }
        }
        if (!orphans.isEmpty()) {
            LOG.info("control: logs that have no place here any more go now: partitions {}", orphans);
            FanOut.gather(orphans, partitions::delete).whenComplete((done, failure) -> {
                if (failure != null) {
                    LOG.warn("control: some of them are left until the next start: {}", failure.getMessage());
                }
            });
        }
    }

    private boolean isCopyHere(PartitionInfo partition) {
        NodeInfo self = proposals.image().node(nodeId);
        return self == null || partition.replicas().contains(self.replica());
    }

    /**
     * Partitions that queue groups work on are opened now: they may have records to move, or that become too old, and nobody
     * else may ever ask for them.
     */
    void openQueues() {
        List<PartitionInfo> work = new ArrayList<>();
        for (TopicInfo topic : proposals.image().topics()) {
            if (!topic.queueGroups().isEmpty()) {
                topic.partitions().stream()
                        .filter(partition -> view.hasLog(partition.partitionId()))
                        .forEach(work::add);
            }
        }
        if (!work.isEmpty()) {
            FanOut.gather(work, partitions::queueGroupsChanged);
        }
    }

    void tick(long nowMs, long nowNs) {
        if (groups.rings(nowNs) || nowMs >= members.coordinator().nextDeadlineMs()) {
            members.tick(nowMs, nowNs);
            lag.tick(nowNs);
        }
        if (views.rings(nowNs)) {
            view.flush();
            if (view.takeLost()) {
                keeper.refresh();
            }
        }
        if (retention.rings(nowNs) && topicsToRetain.isEmpty()) {
            topicsToRetain.addAll(proposals.image().topics());
        }
        retainSome();
        if (hibernation.rings(nowNs)) {
            partitions.hibernateIdle(clock.time());
        }
    }

    private void retainSome() {
        for (int i = 0; i < PARTITIONS_A_TURN; i++) {
            while (partitionsToRetain.isEmpty()) {
                TopicInfo next = topicsToRetain.poll();
                if (next == null) {
                    return;
                }
                TopicInfo present = proposals.image().topic(next.name());
                if (present != null) {
                    partitionsToRetain.addAll(present.partitions());
                }
            }
            PartitionInfo partition = partitionsToRetain.remove();
            TopicInfo topic = proposals.image().topic(partition.topicName());
            if (topic != null && topic.id() == partition.topicId() && view.hasLog(partition.partitionId())) {
                partitions.retain(partition, topic.policy(), clock.time());
            }
        }
    }

    /** How long nothing need be done if nothing comes in. */
    long nextInNs(long nowMs, long nowNs) {
        long next = Math.min(retention.inNs(nowNs), hibernation.inNs(nowNs));
        if (!topicsToRetain.isEmpty() || !partitionsToRetain.isEmpty()) {
            return 0;
        }
        if (!members.announcer().allLive().isEmpty()) {
            long deadlineInMs = Math.max(0, members.coordinator().nextDeadlineMs() - nowMs);
            next = Math.min(next, groups.inNs(nowNs));
            next = Math.min(next, TimeUnit.MILLISECONDS.toNanos(Math.min(deadlineInMs, 10_000)));
        }
        if (view.isDirty()) {
            next = Math.min(next, views.inNs(nowNs));
        }
        return next;
    }
}
