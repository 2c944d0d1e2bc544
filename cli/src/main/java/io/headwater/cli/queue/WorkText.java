package io.headwater.cli.queue;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.Table;
import io.headwater.client.QueueAdmin.Consumer;
import io.headwater.client.QueueAdmin.DeadLetters;
import io.headwater.client.QueueAdmin.Description;
import io.headwater.client.QueueAdmin.PartitionStatus;
import io.headwater.client.QueueAdmin.Returns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/** How much work a group has, who does it and how it goes: as tables for people and as JSON for programs. */
final class WorkText {
    private WorkText() {}

    static List<String> lines(Description group) {
        List<String> lines = new ArrayList<>();
        lines.add(QueueText.summary(group.group()));
        lines.add("made " + Human.time(group.group().createdMs()));
        lines.add("");
        lines.addAll(work(group));
        for (PartitionStatus partition : group.partitions()) {
            DeadLetters letters = partition.deadLetters();
            if (!letters.movingTo().isEmpty()) {
                lines.add(
                        "partition " + partition.partition() + ": an operator moves records to " + letters.movingTo());
            }
            if (!letters.problem().isEmpty()) {
                String what = letters.movingTo().isEmpty() ? "dead record" : "record";
                lines.add("partition " + partition.partition() + ": " + Human.count(partition.moving(), what)
                        + " cannot be moved since " + Human.time(letters.problemSinceMs()) + ": " + letters.problem());
            }
        }
        lines.add("");
        lines.add("since the broker started:");
        lines.addAll(flow(group));
        lines.add("");
        if (consumers(group) == 0) {
            lines.add("no consumer is connected");
        } else {
            lines.addAll(consumersTable(group));
        }
        return lines;
    }

    private static List<String> work(Description group) {
        Table table = new Table("PARTITION", "READY", "WAITING", "LEASED", "DEAD", "OLDEST READY", "OFFSETS", "STATE");
        for (PartitionStatus partition : group.partitions()) {
            table.row(
                    Integer.toString(partition.partition()),
                    Human.count(partition.ready()),
                    Human.count(partition.waiting()),
                    Human.count(partition.leased()),
                    Human.count(partition.dead()),
                    ago(partition.oldestReadyMs()),
                    partition.floor() + ".." + partition.endOffset(),
                    partition.state()
                            + (partition.paused() ? ", paused" : "")
                            + (partition.suspects() == 0 ? "" : ", " + Human.count(partition.suspects(), "suspect"))
                            + (partition.moving() == 0 ? "" : ", " + Human.count(partition.moving()) + " moving"));
        }
        return table.lines();
    }

    private static List<String> flow(Description group) {
        Table table = new Table(
                "PARTITION",
                "DELIVERED",
                "ACKED",
                "RELEASED",
                "FAILED",
                "REJECTED",
                "EXPIRED",
                "LOST",
                "IN QUEUE P50/P99",
                "PROCESSING P50/P99");
        for (PartitionStatus partition : group.partitions()) {
            Returns returned = partition.returned();
            table.row(
                    Integer.toString(partition.partition()),
                    Human.count(partition.delivered()),
                    Human.count(partition.acked()),
                    Human.count(returned.released()),
                    Human.count(returned.failed()),
                    Human.count(returned.rejected()),
                    Human.count(returned.expired()),
                    Human.count(returned.lost()),
                    percentiles(partition.timeInQueueP50Ms(), partition.timeInQueueP99Ms()),
                    percentiles(partition.processingP50Ms(), partition.processingP99Ms()));
        }
        return table.lines();
    }

    private static List<String> consumersTable(Description group) {
        Table table = new Table("CONSUMER", "ADDRESS", "PARTITION", "LEASED", "CREDIT");
        for (PartitionStatus partition : group.partitions()) {
            for (Consumer consumer : partition.consumers()) {
                table.row(
                        consumer.name(),
                        consumer.address(),
                        Integer.toString(partition.partition()),
                        consumer.detached() ? "-" : Human.count(consumer.leased()),
                        Human.count(consumer.creditRecords()));
            }
        }
        return table.lines();
    }

    /** {@code partition 0: 3 ready, 1 waiting, 0 leased, 2 dead; 1 consumer}. */
    static String inWords(PartitionStatus partition) {
        return "partition " + partition.partition() + ": " + Human.count(partition.ready()) + " ready, "
                + Human.count(partition.waiting()) + " waiting, " + Human.count(partition.leased()) + " leased, "
                + Human.count(partition.dead()) + " dead" + moving(partition) + "; "
                + Human.count(partition.consumers().size(), "consumer")
                + (partition.paused() ? "; paused" : "")
                + (partition.state().equals("online") ? "" : "; " + partition.state());
    }

    private static String moving(PartitionStatus partition) {
        return partition.moving() == 0 ? "" : ", " + Human.count(partition.moving()) + " moving";
    }

    private static String ago(long ms) {
        return ms < 0 ? "-" : Human.duration(ms);
    }

    private static String percentiles(long p50, long p99) {
        return p50 < 0 ? "-" : Human.duration(p50) + " / " + Human.duration(p99);
    }

    static void fields(Description group, JsonGenerator json) throws IOException {
        QueueText.fields(group.group(), json);
        totals(group, json);
        json.writeArrayFieldStart("partitions");
        for (PartitionStatus partition : group.partitions()) {
            json.writeStartObject();
            fields(partition, json);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static void fields(PartitionStatus partition, JsonGenerator json) throws IOException {
        json.writeNumberField("partition", partition.partition());
        json.writeStringField("state", partition.state());
        json.writeBooleanField("paused", partition.paused());
        json.writeNumberField("ready", partition.ready());
        json.writeNumberField("waiting", partition.waiting());
        json.writeNumberField("leased", partition.leased());
        json.writeNumberField("dead", partition.dead());
        json.writeNumberField("moving", partition.moving());
        json.writeNumberField("moved", partition.deadLetters().moved());
        if (!partition.deadLetters().movingTo().isEmpty()) {
            json.writeStringField("movingTo", partition.deadLetters().movingTo());
        }
        if (!partition.deadLetters().problem().isEmpty()) {
            json.writeStringField("movingProblem", partition.deadLetters().problem());
            json.writeNumberField("movingProblemSince", partition.deadLetters().problemSinceMs());
        }
        json.writeNumberField("suspects", partition.suspects());
        json.writeNumberField("doneBelow", partition.floor());
        json.writeNumberField("endOffset", partition.endOffset());
        measured(json, "oldestReadyMs", partition.oldestReadyMs());
        json.writeNumberField("delivered", partition.delivered());
        json.writeNumberField("acked", partition.acked());
        Returns returned = partition.returned();
        json.writeObjectFieldStart("returned");
        json.writeNumberField("released", returned.released());
        json.writeNumberField("failed", returned.failed());
        json.writeNumberField("rejected", returned.rejected());
        json.writeNumberField("expired", returned.expired());
        json.writeNumberField("lost", returned.lost());
        json.writeEndObject();
        measured(json, "timeInQueueP50Ms", partition.timeInQueueP50Ms());
        measured(json, "timeInQueueP99Ms", partition.timeInQueueP99Ms());
        measured(json, "processingP50Ms", partition.processingP50Ms());
        measured(json, "processingP99Ms", partition.processingP99Ms());
        json.writeNumberField("heapBytes", partition.heapBytes());
        json.writeArrayFieldStart("consumers");
        for (Consumer consumer : partition.consumers()) {
            json.writeStartObject();
            json.writeStringField("consumer", consumer.name());
            json.writeStringField("address", consumer.address());
            json.writeBooleanField("detached", consumer.detached());
            if (!consumer.detached()) {
                json.writeNumberField("leased", consumer.leased());
            }
            json.writeNumberField("creditRecords", consumer.creditRecords());
            json.writeNumberField("creditBytes", consumer.creditBytes());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** Leaves out what there was nothing to measure of. */
    private static void measured(JsonGenerator json, String name, long ms) throws IOException {
        if (ms >= 0) {
            json.writeNumberField(name, ms);
        }
    }

    static void totals(Description group, JsonGenerator json) throws IOException {
        json.writeNumberField("ready", sum(group, PartitionStatus::ready));
        json.writeNumberField("waiting", sum(group, PartitionStatus::waiting));
        json.writeNumberField("leased", sum(group, PartitionStatus::leased));
        json.writeNumberField("dead", sum(group, PartitionStatus::dead));
        json.writeNumberField("moving", sum(group, PartitionStatus::moving));
        measured(json, "oldestReadyMs", oldestReadyMs(group));
        json.writeNumberField("consumers", consumers(group));
    }

    /** A row for the list of groups. */
    static String[] totals(Description group) {
        return new String[] {
            group.group().topic(),
            group.group().name(),
            QueueText.kind(group.group()),
            Human.count(sum(group, PartitionStatus::ready)),
            Human.count(sum(group, PartitionStatus::waiting)),
            Human.count(sum(group, PartitionStatus::leased)),
            Human.count(sum(group, PartitionStatus::dead)),
            ago(oldestReadyMs(group)),
            Human.count(consumers(group))
        };
    }

    static long sum(Description group, ToLongFunction<PartitionStatus> field) {
        return group.partitions().stream().mapToLong(field).sum();
    }

    private static long oldestReadyMs(Description group) {
        return group.partitions().stream()
                .mapToLong(PartitionStatus::oldestReadyMs)
                .max()
                .orElse(-1);
    }

    /** A consumer has a place in every partition: it counts once. */
    private static int consumers(Description group) {
        Set<String> all = new HashSet<>();
        group.partitions()
                .forEach(partition ->
                        partition.consumers().forEach(consumer -> all.add(consumer.address() + " " + consumer.name())));
        return all.size();
    }
}
