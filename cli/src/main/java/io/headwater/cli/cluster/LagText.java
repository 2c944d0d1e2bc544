package io.headwater.cli.cluster;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.Table;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterLags;
import io.headwater.protocol.wire.NodeLag;
import io.headwater.protocol.wire.ReplicaLag;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** How it is shown that followers are behind. */
final class LagText {
    /** More do not fit on a screen. */
    private static final int MOST = 10;

    private LagText() {}

    static String summary(ClusterDescription cluster) {
        if (!cluster.hasLags()) {
            return "the broker that answers does not tell how far they are behind";
        }
        ClusterLags lags = cluster.getLags();
        List<String> parts = new ArrayList<>();
        if (lags.getUnderReplicated() > 0) {
            parts.add(Human.count(lags.getUnderReplicated(), "partition") + " UNDER-REPLICATED");
        }
        Optional<NodeLag> worst = lags.getNodesList().stream().max(Comparator.comparingLong(NodeLag::getLargest));
        if (worst.isPresent() && worst.get().getLargest() > 0) {
            parts.add("at most " + entries(worst.get().getLargest()) + " behind, node "
                    + worst.get().getNode());
        } else if (lags.getUnknownCount() == 0) {
            parts.add("none is behind");
        }
        if (lags.getUnknownCount() > 0) {
            parts.add("UNKNOWN of what is led by " + ClusterText.ids(lags.getUnknownList()));
        }
        return String.join(", ", parts);
    }

    /** What all copies on a node lack together. */
    static String of(int node, ClusterDescription cluster) {
        return cluster.getLags().getNodesList().stream()
                .filter(lag -> lag.getNode() == node)
                .findFirst()
                .map(lag -> Human.count(lag.getEntries()))
                .orElse("-");
    }

    static List<String> worst(ClusterLags lags) {
        Table table = new Table("BEHIND", "NODE", "VOTES", "ENTRIES", "FOR");
        lags.getWorstList().stream()
                .limit(MOST)
                .forEach(lag -> table.row(
                        lag.getTopic() + ":" + lag.getIndex(),
                        Integer.toString(lag.getNode()),
                        lag.getVotes() ? "yes" : "no",
                        Human.count(lag.getEntries()),
                        Human.duration(lag.getBehindMs())));
        List<String> lines = new ArrayList<>(table.lines());
        if (lags.getWorstCount() > MOST) {
            lines.add("and others; --format json shows the 50 worst");
        }
        return lines;
    }

    private static String entries(long count) {
        return count == 1 ? "1 entry" : Human.count(count) + " entries";
    }

    static void fields(ClusterDescription cluster, JsonGenerator json) throws IOException {
        if (!cluster.hasLags()) {
            json.writeNullField("lags");
            return;
        }
        ClusterLags lags = cluster.getLags();
        json.writeObjectFieldStart("lags");
        json.writeNumberField("underReplicated", lags.getUnderReplicated());
        ClusterText.ids("unknown", lags.getUnknownList(), json);
        json.writeArrayFieldStart("nodes");
        for (NodeLag lag : lags.getNodesList()) {
            json.writeStartObject();
            json.writeNumberField("node", lag.getNode());
            json.writeNumberField("underReplicated", lag.getUnderReplicated());
            json.writeNumberField("entries", lag.getEntries());
            json.writeNumberField("largest", lag.getLargest());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("worst");
        for (ReplicaLag lag : lags.getWorstList()) {
            json.writeStartObject();
            json.writeStringField("topic", lag.getTopic());
            json.writeNumberField("partition", lag.getIndex());
            json.writeNumberField("id", lag.getPartitionId());
            json.writeNumberField("node", lag.getNode());
            json.writeBooleanField("votes", lag.getVotes());
            json.writeNumberField("entries", lag.getEntries());
            json.writeNumberField("behindMs", lag.getBehindMs());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
