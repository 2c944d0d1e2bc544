package io.headwater.cli.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.protocol.wire.FollowerLag;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicDescription;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class DescriptionTextTest {
    private static TopicDescription described(Partition... partitions) {
        TopicDescription.Builder description = TopicDescription.newBuilder()
                .setTopic(Topic.newBuilder().setName("orders").addAllPartitions(List.of(partitions)));
        for (Partition partition : partitions) {
            description.addPartitions(PartitionDescription.newBuilder()
                    .setIndex(partition.getIndex())
                    .setState("online"));
        }
        return description.build();
    }

    private static final TopicDescription REPLICATED = described(
            Partition.newBuilder()
                    .setIndex(0)
                    .setLeader(2)
                    .setEpoch(5)
                    .addAllVoters(List.of(1, 2, 3))
                    .build(),
            Partition.newBuilder()
                    .setIndex(1)
                    .setEpoch(7)
                    .addAllVoters(List.of(3, 1, 2))
                    .build());

    private static String cells(String line) {
        return line.replaceAll(" +", " ").strip();
    }

    @Test
    void showsLeadersAndVotersWhereThereAreSome() {
        List<String> lines = DescriptionText.lines(REPLICATED, List.of());
        assertTrue(lines.get(0).contains("2 partitions on 3 brokers each"), lines.get(0));
        int rows = lines.size();
        assertTrue(cells(lines.get(rows - 3)).startsWith("PARTITION LEADER VOTERS LAG RECORDS"), lines.toString());
        assertTrue(cells(lines.get(rows - 2)).startsWith("0 2 1,2,3 - "), lines.toString());
        assertTrue(cells(lines.get(rows - 1)).startsWith("1 none 3,1,2 - "), lines.toString());
    }

    private static TopicDescription lagging(long first, long second) {
        TopicDescription.Builder description = REPLICATED.toBuilder();
        description
                .getPartitionsBuilder(0)
                .addFollowers(FollowerLag.newBuilder().setNode(1).setEntries(first))
                .addFollowers(FollowerLag.newBuilder().setNode(3).setEntries(second));
        return description.build();
    }

    private static String firstRow(TopicDescription description) {
        List<String> lines = DescriptionText.lines(description, List.of());
        return cells(lines.get(lines.size() - 2));
    }

    @Test
    void showsWhoIsBehindItsLeader() {
        assertTrue(firstRow(lagging(0, 0)).startsWith("0 2 1,2,3 0 "), firstRow(lagging(0, 0)));
        assertTrue(firstRow(lagging(0, 12)).startsWith("0 2 1,2,3 3: 12 "), firstRow(lagging(0, 12)));
        assertTrue(firstRow(lagging(7, 12)).startsWith("0 2 1,2,3 1: 7, 3: 12 "), firstRow(lagging(7, 12)));
    }

    @Test
    void showsNoneOfASingleBroker() {
        List<String> lines =
                DescriptionText.lines(described(Partition.newBuilder().build()), List.of());
        assertFalse(lines.toString().contains("LEADER"), lines.toString());
        assertFalse(lines.get(0).contains("brokers"), lines.get(0));
    }

    @Test
    void tellsThemToPrograms() throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            DescriptionText.fields(lagging(0, 12), List.of(), json);
            json.writeEndObject();
        }
        assertTrue(text.toString().contains("\"replicas\":3"), text.toString());
        assertTrue(
                text.toString().contains("\"leader\":2,\"epoch\":5,\"recoveredEpoch\":0,\"voters\":[1,2,3]"),
                text.toString());
        assertTrue(
                text.toString().contains("\"leader\":0,\"epoch\":7,\"recoveredEpoch\":0,\"voters\":[3,1,2]"),
                text.toString());
        String lags = "\"followers\":[{\"node\":1,\"lagEntries\":0},{\"node\":3,\"lagEntries\":12}]";
        assertTrue(text.toString().contains(lags), text.toString());
        assertEquals(2, text.toString().split("\"voters\"", -1).length - 1);
    }
}
