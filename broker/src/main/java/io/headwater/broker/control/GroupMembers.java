package io.headwater.broker.control;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.group.GroupCoordinator;
import io.headwater.broker.group.JoinRequest;
import io.headwater.broker.group.MemberAssignment;
import io.headwater.broker.group.Topology;
import io.headwater.broker.group.Verdict;
import io.headwater.broker.metadata.GroupInfo;
import io.headwater.broker.metadata.NameRules;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateGroup;
import io.headwater.broker.net.Connection;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.Errors;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.JoinGroupReply;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.protocol.wire.LeaveGroupReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.agrona.concurrent.EpochClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Members come, live and go; the coordinator decides, this class finds the positions that belong to its decisions and
 * tells the members. A member is told of its newest assignment only, once all positions in it are known.
 */
final class GroupMembers {
    private static final Logger LOG = LoggerFactory.getLogger(GroupMembers.class);
    private static final int MAX_MEMBERS = 5_000;
    private static final int MAX_TOPICS = 1_000;
    private static final int MAX_MEMBER_ID = 256;
    private static final long RETRY_NS = 2_000_000_000L;

    private final BrokerConfig.Groups config;
    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView view;
    private final EpochClock clock;
    private final GroupCoordinator coordinator;
    private final Map<String, LiveGroup> live = new HashMap<>();
    private long membersNamed;

    GroupMembers(
            BrokerConfig.Groups config,
            Proposals proposals,
            Partitions partitions,
            PositionsView view,
            EpochClock clock) {
        this.config = config;
        this.proposals = proposals;
        this.partitions = partitions;
        this.view = view;
        this.clock = clock;
        this.coordinator = new GroupCoordinator(new MetadataTopology(proposals), config.graceMs());
    }

    private record MetadataTopology(Proposals proposals) implements Topology {
        @Override
        public List<Long> partitionsOf(String topic) {
            TopicInfo info = proposals.image().topic(topic);
            return info == null
                    ? List.of()
                    : info.partitions().stream().map(PartitionInfo::partitionId).toList();
        }

        @Override
        public boolean exists(long partitionId) {
            return proposals.image().partition(partitionId) != null;
        }
    }

    GroupCoordinator coordinator() {
        return coordinator;
    }

    /** Null: the group has no members. */
    @Nullable
    LiveGroup live(String group) {
        return live.get(group);
    }

    Collection<LiveGroup> allLive() {
        return live.values();
    }

    void join(JoinGroup request, Reply reply, long nowMs) throws RequestFailedException {
        checkJoin(request);
        ensureGroup(request.getGroup()).whenComplete((group, failure) -> {
            if (failure != null) {
                reply.fail(failure);
            } else if (reply.connection().isOpen()) {
                enter(request, group, reply, nowMs);
            }
        });
    }

    private void checkJoin(JoinGroup request) throws RequestFailedException {
        if (request.getTopicsCount() == 0 || request.getTopicsCount() > MAX_TOPICS) {
            throw Failures.of(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "topics: " + request.getTopicsCount() + " (expected: 1 to " + MAX_TOPICS + ")");
        }
        for (String topic : request.getTopicsList()) {
            if (proposals.image().topic(topic) == null) {
                throw TopicHandlers.unknownTopic(topic);
            }
        }
        if (request.getMemberId().length() > MAX_MEMBER_ID) {
            throw Failures.of(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "member_id: " + request.getMemberId().length() + " characters (expected: at most " + MAX_MEMBER_ID
                            + ")");
        }
        int timeout = request.getSessionTimeoutMs();
        if (timeout != 0 && (timeout < 500 || timeout > 3_600_000)) {
            throw Failures.of(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "session_timeout_ms: " + timeout + " (expected: 500 to 3600000, or 0 for the default)");
        }
        if (coordinator.memberCount(request.getGroup()) >= MAX_MEMBERS) {
            throw Failures.of(
                    ErrorCode.ERROR_OVERLOADED,
                    "group " + NameRules.shown(request.getGroup()) + " has " + MAX_MEMBERS + " members already");
        }
    }

    /** The group, made if this is the first that is heard of it. */
    CompletionStage<GroupInfo> ensureGroup(String name) {
        GroupInfo known = proposals.image().group(name);
        if (known != null) {
            return CompletableFuture.completedStage(known);
        }
        Command.Builder command =
                Command.newBuilder().setCreateGroup(CreateGroup.newBuilder().setName(name));
        return proposals.propose(command).thenCompose(done -> {
            GroupInfo made = done.image().group(name);
            return made == null
                    ? CompletableFuture.failedStage(new IllegalStateException("group " + name + " is not there"))
                    : CompletableFuture.completedStage(made);
        });
    }

    private void enter(JoinGroup request, GroupInfo group, Reply reply, long nowMs) {
        Connection connection = reply.connection();
        int timeout =
                request.getSessionTimeoutMs() == 0 ? (int) config.sessionTimeoutMs() : request.getSessionTimeoutMs();
        String memberId = request.getMemberId().isEmpty() ? newMemberId() : request.getMemberId();
        String clientName = request.getClientName().isEmpty() ? connection.clientName() : request.getClientName();
        JoinRequest join = new JoinRequest(
                memberId,
                connection.id(),
                clientName,
                connection.address(),
                new HashSet<>(request.getTopicsList()),
                timeout,
                clock.time());
        LiveGroup liveGroup = live(group);
        LiveGroup.Link link = new LiveGroup.Link(connection, timeout, reply);
        link.due = true;
        LiveGroup.Link before = liveGroup.links.put(memberId, link);
        if (before != null) {
            refuseJoin(before, memberId, liveGroup);
        }
        coordinator.join(group.name(), join, nowMs);
        LOG.info("group {}: member {} joined from {}", group.name(), NameRules.shown(memberId), connection.address());
        tell(liveGroup, memberId, link);
    }

    private LiveGroup live(GroupInfo group) {
        return live.compute(
                group.name(),
                (name, present) ->
                        present != null && present.id == group.id() ? present : new LiveGroup(name, group.id()));
    }

    /** Unique over restarts: the incarnation is the index of this run's registration. */
    private String newMemberId() {
        var node = proposals.image().node();
        return "member-" + (node == null ? 0 : node.incarnation()) + "-" + ++membersNamed;
    }

    void heartbeat(GroupHeartbeat request, Reply reply, long nowMs) throws RequestFailedException {
        Verdict verdict = coordinator.heartbeat(
                request.getGroup(),
                request.getMemberId(),
                reply.connection().id(),
                request.getGeneration(),
                request.getOwnedPartitionIdsList(),
                nowMs);
        check(verdict, request.getGroup(), request.getMemberId());
        GroupHeartbeatReply.Builder answer = GroupHeartbeatReply.newBuilder();
        LiveGroup group = live.get(request.getGroup());
        MemberAssignment newest = coordinator.assignment(request.getGroup(), request.getMemberId());
        if (group != null && newest != null && newest.generation() > request.getGeneration()) {
            if (newest.partitions().stream().allMatch(one -> group.isSettled(one.partitionId()))) {
                answer.setAssignment(wire(group, newest));
            }
        }
        reply.send(answer.build());
    }

    void leave(LeaveGroup request, Reply reply) throws RequestFailedException {
        check(
                coordinator.leave(
                        request.getGroup(),
                        request.getMemberId(),
                        reply.connection().id()),
                request.getGroup(),
                request.getMemberId());
        LOG.info("group {}: member {} left", request.getGroup(), NameRules.shown(request.getMemberId()));
        reply.send(LeaveGroupReply.getDefaultInstance());
    }

    static void check(Verdict verdict, String group, String memberId) throws RequestFailedException {
        String who = "member " + NameRules.shown(memberId) + " of group " + NameRules.shown(group);
        switch (verdict) {
            case OK -> {}
            case UNKNOWN_MEMBER ->
                throw Failures.of(ErrorCode.ERROR_UNKNOWN_MEMBER, who + " is not known on this connection; join again");
            case STALE_GENERATION ->
                throw Failures.of(
                        ErrorCode.ERROR_STALE_GENERATION,
                        who + " does not hold the partition any more, or missed a seek");
            case IMPOSSIBLE_GENERATION ->
                throw Failures.of(ErrorCode.ERROR_INVALID_REQUEST, who + " names a generation that it was never given");
        }
    }

    void connectionClosed(Connection connection, long nowMs) {
        coordinator.connectionClosed(connection.id(), nowMs);
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
        link.due = false;
        Reply joining = link.joining;
        if (joining != null) {
            link.joining = null;
            joining.connection()
                    .fail(
                            joining.correlationId(),
                            joining.type(),
                            Errors.of(
                                    ErrorCode.ERROR_UNKNOWN_MEMBER,
                                    "member " + NameRules.shown(memberId) + " joined group " + group.name
                                            + " over another connection, or left it"));
        }
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

    /** Topics changed. */
    void topologyChanged() {
        coordinator.topologyChanged();
    }

    /** Fences the silent, asks again for what could not be read, and forgets groups without members. */
    void tick(long nowMs, long nowNs) {
        coordinator.tick(nowMs);
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
