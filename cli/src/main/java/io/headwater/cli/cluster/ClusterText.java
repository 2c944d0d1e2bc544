package io.headwater.cli.cluster;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.Table;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterNode;
import io.headwater.protocol.wire.ClusterPartition;
import io.headwater.protocol.wire.Feature;
import io.headwater.protocol.wire.UnsafeRecovery;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** How a cluster is shown. */
final class ClusterText {
    /** More do not fit on a screen. */
    private static final int MOST_CONCERNS = 20;

    private static final int MOST_RECOVERIES = 5;

    private ClusterText() {}

    static List<String> lines(ClusterDescription cluster) {
        List<String> lines = new ArrayList<>();
        lines.add("cluster     " + cluster.getClusterId() + ": " + Human.count(cluster.getNodesCount(), "node") + ", "
                + Human.count(cluster.getTopics(), "topic") + ", "
                + Human.count(cluster.getPartitions(), "partition"));
        lines.add("controller  " + controller(cluster));
        lines.add(
                "known to    node " + cluster.getAnsweredBy() + ", up to metadata index " + cluster.getMetadataIndex());
        lines.add("partitions  " + health(cluster));
        lines.add("followers   " + LagText.summary(cluster));
        if (cluster.getFeaturesCount() > 0) {
            lines.add("features    " + features(cluster));
        }
        lines.add("");
        lines.addAll(nodes(cluster));
        if (cluster.getConcernsCount() > 0) {
            lines.add("");
            lines.addAll(concerns(cluster));
        }
        if (cluster.getLags().getWorstCount() > 0) {
            lines.add("");
            lines.addAll(LagText.worst(cluster.getLags()));
        }
        if (cluster.getRecoveriesCount() > 0) {
            lines.add("");
            lines.addAll(recoveries(cluster));
        }
        return lines;
    }

    private static String controller(ClusterDescription cluster) {
        String who = cluster.getController() == 0
                ? "nobody at this moment: no topics, groups or leaders change"
                : "node " + cluster.getController();
        return cluster.getMetadataVotersCount() == 0
                ? who
                : who + "; voters of the metadata: " + ids(cluster.getMetadataVotersList());
    }

    private static String health(ClusterDescription cluster) {
        if (cluster.getLeaderless() + cluster.getShortOfVoters() + cluster.getChanging() == 0) {
            return "each has a leader and all its voters";
        }
        List<String> parts = new ArrayList<>();
        if (cluster.getLeaderless() > 0) {
            parts.add(cluster.getLeaderless() + " WITHOUT LEADER");
        }
        if (cluster.getShortOfVoters() > 0) {
            parts.add(cluster.getShortOfVoters() + " short of voters");
        }
        if (cluster.getChanging() > 0) {
            parts.add(cluster.getChanging() + " changing voters");
        }
        return String.join(", ", parts);
    }

    private static String features(ClusterDescription cluster) {
        String levels = cluster.getFeaturesList().stream()
                .map(each -> each.getName() + " " + each.getLevel()
                        + (each.getPossible() > each.getLevel() ? " (could be " + each.getPossible() + ")" : ""))
                .collect(Collectors.joining(", "));
        boolean couldRise = cluster.getFeaturesList().stream().anyMatch(each -> each.getPossible() > each.getLevel());
        return couldRise ? levels + "; see headwater cluster upgrade" : levels;
    }

    private static List<String> nodes(ClusterDescription cluster) {
        Table table = new Table("NODE", "STATE", "CLIENTS", "PEERS", "RACK", "LEADS", "REPLICAS", "LAG");
        for (ClusterNode node : cluster.getNodesList()) {
            table.row(
                    Integer.toString(node.getNodeId()),
                    state(node),
                    node.getClientEndpoint(),
                    node.getPeerEndpoint(),
                    node.getRack(),
                    Human.count(node.getLeads()),
                    Human.count(node.getReplicas()),
                    LagText.of(node.getNodeId(), cluster));
        }
        return table.lines();
    }

    private static String state(ClusterNode node) {
        String life = node.getFenced() ? "fenced" : "live";
        return life + (node.getDraining() ? ", leaving" : "") + (node.getMetadataDiffer() ? ", METADATA DIFFER" : "");
    }

    private static List<String> concerns(ClusterDescription cluster) {
        Table table = new Table("PARTITION", "LEADER", "VOTERS", "LIVE", "NEXT VOTERS", "LEARNERS");
        cluster.getConcernsList().stream()
                .limit(MOST_CONCERNS)
                .forEach(each -> table.row(
                        each.getTopic() + ":" + each.getIndex(),
                        each.getLeader() == 0 ? "-" : Integer.toString(each.getLeader()),
                        ids(each.getVotersList()),
                        ids(each.getLiveVotersList()),
                        ids(each.getNextVotersList()),
                        ids(each.getLearnersList())));
        List<String> lines = new ArrayList<>(table.lines());
        if (cluster.getConcernsCount() > MOST_CONCERNS) {
            lines.add("and others; --format json shows "
                    + (cluster.getConcernsCount() < 1_000 ? "all of them" : "the first 1,000"));
        }
        return lines;
    }

    private static List<String> recoveries(ClusterDescription cluster) {
        List<UnsafeRecovery> all = cluster.getRecoveriesList();
        Table table = new Table("GIVEN UP AT", "PARTITION", "KEPT ON", "EPOCH", "BY", "REASON");
        all.subList(Math.max(0, all.size() - MOST_RECOVERIES), all.size())
                .forEach(each -> table.row(
                        Human.time(each.getAtMs()),
                        given(each),
                        "node " + each.getNode(),
                        Integer.toString(each.getEpoch()),
                        each.getOperator(),
                        each.getReason()));
        return table.lines();
    }

    private static String given(UnsafeRecovery recovery) {
        if (recovery.getMetadata()) {
            return "the metadata";
        }
        return recovery.getTopic().isEmpty()
                ? "id " + recovery.getPartitionId() + ", deleted"
                : recovery.getTopic() + ":" + recovery.getIndex();
    }

    static String ids(List<Integer> nodes) {
        return nodes.isEmpty() ? "-" : nodes.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    static void fields(ClusterDescription cluster, JsonGenerator json) throws IOException {
        json.writeStringField("cluster", cluster.getClusterId());
        json.writeNumberField("answeredBy", cluster.getAnsweredBy());
        json.writeNumberField("controller", cluster.getController());
        ids("metadataVoters", cluster.getMetadataVotersList(), json);
        json.writeNumberField("metadataIndex", cluster.getMetadataIndex());
        json.writeNumberField("topics", cluster.getTopics());
        json.writeNumberField("partitions", cluster.getPartitions());
        json.writeNumberField("leaderless", cluster.getLeaderless());
        json.writeNumberField("shortOfVoters", cluster.getShortOfVoters());
        json.writeNumberField("changing", cluster.getChanging());
        json.writeArrayFieldStart("features");
        for (Feature feature : cluster.getFeaturesList()) {
            json.writeStartObject();
            ClusterUpgrade.fields(feature, json);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("nodes");
        for (ClusterNode node : cluster.getNodesList()) {
            fields(node, json);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("concerns");
        for (ClusterPartition partition : cluster.getConcernsList()) {
            fields(partition, json);
        }
        json.writeEndArray();
        LagText.fields(cluster, json);
        json.writeArrayFieldStart("recoveries");
        for (UnsafeRecovery recovery : cluster.getRecoveriesList()) {
            fields(recovery, json);
        }
        json.writeEndArray();
    }

    private static void fields(ClusterNode node, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("node", node.getNodeId());
        json.writeStringField("clients", node.getClientEndpoint());
        json.writeStringField("peers", node.getPeerEndpoint());
        json.writeStringField("rack", node.getRack());
        json.writeStringField("directory", node.getDirectoryId());
        json.writeBooleanField("fenced", node.getFenced());
        json.writeBooleanField("leaving", node.getDraining());
        json.writeBooleanField("metadataDiffer", node.getMetadataDiffer());
        json.writeNumberField("leads", node.getLeads());
        json.writeNumberField("replicas", node.getReplicas());
        json.writeEndObject();
    }

    private static void fields(ClusterPartition partition, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("topic", partition.getTopic());
        json.writeNumberField("partition", partition.getIndex());
        json.writeNumberField("id", partition.getPartitionId());
        json.writeNumberField("epoch", partition.getEpoch());
        json.writeNumberField("leader", partition.getLeader());
        ids("voters", partition.getVotersList(), json);
        ids("liveVoters", partition.getLiveVotersList(), json);
        ids("nextVoters", partition.getNextVotersList(), json);
        ids("learners", partition.getLearnersList(), json);
        json.writeEndObject();
    }

    private static void fields(UnsafeRecovery recovery, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("at", recovery.getAtMs());
        json.writeNumberField("id", recovery.getPartitionId());
        json.writeBooleanField("metadata", recovery.getMetadata());
        json.writeStringField("topic", recovery.getTopic());
        json.writeNumberField("partition", recovery.getIndex());
        json.writeNumberField("epoch", recovery.getEpoch());
        json.writeNumberField("node", recovery.getNode());
        json.writeStringField("operator", recovery.getOperator());
        json.writeStringField("reason", recovery.getReason());
        json.writeEndObject();
    }

    static void ids(String name, List<Integer> nodes, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (int node : nodes) {
            json.writeNumber(node);
        }
        json.writeEndArray();
    }
}
