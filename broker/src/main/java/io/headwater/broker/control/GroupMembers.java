package io.headwater.broker.control;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.group.GroupCoordinator;
import io.headwater.broker.group.JoinRequest;
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
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.protocol.wire.LeaveGroupReply;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.agrona.concurrent.EpochClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Members come, live and go: checks what they ask for, hands it to the coordinator, and leaves it to the {@link Announcer}
 * to tell them what came of it.
 */
final class GroupMembers {
    private static final Logger LOG = LoggerFactory.getLogger(GroupMembers.class);
    private static final int MAX_MEMBERS = 5_000;
    private static final int MAX_TOPICS = 1_000;
    private static final int MAX_MEMBER_ID = 256;

    private final BrokerConfig.Groups config;
    private final int nodeId;
    private final Proposals proposals;
    private final EpochClock clock;
    private final GroupCoordinator coordinator;
    private final Announcer announcer;
    private long membersNamed;

    GroupMembers(
            BrokerConfig.Groups config,
            int nodeId,
            Proposals proposals,
            Partitions partitions,
            PositionsView view,
            EpochClock clock) {
        this.config = config;
        this.nodeId = nodeId;
        this.proposals = proposals;
        this.clock = clock;
        this.coordinator =
                new GroupCoordinator(new MetadataTopology(proposals), config.graceMs(), config.revocationTimeoutMs());
        this.announcer = new Announcer(config, proposals, partitions, view, coordinator);
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

    Announcer announcer() {
        return announcer;
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
        coordinator.join(group.name(), join, nowMs);
        LOG.info("group {}: member {} joined from {}", group.name(), NameRules.shown(memberId), connection.address());
        announcer.joined(group, memberId, timeout, reply);
    }

    /** Unique in the cluster and over restarts: the incarnation is the index of this run's registration. */
    private String newMemberId() {
        var node = proposals.image().node(nodeId);
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
        Assignment news = announcer.newsFor(request.getGroup(), request.getMemberId(), request.getGeneration());
        if (news != null) {
            answer.setAssignment(news);
        }
        reply.send(answer.build());
    }

    void leave(LeaveGroup request, Reply reply, long nowMs) throws RequestFailedException {
        check(
                coordinator.leave(
                        request.getGroup(),
                        request.getMemberId(),
                        reply.connection().id(),
                        nowMs),
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

    /** Another broker looks after groups from now on: everybody is told so, or hears it with the next heartbeat. */
    void resign(Error elsewhere) {
        announcer.resign(elsewhere);
        coordinator.forgetAll();
    }

    /** Topics changed. */
    void topologyChanged(long nowMs) {
        coordinator.topologyChanged(nowMs);
    }

    /** Fences the silent, and whoever does not give up what it was told to. */
    void tick(long nowMs, long nowNs) {
        int taken = coordinator.tick(nowMs);
        if (taken > 0) {
            LOG.warn(
                    "groups: {} partitions taken from members that had not given them up within {} ms",
                    taken,
                    config.revocationTimeoutMs());
        }
        announcer.tick(nowNs);
    }
}
