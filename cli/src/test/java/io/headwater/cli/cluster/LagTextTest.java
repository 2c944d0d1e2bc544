package io.headwater.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.NodeLag;
import io.headwater.protocol.wire.ReplicaLag;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class LagTextTest {
    private static ClusterDescription cluster(ClusterLags.Builder lags) {
        return ClusterDescription.newBuilder().setLags(lags).build();
    }

    private static ClusterLags.Builder behind() {
        return ClusterLags.newBuilder()
                .setUnderReplicated(2)
                .addNodes(NodeLag.newBuilder().setNode(1).setEntries(3).setLargest(3))
                .addNodes(NodeLag.newBuilder()
                        .setNode(3)
                        .setUnderReplicated(2)
                        .setEntries(1500)
                        .setLargest(1200))
                .addWorst(ReplicaLag.newBuilder()
                        .setPartitionId(7)
                        .setTopic("orders")
                        .setIndex(4)
                        .setNode(3)
                        .setVotes(true)
                        .setEntries(1200)
                        .setBehindMs(14_000));
    }

    @Test
    void saysWhoIsBehindAndWhatIsUnknown() {
        assertEquals(
                "2 partitions UNDER-REPLICATED, at most 1,200 entries behind, node 3, UNKNOWN of what is led by 1,2",
                LagText.summary(cluster(behind().addUnknown(1).addUnknown(2))));
        assertEquals("none is behind", LagText.summary(cluster(ClusterLags.newBuilder())));
        assertEquals(
                "UNKNOWN of what is led by 2",
                LagText.summary(cluster(ClusterLags.newBuilder().addUnknown(2))));
        assertEquals(
                "the broker that answers does not tell how far they are behind",
                LagText.summary(ClusterDescription.getDefaultInstance()));
        assertEquals("1,500", LagText.of(3, cluster(behind())));
        assertEquals("-", LagText.of(2, cluster(behind())));
    }

    @Test
    void namesAScreenful() {
        List<String> lines = LagText.worst(behind().build());
        assertEquals(2, lines.size());
        assertEquals(
                List.of("orders:4", "3", "yes", "1,200", "14", "s"),
                List.of(lines.get(1).split(" +")));

        ClusterLags.Builder many = behind();
        for (int i = 0; i < 10; i++) {
            many.addWorst(ReplicaLag.newBuilder().setTopic("other").setIndex(i));
        }
        lines = LagText.worst(many.build());
        assertEquals(12, lines.size());
        assertFalse(lines.toString().contains("other:9"), lines::toString);
    }

    @Test
    void showsAllToPrograms() throws IOException {
        assertEquals(
                "{\"lags\":{\"underReplicated\":2,\"unknown\":[1],\"nodes\":["
                        + "{\"node\":1,\"underReplicated\":0,\"entries\":3,\"largest\":3},"
                        + "{\"node\":3,\"underReplicated\":2,\"entries\":1500,\"largest\":1200}],\"worst\":["
                        + "{\"topic\":\"orders\",\"partition\":4,\"id\":7,\"node\":3,\"votes\":true,\"entries\":1200,"
                        + "\"behindMs\":14000}]}}",
                json(cluster(behind().addUnknown(1))));
        assertEquals("{\"lags\":null}", json(ClusterDescription.getDefaultInstance()));
    }

    private static String json(ClusterDescription cluster) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            LagText.fields(cluster, json);
            json.writeEndObject();
        }
        return text.toString();
    }
}
