package io.headwater.broker.control;

import io.headwater.broker.group.MemberInfo;
import io.headwater.broker.metadata.GroupInfo;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.Partitions;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupMember;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.GroupSummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Where a group stands. Asks a partition only where its log is open or the view cannot be believed. */
final class GroupReports {
    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView view;
    private final GroupMembers members;

    GroupReports(Proposals proposals, Partitions partitions, PositionsView view, GroupMembers members) {
        this.proposals = proposals;
        this.partitions = partitions;
        this.view = view;
        this.members = members;
    }

    /** What members subscribe to, and what the group has a position in; by topic and index. */
    List<PartitionInfo> partitionsOf(GroupInfo group) {
        MetadataImage image = proposals.image();
        Set<PartitionInfo> all = new HashSet<>();
        for (MemberInfo member : members.coordinator().members(group.name())) {
            for (String name : member.topics()) {
                TopicInfo topic = image.topic(name);
                if (topic != null) {
                    all.addAll(topic.partitions());
                }
            }
        }
        for (long partitionId : view.hints(group.id()).keySet()) {
            PartitionInfo partition = image.partition(partitionId);
            if (partition != null) {
                all.add(partition);
            }
        }
        List<PartitionInfo> sorted = new ArrayList<>(all);
        sorted.sort(Comparator.comparing(PartitionInfo::topicName).thenComparingInt(PartitionInfo::index));
        return sorted;
    }

    CompletionStage<GroupDescription> describe(GroupInfo group, GroupSummary summary) {
        List<MemberInfo> present = members.coordinator().members(group.name());
        Map<Long, String> readers = new HashMap<>();
        GroupDescription.Builder description = GroupDescription.newBuilder().setSummary(summary);
        for (MemberInfo member : present) {
            member.partitionIds().forEach(partition -> readers.put(partition, member.memberId()));
            description.addMembers(GroupMember.newBuilder()
                    .setMemberId(member.memberId())
                    .setClientName(member.clientName())
                    .setAddress(member.address())
                    .setJoinedMs(member.joinedMs())
                    .addAllPartitionIds(member.partitionIds()));
        }
        List<PartitionInfo> read = partitionsOf(group);
        return FanOut.gather(read, partition -> partition(group, partition)).thenApply(answers -> {
            for (int i = 0; i < answers.size(); i++) {
                PartitionInfo partition = read.get(i);
                GroupPartition known = answers.get(i).value();
                GroupPartition.Builder one = known != null ? known.toBuilder() : unreadable(partition);
                description.addPartitions(one.setMemberId(readers.getOrDefault(partition.partitionId(), "")));
            }
            return description.build();
        });
    }

    /** Of a partition that is offline; -1 everywhere: unknown. */
    private static GroupPartition.Builder unreadable(PartitionInfo partition) {
        return GroupPartition.newBuilder()
                .setTopic(partition.topicName())
                .setIndex(partition.index())
                .setPartitionId(partition.partitionId())
                .setPosition(-1)
                .setEndOffset(-1)
                .setLagRecords(-1)
                .setLagMs(-1)
                .setProcessingP50Ms(-1)
                .setProcessingP99Ms(-1);
    }

    /** A closed log in which the group has read everything needs no opening; nor does one that was never written to. */
    CompletionStage<GroupPartition> partition(GroupInfo group, PartitionInfo partition) {
        PositionsView.ClosedLog closed = view.closed(partition.partitionId());
        if (closed != null) {
            PositionsView.Committed committed = view.position(group.id(), partition.partitionId());
            boolean nothingLeft = closed.endOffset() == 0 || committed.offset() >= closed.endOffset();
            if (nothingLeft) {
                return CompletableFuture.completedStage(GroupPartition.newBuilder()
                        .setTopic(partition.topicName())
                        .setIndex(partition.index())
                        .setPartitionId(partition.partitionId())
                        .setPosition(committed.offset())
                        .setEndOffset(closed.endOffset())
                        .setCommittedMs(committed.committedMs())
                        .setProcessingP50Ms(-1)
                        .setProcessingP99Ms(-1)
                        .build());
            }
        }
        return partitions
                .groupPartition(partition, group.id())
                .thenApply(report -> report.toBuilder()
                        .setTopic(partition.topicName())
                        .setIndex(partition.index())
                        .setPartitionId(partition.partitionId())
                        .build());
    }
}
