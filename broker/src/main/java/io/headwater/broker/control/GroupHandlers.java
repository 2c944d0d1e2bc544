package io.headwater.broker.control;

import io.headwater.broker.group.MemberInfo;
import io.headwater.broker.group.Verdict;
import io.headwater.broker.metadata.GroupInfo;
import io.headwater.broker.metadata.NameRules;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.CommitReply;
import io.headwater.protocol.wire.CommitResult;
import io.headwater.protocol.wire.DeleteGroup;
import io.headwater.protocol.wire.DeleteGroupReply;
import io.headwater.protocol.wire.DescribeGroup;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GetPositions;
import io.headwater.protocol.wire.GroupSummary;
import io.headwater.protocol.wire.Groups;
import io.headwater.protocol.wire.ListGroups;
import io.headwater.protocol.wire.Positions;
import io.headwater.protocol.wire.SeekGroup;
import io.headwater.protocol.wire.SeekGroupReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.agrona.concurrent.EpochClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commits, seeks, shows and deletes. Positions themselves live in the partitions' logs. */
final class GroupHandlers {
    private static final Logger LOG = LoggerFactory.getLogger(GroupHandlers.class);

    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView view;
    private final GroupMembers members;
    private final Announcer announcer;
    private final GroupReports reports;
    private final EpochClock clock;

    GroupHandlers(
            Proposals proposals,
            Partitions partitions,
            PositionsView view,
            GroupMembers members,
            GroupReports reports,
            EpochClock clock) {
        this.proposals = proposals;
        this.partitions = partitions;
        this.view = view;
        this.members = members;
        this.announcer = members.announcer();
        this.reports = reports;
        this.clock = clock;
    }

    void commit(Commit request, Reply reply) throws RequestFailedException {
        if (request.getMemberId().isEmpty()) {
            int present = members.coordinator().memberCount(request.getGroup());
            if (present > 0) {
                throw Failures.of(
                        ErrorCode.ERROR_GROUP_NOT_EMPTY,
                        "group " + NameRules.shown(request.getGroup()) + " has " + present
                                + " members; commits from outside are taken only while it has none");
            }
            reply.sendWhenDone(
                    members.ensureGroup(request.getGroup()).thenCompose(group -> commitAll(request, group, reply)));
            return;
        }
        GroupInfo group = proposals.image().group(request.getGroup());
        if (group == null) {
            throw unknownGroup(request.getGroup());
        }
        reply.sendWhenDone(commitAll(request, group, reply));
    }

    private CompletionStage<CommitReply> commitAll(Commit request, GroupInfo group, Reply reply) {
        return FanOut.gather(request.getPositionsList(), position -> commitOne(request, group, position, reply))
                .thenApply(answers -> {
                    CommitReply.Builder results = CommitReply.newBuilder();
                    for (FanOut.Answer<Boolean> answer : answers) {
                        CommitResult.Builder result = CommitResult.newBuilder();
                        if (answer.failure() != null) {
                            result.setError(Failures.errorOf(answer.failure()));
                        }
                        results.addResults(result);
                    }
                    return results.build();
                });
    }

    private CompletionStage<Boolean> commitOne(Commit request, GroupInfo group, CommitPosition position, Reply reply) {
        PartitionInfo partition = proposals.image().partition(position.getPartitionId());
        if (partition == null) {
            return CompletableFuture.failedStage(Failures.of(
                    ErrorCode.ERROR_UNKNOWN_PARTITION, "partition " + position.getPartitionId() + " does not exist"));
        }
        if (position.getOffset() < 0) {
            return CompletableFuture.failedStage(Failures.of(
                    ErrorCode.ERROR_INVALID_REQUEST, "offset: " + position.getOffset() + " (expected: 0 or more)"));
        }
        Verdict verdict = request.getMemberId().isEmpty()
                ? members.coordinator().memberCount(group.name()) == 0 ? Verdict.OK : Verdict.STALE_GENERATION
                : members.coordinator()
                        .mayCommit(
                                group.name(),
                                request.getMemberId(),
                                reply.connection().id(),
                                request.getGeneration(),
                                position.getPartitionId());
        try {
            GroupMembers.check(verdict, group.name(), request.getMemberId());
        } catch (RequestFailedException e) {
            return CompletableFuture.failedStage(e);
        }
        long nowMs = clock.time();
        return partitions.commit(partition, group.id(), position, nowMs).thenApply(done -> {
            LiveGroup live = announcer.live(group.name());
            if (live != null) {
                live.committed(position.getPartitionId(), position.getOffset());
            }
            view.committed(group.id(), position.getPartitionId(), position.getOffset(), nowMs);
            return true;
        });
    }

    void positions(GetPositions request, Reply reply) {
        GroupInfo group = proposals.image().group(request.getGroup());
        if (group == null) {
            Positions.Builder none = Positions.newBuilder();
            request.getPartitionIdsList().forEach(partition -> none.addOffsets(-1));
            reply.send(none.build());
            return;
        }
        reply.sendWhenDone(
                FanOut.all(request.getPartitionIdsList(), partition -> announcer.position(group.id(), partition))
                        .thenApply(offsets ->
                                Positions.newBuilder().addAllOffsets(offsets).build()));
    }

    void list(ListGroups request, Reply reply) {
        Groups.Builder groups = Groups.newBuilder();
        proposals.image().groups().forEach(group -> groups.addGroups(summary(group)));
        reply.send(groups.build());
    }

    private GroupSummary summary(GroupInfo group) {
        Set<String> topics = new TreeSet<>();
        List<MemberInfo> present = members.coordinator().members(group.name());
        present.forEach(member -> topics.addAll(member.topics()));
        reports.partitionsOf(group).forEach(partition -> topics.add(partition.topicName()));
        return GroupSummary.newBuilder()
                .setName(group.name())
                .setKind("stream")
                .setMembers(present.size())
                .addAllTopics(topics)
                .build();
    }

    void describe(DescribeGroup request, Reply reply) throws RequestFailedException {
        GroupInfo group = proposals.image().group(request.getName());
        if (group == null) {
            throw unknownGroup(request.getName());
        }
        GroupSummary summary = summary(group);
        reply.sendWhenDone(reports.describe(group, summary));
    }

    /** All offsets are found before anything moves: an error in one of them leaves the group where it is. */
    void seek(SeekGroup request, Reply reply) throws RequestFailedException {
        GroupInfo group = proposals.image().group(request.getGroup());
        if (group == null) {
            throw unknownGroup(request.getGroup());
        }
        if (request.getAnchor() == Anchor.ANCHOR_UNSPECIFIED || request.getAnchor() == Anchor.UNRECOGNIZED) {
            throw Failures.of(ErrorCode.ERROR_INVALID_REQUEST, "anchor: unspecified (expected: where to seek to)");
        }
        List<PartitionInfo> targets = targets(request);
        reply.sendWhenDone(FanOut.all(
                        targets, target -> partitions.findOffset(target, request.getAnchor(), request.getValue()))
                .thenCompose(offsets -> moveAll(group, targets, offsets))
                .thenCompose(moved -> FanOut.all(targets, target -> reports.partition(group, target)))
                .thenApply(all -> {
                    LOG.info(
                            "group {}: moved in {} partitions of topic {} to {} {}",
                            group.name(),
                            targets.size(),
                            request.getTopic(),
                            request.getAnchor(),
                            request.getValue());
                    return SeekGroupReply.newBuilder().addAllPartitions(all).build();
                }));
    }

    private List<PartitionInfo> targets(SeekGroup request) throws RequestFailedException {
        TopicInfo topic = proposals.image().topic(request.getTopic());
        if (topic == null) {
            throw TopicHandlers.unknownTopic(request.getTopic());
        }
        int index = request.getPartition();
        if (index >= topic.partitions().size() || index < -1) {
            throw Failures.of(
                    ErrorCode.ERROR_UNKNOWN_PARTITION,
                    "partition " + index + " of topic " + topic.name() + " (expected: 0 to "
                            + (topic.partitions().size() - 1) + ", or -1 for all)");
        }
        return index == -1 ? topic.partitions() : List.of(topic.partitions().get(index));
    }

    private CompletionStage<List<FanOut.Answer<Boolean>>> moveAll(
            GroupInfo group, List<PartitionInfo> targets, List<FindOffsetReply> offsets) {
        record Move(PartitionInfo partition, long offset) {}
        List<Move> moves = new ArrayList<>(targets.size());
        for (int i = 0; i < targets.size(); i++) {
            moves.add(new Move(targets.get(i), offsets.get(i).getOffset()));
        }
        announcer.seekStarted(
                group, targets.stream().map(PartitionInfo::partitionId).toList());
        return FanOut.gather(moves, move -> moveOne(group, move.partition(), move.offset()))
                .thenCompose(answers -> answers.stream()
                        .map(FanOut.Answer::failure)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .<CompletionStage<List<FanOut.Answer<Boolean>>>>map(CompletableFuture::failedStage)
                        .orElseGet(() -> CompletableFuture.completedStage(answers)));
    }

    private CompletionStage<Boolean> moveOne(GroupInfo group, PartitionInfo partition, long offset) {
        long nowMs = clock.time();
        CommitPosition position = CommitPosition.newBuilder()
                .setPartitionId(partition.partitionId())
                .setOffset(offset)
                .build();
        return partitions.seek(partition, group.id(), position, nowMs).<Boolean>handle((done, failure) -> {
            announcer.seekEnded(group.name(), partition.partitionId(), failure == null ? offset : null);
            if (failure == null) {
                view.committed(group.id(), partition.partitionId(), offset, nowMs);
                return true;
            }
            throw new CompletionException(failure);
        });
    }

    void delete(DeleteGroup request, Reply reply) throws RequestFailedException {
        GroupInfo group = proposals.image().group(request.getName());
        if (group == null) {
            throw unknownGroup(request.getName());
        }
        int present = members.coordinator().memberCount(request.getName());
        if (present > 0) {
            throw Failures.of(
                    ErrorCode.ERROR_GROUP_NOT_EMPTY,
                    "group " + group.name() + " has " + present + (present == 1 ? " member" : " members")
                            + " (expected: none)");
        }
        List<PartitionInfo> read = reports.partitionsOf(group);
        Command.Builder command = Command.newBuilder()
                .setDeleteGroup(io.headwater.broker.metadata.wire.DeleteGroup.newBuilder()
                        .setName(group.name()));
        reply.sendWhenDone(proposals.propose(command).thenApply(done -> {
            forget(group, read);
            LOG.info("group {}: deleted", group.name());
            return DeleteGroupReply.getDefaultInstance();
        }));
    }

    /** The id never comes back, so whatever is left of it in a log is only space. */
    private void forget(GroupInfo group, List<PartitionInfo> read) {
        FanOut.gather(
                        read,
                        partition ->
                                partitions.forgetGroup(partition, group.id()).thenApply(done -> true))
                .thenAccept(answers -> view.forget(
                        group.id(),
                        read.stream().map(PartitionInfo::partitionId).toList()));
    }

    static RequestFailedException unknownGroup(String name) {
        return Failures.of(
                ErrorCode.ERROR_UNKNOWN_GROUP,
                "group " + NameRules.shown(name) + " does not exist; it is made when its first member joins");
    }
}
