package io.headwater.broker.control;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.group.GroupCoordinator;
import io.headwater.broker.group.MemberAssignment;
import io.headwater.broker.metadata.GroupInfo;
import io.headwater.broker.metadata.NameRules;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.partition.Partitions;
import io.headwater.protocol.Errors;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.JoinGroupReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Tells members what they may read. The coordinator decides; here the positions are found that belong to its decisions,
 * in the view or in the logs, and each member is told of its newest assignment only, once all positions in it are known.
 */
final class Announcer {
    private static final long RETRY_NS = 2_000_000_000L;

    private final BrokerConfig.Groups config;
    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView view;
    private final GroupCoordinator coordinator;
    private final Map<String, LiveGroup> live = new HashMap<>();

    Announcer(
            BrokerConfig.Groups config,
            Proposals proposals,
            Partitions partitions,
            PositionsView view,
            GroupCoordinator coordinator) {
        this.config = config;
        this.proposals = proposals;
        this.partitions = partitions;
        this.view = view;
        this.coordinator = coordinator;
    }

    /** Null: the group has no members. */
    @Nullable
    LiveGroup live(String group) {
        return live.get(group);
    }

    Collection<LiveGroup> allLive() {
        return live.values();
    }

    private LiveGroup live(GroupInfo group) {
        return live.compute(
                group.name(),
                (name, present) ->
                        present != null && present.id == group.id() ? present : new LiveGroup(name, group.id()));
    }

    /** A member has joined over this connection; its assignment will be the reply. */
    void joined(GroupInfo info, String memberId, int sessionTimeoutMs, Reply reply) {
        LiveGroup group = live(info);
        LiveGroup.Link link = new LiveGroup.Link(reply.connection(), sessionTimeoutMs, reply);
        link.due = true;
        LiveGroup.Link before = group.links.put(memberId, link);
        if (before != null) {
            refuseJoin(before, memberId, group);
        }
        tell(group, memberId, link);
    }

    /** What a member that lags behind is to be told; null: nothing, or a position is not known yet. */
    @Nullable
    Assignment newsFor(String groupName, String memberId, int generation) {
        LiveGroup group = live.get(groupName);
        MemberAssignment newest = coordinator.assignment(groupName, memberId);
        if (group == null || newest == null || newest.generation() <= generation) {
            return null;
        }
        boolean settled = newest.partitions().stream().allMatch(one -> group.isSettled(one.partitionId()));
        return settled ? wire(group, newest) : null;
    }

    /** Once a turn: whoever's assignment changed is told, or will be as soon as the positions are known. */
    void tellChanges() {
        for (MemberAssignment change : coordinator.takeChanges()) {
            LiveGroup group = live.get(change.group());
            LiveGroup.Link link = group == null ? null : group.links.get(change.memberId());
            if (group != null && link != null && link.connection.id() == change.connectionId()) {
                link.due = true;
                tell(group, change.memberId(), link);
            }
        }
    }

    private void tellDue(LiveGroup group) {
        group.links.forEach((memberId, link) -> {
            if (link.due) {
                tell(group, memberId, link);
            }
        });
    }

    private void tell(LiveGroup group, String memberId, LiveGroup.Link link) {
        MemberAssignment newest = coordinator.assignment(group.name, memberId);
        if (newest == null || newest.connectionId() != link.connection.id()) {
            refuseJoin(link, memberId, group);
            return;
        }
        List<Long> unknown = new ArrayList<>();
        boolean waits = false;
        for (MemberAssignment.AssignedPartition one : newest.partitions()) {
            if (!group.isSettled(one.partitionId())) {
                waits = true;
                if (!group.seeking.contains(one.partitionId()) && group.loading.add(one.partitionId())) {
                    unknown.add(one.partitionId());
                }
            }
        }
        if (!unknown.isEmpty()) {
            load(group, unknown);
        }
        if (!waits) {
            send(group, link, newest);
        }
    }

    private static void refuseJoin(LiveGroup.Link link, String memberId, LiveGroup group) {
        refuseJoin(
                link,
                Errors.of(
                        ErrorCode.ERROR_UNKNOWN_MEMBER,
                        "member " + NameRules.shown(memberId) + " joined group " + group.name
                                + " over another connection, or left it"));
    }

    private static void refuseJoin(LiveGroup.Link link, Error why) {
        link.due = false;
        Reply joining = link.joining;
        if (joining != null) {
            link.joining = null;
            joining.connection().fail(joining.correlationId(), joining.type(), why);
        }
    }

    /** Nobody is told anything any more; who waits for an answer gets this one. */
    void resign(Error elsewhere) {
        live.values().forEach(group -> group.links.values().forEach(link -> refuseJoin(link, elsewhere)));
        live.clear();
    }

    private void send(LiveGroup group, LiveGroup.Link link, MemberAssignment newest) {
        link.due = false;
        Assignment assignment = wire(group, newest);
        Reply joining = link.joining;
        if (joining == null) {
            link.connection.push(FrameType.ASSIGNMENT, assignment);
            return;
        }
        link.joining = null;
        joining.send(JoinGroupReply.newBuilder()
                .setMemberId(newest.memberId())
                .setAssignment(assignment)
                .setSessionTimeoutMs(link.sessionTimeoutMs)
                .setHeartbeatIntervalMs((int) Math.min(config.heartbeatIntervalMs(), link.sessionTimeoutMs / 3))
                .build());
    }

    private Assignment wire(LiveGroup group, MemberAssignment assignment) {
        Assignment.Builder wire = Assignment.newBuilder()
                .setGroup(group.name)
                .setMemberId(assignment.memberId())
                .setGeneration(assignment.generation());
        for (MemberAssignment.AssignedPartition one : assignment.partitions()) {
            PartitionInfo partition = proposals.image().partition(one.partitionId());
            Long position = group.positions.get(one.partitionId());
            // Where the position cannot be read the member must not start: it would start from somewhere else.
            if (partition != null && position != null) {
                wire.addPartitions(AssignedPartition.newBuilder()
                        .setPartitionId(one.partitionId())
                        .setTopic(partition.topicName())
                        .setIndex(partition.index())
                        .setPosition(position)
                        .setSinceGeneration(one.sinceGeneration()));
            }
        }
        return wire.build();
    }

    private void load(LiveGroup group, List<Long> partitionIds) {
        FanOut.gather(partitionIds, partitionId -> position(group.id, partitionId))
                .thenAccept(answers -> {
                    for (int i = 0; i < answers.size(); i++) {
                        long partitionId = partitionIds.get(i);
                        FanOut.Answer<Long> answer = answers.get(i);
                        group.loading.remove(partitionId);
                        if (answer.value() != null) {
                            group.positions.putIfAbsent(partitionId, answer.value());
                        } else {
                            group.unreadable.put(partitionId, Long.MIN_VALUE);
                        }
                    }
                    tellDue(group);
                });
    }

    /** From the view where it may be believed, else from the log. */
    CompletionStage<Long> position(int groupId, long partitionId) {
        PartitionInfo partition = proposals.image().partition(partitionId);
        if (partition == null) {
            return CompletableFuture.completedStage(-1L);
        }
        PositionsView.ClosedLog closed = view.closed(partitionId);
        if (closed != null) {
            return CompletableFuture.completedStage(
                    view.position(groupId, partitionId).offset());
        }
        return partitions.position(partition, groupId);
    }

    /** From here on commits of before are refused, and nobody is told a position until {@link #seekEnded}. */
    void seekStarted(GroupInfo info, Collection<Long> partitionIds) {
        LiveGroup group = live(info);
        coordinator.seek(info.name(), partitionIds);
        group.seeking.addAll(partitionIds);
        group.positions.keySet().removeAll(Set.copyOf(partitionIds));
    }

    /**
     * @param position where the log has it now; null: unknown, it will be asked for
     */
    void seekEnded(String name, long partitionId, @Nullable Long position) {
        LiveGroup group = live.get(name);
        if (group != null && group.seeking.remove(partitionId)) {
            if (position != null) {
                group.positions.put(partitionId, position);
            }
            tellDue(group);
        }
    }

    /** Asks again for what could not be read, tells what changed, and forgets groups without members. */
    void tick(long nowNs) {
        for (LiveGroup group : live.values()) {
            retryUnreadable(group, nowNs);
            group.links
                    .entrySet()
                    .removeIf(link ->
                            link.getValue().joining == null && !coordinator.isMember(group.name, link.getKey()));
        }
        tellChanges();
        live.values().removeIf(group -> group.links.isEmpty() && group.seeking.isEmpty());
    }

    private void retryUnreadable(LiveGroup group, long nowNs) {
        List<Long> due = new ArrayList<>();
        group.unreadable.replaceAll((partitionId, atNs) -> {
            if (atNs == Long.MIN_VALUE) {
                return nowNs + RETRY_NS;
            }
            if (nowNs - atNs >= 0) {
                due.add(partitionId);
            }
            return atNs;
        });
        if (!due.isEmpty()) {
            group.unreadable.keySet().removeAll(due);
            // A new generation, so that the member takes the same partitions as news.
            coordinator.seek(group.name, due);
        }
    }
}
