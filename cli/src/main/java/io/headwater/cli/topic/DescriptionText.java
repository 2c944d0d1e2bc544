package io.headwater.cli.topic;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.Table;
import io.headwater.client.QueueAdmin;
import io.headwater.protocol.wire.FollowerLag;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicDescription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A topic's partitions as a table for people and as JSON for programs. */
final class DescriptionText {
    private static final int BAR_CELLS = 10;
    private static final int HOT_FACTOR = 2;

    private DescriptionText() {}

    static List<String> lines(TopicDescription description, List<QueueAdmin.Group> queues) {
        Topic topic = description.getTopic();
        List<PartitionDescription> partitions = description.getPartitionsList();
        long records = partitions.stream().mapToLong(DescriptionText::records).sum();
        long bytes =
                partitions.stream().mapToLong(PartitionDescription::getBytes).sum();
        double rate = partitions.stream()
                .mapToDouble(PartitionDescription::getRecordsPerSecond)
                .sum();
        List<String> lines = new ArrayList<>();
        lines.add("topic " + topic.getName() + ": " + TopicText.summary(topic));
        lines.add(Human.count(records, "record") + ", " + Human.bytes(bytes) + " on disk, " + Human.perSecond(rate)
                + " over the last minute, made " + Human.time(topic.getCreatedMs()));
        if (!queues.isEmpty()) {
            lines.add(queues.stream()
                    .map(queue -> queue.name() + (queue.settings().keyed() ? " (keyed)" : ""))
                    .collect(Collectors.joining(", ", "queue groups: ", "")));
        }
        lines.add("");
        boolean isReplicated = topic.getPartitionsList().stream().anyMatch(partition -> partition.getVotersCount() > 0);
        List<String> head = new ArrayList<>(List.of(
                "PARTITION",
                "RECORDS",
                "OFFSETS",
                "SIZE",
                "SEGMENTS",
                "RATE",
                "SHARE",
                "EVENT TIMES",
                "DELAY P50/P99",
                "STATE"));
        if (isReplicated) {
            head.addAll(1, List.of("LEADER", "VOTERS", "LAG"));
        }
        Table table = new Table(head.toArray(String[]::new));
        for (PartitionDescription partition : partitions) {
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(partition.getIndex()),
                    Human.count(records(partition)),
                    partition.getStartOffset() + ".." + partition.getEndOffset(),
                    Human.bytes(partition.getBytes()),
                    Integer.toString(partition.getSegments()),
                    Human.perSecond(partition.getRecordsPerSecond()),
                    share(partition, partitions.size()),
                    eventTimes(partition),
                    delay(partition),
                    partition.getState()));
            if (isReplicated) {
                row.addAll(1, replicas(topic, partition));
            }
            table.row(row.toArray(String[]::new));
        }
        lines.addAll(table.lines());
        topic.getPartitionsList().stream()
                .filter(partition -> partition.getRecoveredEpoch() > 0)
                .forEach(partition ->
                        lines.add("partition " + partition.getIndex() + " was recovered with possible loss in epoch "
                                + partition.getRecoveredEpoch()
                                + ": records acknowledged before may be missing; headwater cluster status says why"));
        return lines;
    }

    /** Leader, voters and who of the others is behind, by the numbers of their brokers. */
    private static List<String> replicas(Topic topic, PartitionDescription described) {
        Partition partition = topic.getPartitions(described.getIndex());
        return List.of(
                partition.getLeader() == 0 ? "none" : Integer.toString(partition.getLeader()),
                partition.getVotersList().stream().map(String::valueOf).collect(Collectors.joining(",")),
                lag(described));
    }

    private static String lag(PartitionDescription described) {
        if (described.getFollowersCount() == 0) {
            return "-";
        }
        String behind = described.getFollowersList().stream()
                .filter(follower -> follower.getEntries() > 0)
                .map(follower -> follower.getNode() + ": " + Human.count(follower.getEntries()))
                .collect(Collectors.joining(", "));
        return behind.isEmpty() ? "0" : behind;
    }

    static void fields(TopicDescription description, List<QueueAdmin.Group> queues, JsonGenerator json)
            throws IOException {
        List<PartitionDescription> partitions = description.getPartitionsList();
        TopicText.fields(description.getTopic(), json);
        json.writeNumberField(
                "records",
                partitions.stream().mapToLong(DescriptionText::records).sum());
        json.writeNumberField(
                "bytes",
                partitions.stream().mapToLong(PartitionDescription::getBytes).sum());
        json.writeArrayFieldStart("queueGroups");
        for (QueueAdmin.Group queue : queues) {
            json.writeString(queue.name());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("partitionDetails");
        for (PartitionDescription partition : partitions) {
            json.writeStartObject();
            fields(partition, partitions.size(), json);
            replicas(description.getTopic(), partition.getIndex(), json);
            followers(partition, json);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void replicas(Topic topic, int index, JsonGenerator json) throws IOException {
        Partition partition = topic.getPartitions(index);
        json.writeNumberField("leader", partition.getLeader());
        json.writeNumberField("epoch", partition.getEpoch());
        json.writeNumberField("recoveredEpoch", partition.getRecoveredEpoch());
        json.writeArrayFieldStart("voters");
        for (int voter : partition.getVotersList()) {
            json.writeNumber(voter);
        }
        json.writeEndArray();
    }

    private static void followers(PartitionDescription partition, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("followers");
        for (FollowerLag follower : partition.getFollowersList()) {
            json.writeStartObject();
            json.writeNumberField("node", follower.getNode());
            json.writeNumberField("lagEntries", follower.getEntries());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void fields(PartitionDescription partition, int partitions, JsonGenerator json) throws IOException {
        json.writeNumberField("partition", partition.getIndex());
        json.writeNumberField("startOffset", partition.getStartOffset());
        json.writeNumberField("endOffset", partition.getEndOffset());
        json.writeNumberField("records", records(partition));
        json.writeNumberField("bytes", partition.getBytes());
        json.writeNumberField("segments", partition.getSegments());
        json.writeNumberField("recordsPerSecond", partition.getRecordsPerSecond());
        json.writeNumberField("bytesPerSecond", partition.getBytesPerSecond());
        json.writeNumberField("share", partition.getShare());
        json.writeBooleanField("hot", isHot(partition, partitions));
        if (records(partition) > 0) {
            json.writeNumberField("minEventTime", partition.getMinEventTimeMs());
            json.writeNumberField("maxEventTime", partition.getMaxEventTimeMs());
            json.writeNumberField("lastIngestionTime", partition.getLastIngestionTimeMs());
        }
        if (partition.getDelayP50Ms() >= 0) {
            json.writeNumberField("delayP50Ms", partition.getDelayP50Ms());
            json.writeNumberField("delayP99Ms", partition.getDelayP99Ms());
        }
        json.writeStringField("state", partition.getState());
    }

    private static long records(PartitionDescription partition) {
        return partition.getEndOffset() - partition.getStartOffset();
    }

    private static boolean isHot(PartitionDescription partition, int partitions) {
        return partitions > 1 && partition.getShare() * partitions >= HOT_FACTOR;
    }

    private static String share(PartitionDescription partition, int partitions) {
        int filled = (int) Math.round(Math.max(0, Math.min(1, partition.getShare())) * BAR_CELLS);
        return "#".repeat(filled)
                + ".".repeat(BAR_CELLS - filled)
                + String.format(Locale.ROOT, " %3.0f%%", partition.getShare() * 100)
                + (isHot(partition, partitions) ? " HOT" : "");
    }

    private static String eventTimes(PartitionDescription partition) {
        return records(partition) == 0
                ? "-"
                : Human.time(partition.getMinEventTimeMs()) + " to " + Human.time(partition.getMaxEventTimeMs());
    }

    private static String delay(PartitionDescription partition) {
        return partition.getDelayP50Ms() < 0
                ? "-"
                : Human.duration(partition.getDelayP50Ms()) + " / " + Human.duration(partition.getDelayP99Ms());
    }
}
