package io.headwater.cli.group;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.Table;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupMember;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.GroupSummary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A group in words and as JSON fields. */
final class GroupText {
    private GroupText() {}

    static List<String> lines(GroupDescription group, long nowMs) {
        GroupSummary summary = group.getSummary();
        long lag = lagRecords(group);
        List<String> lines = new ArrayList<>();
        lines.add("group " + summary.getName() + " (" + summary.getKind() + "): "
                + Human.count(group.getMembersCount(), "member") + ", "
                + (lag == 0 ? "nothing left to read" : Human.count(lag, "record") + " behind")
                + (lagMs(group) == 0 ? "" : ", the oldest for " + Human.duration(lagMs(group))));
        if (group.getMembersCount() > 0) {
            lines.add("");
            Table members = new Table("MEMBER", "CLIENT", "ADDRESS", "JOINED", "PARTITIONS");
            for (GroupMember member : group.getMembersList()) {
                members.row(
                        member.getMemberId(),
                        member.getClientName(),
                        member.getAddress(),
                        Human.duration(Math.max(0, nowMs - member.getJoinedMs())) + " ago",
                        Integer.toString(member.getPartitionIdsCount()));
            }
            lines.addAll(members.lines());
        }
        if (group.getPartitionsCount() > 0) {
            lines.add("");
            lines.addAll(partitions(group.getPartitionsList(), nowMs));
        }
        return lines;
    }

    static List<String> partitions(List<GroupPartition> partitions, long nowMs) {
        Table table = new Table(
                "TOPIC",
                "PARTITION",
                "POSITION",
                "END",
                "LAG",
                "BEHIND BY",
                "COMMITTED",
                "PROCESSING P50/P99",
                "MEMBER");
        for (GroupPartition partition : partitions) {
            table.row(
                    partition.getTopic(),
                    Integer.toString(partition.getIndex()),
                    partition.getPosition() < 0 ? "-" : Human.count(partition.getPosition()),
                    Human.count(partition.getEndOffset()),
                    Human.count(partition.getLagRecords()),
                    partition.getLagRecords() == 0 ? "-" : Human.duration(partition.getLagMs()),
                    partition.getCommittedMs() <= 0
                            ? "-"
                            : Human.duration(Math.max(0, nowMs - partition.getCommittedMs())) + " ago",
                    partition.getProcessingP50Ms() < 0
                            ? "-"
                            : Human.duration(partition.getProcessingP50Ms()) + " / "
                                    + Human.duration(partition.getProcessingP99Ms()),
                    partition.getMemberId().isEmpty() ? "-" : partition.getMemberId());
        }
        return table.lines();
    }

    static void fields(GroupSummary group, JsonGenerator json) throws IOException {
        json.writeStringField("group", group.getName());
        json.writeStringField("kind", group.getKind());
        json.writeNumberField("members", group.getMembers());
        json.writeArrayFieldStart("topics");
        for (String topic : group.getTopicsList()) {
            json.writeString(topic);
        }
        json.writeEndArray();
    }

    static void fields(GroupDescription group, JsonGenerator json) throws IOException {
        fields(group.getSummary(), json);
        json.writeNumberField("lagRecords", lagRecords(group));
        json.writeNumberField("lagMs", lagMs(group));
        json.writeArrayFieldStart("memberDetails");
        for (GroupMember member : group.getMembersList()) {
            json.writeStartObject();
            json.writeStringField("member", member.getMemberId());
            json.writeStringField("client", member.getClientName());
            json.writeStringField("address", member.getAddress());
            json.writeNumberField("joined", member.getJoinedMs());
            json.writeNumberField("partitions", member.getPartitionIdsCount());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("partitions");
        for (GroupPartition partition : group.getPartitionsList()) {
            json.writeStartObject();
            fields(partition, json);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static void fields(GroupPartition partition, JsonGenerator json) throws IOException {
        json.writeStringField("topic", partition.getTopic());
        json.writeNumberField("partition", partition.getIndex());
        json.writeNumberField("position", partition.getPosition());
        json.writeNumberField("endOffset", partition.getEndOffset());
        json.writeNumberField("lagRecords", partition.getLagRecords());
        json.writeNumberField("lagMs", partition.getLagMs());
        if (partition.getCommittedMs() > 0) {
            json.writeNumberField("committed", partition.getCommittedMs());
        }
        if (partition.getProcessingP50Ms() >= 0) {
            json.writeNumberField("processingP50Ms", partition.getProcessingP50Ms());
            json.writeNumberField("processingP99Ms", partition.getProcessingP99Ms());
        }
        if (!partition.getMemberId().isEmpty()) {
            json.writeStringField("member", partition.getMemberId());
        }
    }

    private static long lagRecords(GroupDescription group) {
        return group.getPartitionsList().stream()
                .mapToLong(GroupPartition::getLagRecords)
                .sum();
    }

    private static long lagMs(GroupDescription group) {
        return group.getPartitionsList().stream()
                .mapToLong(GroupPartition::getLagMs)
                .max()
                .orElse(0);
    }
}
